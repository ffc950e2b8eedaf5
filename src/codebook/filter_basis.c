#include "codebook/filter.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "codebook/filter_parts.h"
#include "tensor/eigen.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Rounds of the subspace iteration, and centroids that it looks at. */
enum { ROUNDS = 3, MOST_CENTROIDS = 4096 };

typedef struct subspace {
    int64_t n, d, m; /* directions, values, centroids */
    float *c, *t;    /* (m, d) centred centroids; (d, m) the same, transposed */
    panel *columns;  /* of t */
    float *v;        /* (n, d) directions */
    float *y, *yt;   /* (m, n), (n, m) */
    double *exact;   /* (n, d) */
} subspace;

FILTER_VARIANTS static double dot(const double *a, const double *b, int64_t d)
{
    double sum[8] = {0};
    int64_t w = 0;
    for (; w + 8 <= d; w += 8)
        for (int l = 0; l < 8; l++) sum[l] += a[w + l] * b[w + l];
    for (; w < d; w++) sum[0] += a[w] * b[w];
    for (int l = 1; l < 8; l++) sum[0] += sum[l];
    return sum[0];
}

FILTER_VARIANTS static void add_times(double *a, double factor, const double *b, int64_t d)
{
    for (int64_t w = 0; w < d; w++) a[w] += factor * b[w];
}

FILTER_VARIANTS static void add_floats(double *sum, const float *x, int64_t d)
{
    for (int64_t w = 0; w < d; w++) sum[w] += x[w];
}

static void random_row(double *row, int64_t d, uint64_t key)
{
    for (int64_t w = 0; w < d; w++) row[w] = rng_uniform(17, key, (uint64_t)w) - 0.5;
}

/* Rows of s->v to orthonormal ones, Gram-Schmidt twice; a row that vanishes starts again from random numbers. */
static void orthonormalise(subspace *s)
{
    int64_t d = s->d;
    for (int64_t i = 0; i < s->n; i++) {
        double *row = s->exact + i * d;
        for (int64_t w = 0; w < d; w++) row[w] = s->v[i * d + w];
        for (int attempt = 0;; attempt++) {
            double before = sqrt(dot(row, row, d));
            for (int pass = 0; pass < 2; pass++)
                for (int64_t j = 0; j < i; j++) {
                    const double *other = s->exact + j * d;
                    add_times(row, -dot(row, other, d), other, d);
                }
            double length = sqrt(dot(row, row, d));
            if (length > 1e-6 * before && length > 0) {
                for (int64_t w = 0; w < d; w++) row[w] /= length;
                break;
            }
            random_row(row, d, (uint64_t)(i + s->n * (attempt + 1)));
        }
        for (int64_t w = 0; w < d; w++) s->v[i * d + w] = (float)row[w];
    }
}

/* y (m, n) = centroids times directions. */
static int project(subspace *s)
{
    int rc = OK;
    panel *rows = NULL;
    TRY(panel_create(&rows, s->v, s->n, s->d));
    panel_multiply(rows, s->c, s->m, s->y);
done:
    panel_free(&rows);
    return rc;
}

static int round_once(subspace *s)
{
    int rc = OK;
    TRY(project(s));
    for (int64_t j = 0; j < s->m; j++)
        for (int64_t i = 0; i < s->n; i++) s->yt[i * s->m + j] = s->y[j * s->n + i];
    panel_multiply(s->columns, s->yt, s->n, s->v);
    orthonormalise(s);
done:
    return rc;
}

/* Turn the directions so that the first have the most energy (Rayleigh-Ritz). */
static int sort_by_energy(subspace *s, float *basis, double *energy)
{
    int rc = OK;
    int64_t n = s->n;
    double *y = NULL, *gram = NULL, *vectors = NULL, total = 0;
    TRY(MEM_ALLOC(y, (size_t)(s->m * n)));
    TRY(MEM_ALLOC(gram, (size_t)(n * n)));
    TRY(MEM_ALLOC(vectors, (size_t)(n * n)));
    TRY(project(s));
    for (int64_t i = 0; i < s->m * n; i++) y[i] = s->y[i];
    TRY(eigen_add_products(y, s->m, n, gram));
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < i; j++) gram[i * n + j] = gram[j * n + i];
    TRY(eigen_symmetric(gram, n, energy, vectors));
    for (int64_t i = 0; i < n; i++) {
        double *row = s->exact; /* one at a time: s->v has the directions too */
        memset(row, 0, (size_t)s->d * sizeof *row);
        for (int64_t j = 0; j < n; j++)
            for (int64_t w = 0; w < s->d; w++) row[w] += vectors[i * n + j] * (double)s->v[j * s->d + w];
        double length = sqrt(dot(row, row, s->d));
        for (int64_t w = 0; w < s->d; w++) basis[i * s->d + w] = (float)(row[w] / length);
    }
    for (int64_t i = 0; i < s->m * s->d; i++) total += (double)s->c[i] * s->c[i];
    for (int64_t i = 0; i < n; i++) energy[i] = total > 0 ? energy[i] / total : 0;
done:
    mem_free(&y);
    mem_free(&gram);
    mem_free(&vectors);
    return rc;
}

int filter_basis(const float *centroids, int64_t k, int64_t d, const float *centre, int64_t n, float *basis,
                 double *energy)
{
    int rc = OK;
    subspace s = {.n = n, .d = d, .m = k < MOST_CENTROIDS ? k : MOST_CENTROIDS};
    if (n < 1 || n > d) FAIL(ERR_INVALID, "%lld directions of %lld values", (long long)n, (long long)d);
    TRY(MEM_ALLOC(s.c, (size_t)(s.m * d)));
    TRY(MEM_ALLOC(s.t, (size_t)(s.m * d)));
    TRY(MEM_ALLOC(s.v, (size_t)(n * d)));
    TRY(MEM_ALLOC(s.y, (size_t)(s.m * n)));
    TRY(MEM_ALLOC(s.yt, (size_t)(s.m * n)));
    TRY(MEM_ALLOC(s.exact, (size_t)(n * d)));
    for (int64_t j = 0; j < s.m; j++)
        for (int64_t w = 0; w < d; w++) s.t[w * s.m + j] = s.c[j * d + w] = centroids[j * k / s.m * d + w] - centre[w];
    TRY(panel_create(&s.columns, s.t, d, s.m));
    for (int64_t i = 0; i < n; i++) {
        random_row(s.exact, d, (uint64_t)i);
        for (int64_t w = 0; w < d; w++) s.v[i * d + w] = (float)s.exact[w];
    }
    orthonormalise(&s);
    for (int round = 0; round < ROUNDS; round++) TRY(round_once(&s));
    TRY(sort_by_energy(&s, basis, energy));
done:
    mem_free(&s.c);
    mem_free(&s.t);
    mem_free(&s.v);
    mem_free(&s.y);
    mem_free(&s.yt);
    mem_free(&s.exact);
    panel_free(&s.columns);
    return rc;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Median of the squared distances of the centroids to `from`. */
static double median_distance(const float *centroids, int64_t k, int64_t d, const float *from, double *distances)
{
    const distance_kernel *kernel = distance_kernel_best();
    for (int64_t j = 0; j < k; j++) distances[j] = kernel->floats(centroids + j * d, from, d);
    qsort(distances, (size_t)k, sizeof *distances, ascending);
    return distances[k / 2];
}

int filter_find_centre(const float *centroids, int64_t k, int64_t d, float *centre)
{
    int rc = OK;
    double *sum = NULL, *distances = NULL;
    float *zero = NULL;
    TRY(MEM_ALLOC(sum, (size_t)d));
    TRY(MEM_ALLOC(distances, (size_t)k));
    TRY(MEM_ALLOC(zero, (size_t)d));
    for (int64_t j = 0; j < k; j++) add_floats(sum, centroids + j * d, d);
    for (int64_t w = 0; w < d; w++) centre[w] = (float)(sum[w] / (double)k);
    if (median_distance(centroids, k, d, zero, distances) < median_distance(centroids, k, d, centre, distances))
        memset(centre, 0, (size_t)d * sizeof *centre);
done:
    mem_free(&sum);
    mem_free(&distances);
    mem_free(&zero);
    return rc;
}
