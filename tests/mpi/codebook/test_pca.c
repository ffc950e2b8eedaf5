/* Principal components on the ranks of this job against one rank alone, and against the covariance in plain arithmetic.
 */
#include "training_set.h"

#include "base/memory.h"
#include "base/status.h"
#include "tensor/half.h"

#include <math.h>
#include <string.h>

enum { MAX_D = 80 };

typedef struct result {
    double mean[MAX_D], variances[MAX_D];
    float components[MAX_D * MAX_D];
} result;

static int run(par *p, const training_set *s, int64_t n, int (*stop)(void *user), result *out)
{
    kmeans_data data = training_share(s, p);
    memset(out, 0, sizeof *out);
    return pca_fit(p, &data, n, stop, NULL, out->mean, out->components, out->variances);
}

static double *covariance_of(par *p, const training_set *s, double *mean)
{
    double *c = NULL;
    float *x = NULL;
    uint16_t half[MAX_D];
    int64_t n = s->n, d = s->d;
    CHECK(p, MEM_ALLOC(c, (size_t)(d * d)) == OK && MEM_ALLOC(x, (size_t)(n * d)) == OK);
    for (int64_t w = 0; w < d; w++) mean[w] = 0;
    for (int64_t i = 0; i < n; i++) {
        training_vector(s, i, half);
        half_to_floats(half, (size_t)d, x + i * d);
        for (int64_t w = 0; w < d; w++) mean[w] += x[i * d + w] / (double)n;
    }
    for (int64_t a = 0; a < d; a++)
        for (int64_t b = 0; b < d; b++)
            for (int64_t i = 0; i < n; i++)
                c[a * d + b] += (x[i * d + a] - mean[a]) * (x[i * d + b] - mean[b]) / (double)n;
    mem_free(&x);
    return c;
}

/* C v = lambda v, orthonormal rows, descending values that add up to the trace. */
static void check_components(par *p, const training_set *s, const result *r)
{
    int64_t d = s->d;
    double mean[MAX_D], *c = covariance_of(p, s, mean), trace = 0, sum = 0, largest = 0;
    for (int64_t a = 0; a < d; a++) trace += c[a * d + a], largest = fmax(largest, fabs(mean[a]));
    for (int64_t a = 0; a < d; a++) {
        const float *v = r->components + a * d;
        CHECK(p, fabs(mean[a] - r->mean[a]) <= 1e-13 * (double)s->n * (largest + 1e-300));
        CHECK(p, a == 0 || r->variances[a] <= r->variances[a - 1]);
        sum += r->variances[a];
        for (int64_t b = 0; b < d; b++) {
            double product = 0, angle = 0;
            for (int64_t w = 0; w < d; w++) {
                product += c[b * d + w] * v[w];
                angle += (double)v[w] * r->components[b * d + w];
            }
            CHECK(p, fabs(product - r->variances[a] * v[b]) <= 2e-6 * trace);
            CHECK(p, fabs(angle - (a == b)) < 1e-6);
        }
    }
    CHECK(p, fabs(sum - trace) <= 1e-6 * trace);
    mem_free(&c);
}

static void any_number_of_ranks_gives_the_components(par *all)
{
    static const training_set sets[] = {
        {TRAINING_BLOBS, 1500, 39, -1}, {TRAINING_CLOUD, 5000, 5, -1},   {TRAINING_CLOUD, 200, 1, -1},
        {TRAINING_OFFSET, 900, 80, -1}, {TRAINING_CONSTANT, 600, 9, -1}, {TRAINING_WIDE, 800, 13, -1},
        {TRAINING_ZERO, 100, 4, -1},    {TRAINING_CLOUD, 1, 7, -1},      {TRAINING_CLOUD, 150000, 2, -1},
    };
    par self = training_alone(all);
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        static result together, alone, few;
        int64_t d = sets[i].d, n = (d + 1) / 2;
        CHECK(all, run(all, &sets[i], d, NULL, &together) == OK);
        CHECK(all, run(&self, &sets[i], d, NULL, &alone) == OK);
        CHECK(all, memcmp(&together, &alone, sizeof alone) == 0);
        check_components(all, &sets[i], &together);
        CHECK(all, run(all, &sets[i], n, NULL, &few) == OK);
        CHECK(all, memcmp(few.components, together.components, (size_t)(n * d) * sizeof *few.components) == 0);
        CHECK(all, memcmp(few.variances, together.variances, (size_t)n * sizeof *few.variances) == 0);
        CHECK(all, few.components[n * d] == 0);
    }
}

static int always(void *user)
{
    (void)user;
    return 1;
}

static void what_has_no_components_is_refused(par *all)
{
    static result r;
    training_set s = {TRAINING_CLOUD, 700, 5, 600};
    CHECK(all, run(all, &s, 5, NULL, &r) == ERR_INVALID);
    CHECK(all, strstr(status_message(), "vector 600") != NULL);
    s.bad = -1;
    CHECK(all, run(all, &s, 6, NULL, &r) == ERR_INVALID);
    CHECK(all, run(all, &s, 0, NULL, &r) == ERR_INVALID);
    CHECK(all, run(all, &s, 2, all->rank == all->size - 1 ? always : NULL, &r) == ERR_STOPPED);
    s.n = 0;
    CHECK(all, run(all, &s, 2, NULL, &r) == ERR_INVALID);
}

int main(int argc, char **argv)
{
    par all;
    par_start(&all, &argc, &argv);
    any_number_of_ranks_gives_the_components(&all);
    what_has_no_components_is_refused(&all);
    return par_finish(&all, 0);
}
