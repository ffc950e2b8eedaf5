/* The seeds of k-means against greedy k-means++ in plain fp64. The draws fall where they should unless one comes within
 * rounding of a boundary, which none of these does. */
#include "training_set.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "codebook/kmeans_rows.h"
#include "tensor/half.h"

#include <math.h>
#include <string.h>

enum { MAX_D = 40 };

typedef struct plain_sample {
    int64_t n, d;
    float *x;        /* (n, d) */
    double *nearest; /* (n) squared distance to the seeds so far */
    double *after;   /* (n) the same, were the latest trial a seed */
} plain_sample;

/* The `wanted` training vectors of lowest hash, in ascending order of their numbers. */
static void plain_subsample(par *p, const training_set *s, const kmeans_options *o, int64_t wanted, plain_sample *out)
{
    kmeans_rows rows = {.seed = (uint64_t)o->seed, .held_out = o->held_out};
    uint16_t half[MAX_D];
    CHECK(p, MEM_ALLOC(out->x, (size_t)(wanted * s->d)) == OK && MEM_ALLOC(out->nearest, (size_t)wanted) == OK &&
                 MEM_ALLOC(out->after, (size_t)wanted) == OK);
    out->n = 0;
    out->d = s->d;
    for (int64_t i = 0; i < s->n; i++) {
        int64_t lower = 0;
        uint64_t key = KMEANS_KEY(KMEANS_SUBSAMPLE, 0), hash = rng_bits(rows.seed, key, (uint64_t)i);
        if (kmeans_is_held_out(&rows, i)) continue;
        for (int64_t j = 0; j < s->n; j++)
            lower += !kmeans_is_held_out(&rows, j) && rng_bits(rows.seed, key, (uint64_t)j) < hash;
        if (lower >= wanted) continue;
        training_vector(s, i, half);
        half_to_floats(half, (size_t)s->d, out->x + out->n * s->d);
        out->nearest[out->n++] = INFINITY;
    }
}

/* Sum of squared distances to the nearest seed, were vector t a seed too; the distances are in s->after. */
static double potential_with(plain_sample *s, int64_t t)
{
    double sum = 0;
    for (int64_t i = 0; i < s->n; i++) {
        double distance = 0;
        for (int64_t w = 0; w < s->d; w++) distance += pow((double)s->x[i * s->d + w] - (double)s->x[t * s->d + w], 2);
        s->after[i] = fmin(distance, s->nearest[i]);
        sum += s->after[i];
    }
    return sum;
}

static int64_t draw(const plain_sample *s, uint64_t bits, int first)
{
    double total = 0, target;
    int64_t i = 0;
    for (int64_t j = 0; j < s->n; j++) total += first ? 1 : s->nearest[j];
    for (target = ldexp((double)bits, -64) * total; i < s->n - 1 && target >= (first ? 1 : s->nearest[i]); i++)
        target -= first ? 1 : s->nearest[i];
    return i;
}

/* The subsample is more than a quarter of the set, so that the seeds themselves are the result. */
static void check_seeds(par *all, const char *folder, const training_set *set, int64_t k, int64_t seed_vectors)
{
    const kmeans_options o = {.size = k, .seed = 11, .seed_vectors = seed_vectors, .held_out = 0.1};
    plain_sample s;
    codebook c;
    int64_t n_trials = 2 + (int64_t)log((double)k);
    CHECK(all, training_fit(all, folder, set, &o, &c) == OK);
    plain_subsample(all, set, &o, k * o.seed_vectors, &s);
    for (int64_t step = 0; step < k; step++) {
        int64_t best = -1;
        double least = INFINITY;
        for (int64_t t = 0; t < (step ? n_trials : 1); t++) {
            uint64_t bits = rng_bits((uint64_t)o.seed, KMEANS_KEY(KMEANS_DRAW, step), (uint64_t)t);
            int64_t i = draw(&s, bits, step == 0);
            double potential = potential_with(&s, i);
            if (potential < least) least = potential, best = i;
        }
        CHECK(all, memcmp(c.centroids + step * set->d, s.x + best * set->d, (size_t)set->d * sizeof *s.x) == 0);
        potential_with(&s, best);
        memcpy(s.nearest, s.after, (size_t)s.n * sizeof *s.nearest);
    }
    mem_free(&s.x);
    mem_free(&s.nearest);
    mem_free(&s.after);
    training_clear(&c);
}

int main(int argc, char **argv)
{
    static const training_set sets[] = {
        {TRAINING_BLOBS, 900, 13, -1}, {TRAINING_CLOUD, 800, 39, -1}, {TRAINING_OFFSET, 700, 5, -1}};
    par all;
    char folder[64];
    par_start(&all, &argc, &argv);
    training_folder(&all, folder);
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        check_seeds(&all, folder, &sets[i], 3, 80);
        check_seeds(&all, folder, &sets[i], 40, 9);
    }
    training_folder_remove(&all, folder);
    return par_finish(&all, 0);
}
