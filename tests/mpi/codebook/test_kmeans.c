/* k-means on the ranks of this job against one rank alone, and one rank against a plain implementation. */
#include "training_set.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "codebook/kmeans_rows.h"
#include "tensor/distance.h"
#include "tensor/half.h"

#include <math.h>
#include <string.h>

static const kmeans_options usual = {
    .size = 20, .seed = 5, .max_iterations = 6, .tolerance = 0, .seed_vectors = 20, .held_out = 0.05};

static void check_quality(par *p, const training_set *s, const codebook *c)
{
    int64_t n = 0, used = 0;
    for (int64_t j = 0; j < c->k; j++) n += c->counts[j], used += c->counts[j] > 0;
    CHECK(p, n == c->quality.n_train && n + c->quality.n_held_out == s->n && used == c->quality.codes_used);
    CHECK(p, c->n_history == c->quality.iterations);
    for (int64_t i = 1; i < c->n_history; i++) CHECK(p, c->history[i] <= c->history[i - 1] * (1 + 1e-9));
    for (int64_t i = 0; i < c->k * c->d; i++) CHECK(p, isfinite(c->centroids[i]));
    CHECK(p, c->quality.perplexity >= 1 - 1e-12 && c->quality.perplexity <= (double)used * (1 + 1e-12));
    CHECK(p, strcmp(c->quality.stop, "converged") == 0 || strcmp(c->quality.stop, "max-iterations") == 0);
}

/* One setting on all ranks and on one: the same bits. */
static void check_ranks(par *all, const char *folder, const training_set *s, const kmeans_options *o)
{
    codebook together, alone;
    par self = training_alone(all);
    CHECK(all, training_fit(all, folder, s, o, &together) == OK);
    CHECK(all, training_fit(&self, folder, s, o, &alone) == OK);
    CHECK(all, training_same(&together, &alone));
    check_quality(all, s, &together);
    training_clear(&together);
    training_clear(&alone);
}

static void any_number_of_ranks_gives_the_same_bits(par *all, const char *folder)
{
    static const training_set sets[] = {
        {TRAINING_BLOBS, 1500, 39, -1}, {TRAINING_CLOUD, 700, 1, -1},    {TRAINING_CLOUD, 700, 13, -1},
        {TRAINING_OFFSET, 900, 80, -1}, {TRAINING_CLOUD, 300, 768, -1},  {TRAINING_FEW, 500, 13, -1},
        {TRAINING_ZERO, 400, 5, -1},    {TRAINING_CONSTANT, 600, 9, -1}, {TRAINING_WIDE, 800, 256, -1},
        {TRAINING_CLOUD, 1, 7, -1},     {TRAINING_CLOUD, 21, 7, -1},
    };
    static const int64_t sizes[] = {1, 2, 50};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        for (size_t j = 0; j < 3; j++) {
            kmeans_options o = usual;
            o.size = sizes[j];
            o.seed_vectors = j == 2 ? 5 : 1000;
            check_ranks(all, folder, &sets[i], &o);
        }
    kmeans_options large = usual;
    large.size = 1000;
    large.max_iterations = 3;
    check_ranks(all, folder, &(training_set){TRAINING_CLOUD, 3000, 13, -1}, &large);
}

/* A training vector as the plain implementation sees it. */
typedef struct plain_vector {
    float x[64];
    int64_t code;
    double distance;
} plain_vector;

static void plain_assign(plain_vector *v, const float *c, int64_t k, int64_t d)
{
    const distance_kernel *plain = distance_kernel_at(0);
    for (size_t i = 1; distance_kernel_at(i); i++) plain = distance_kernel_at(i);
    v->distance = INFINITY;
    for (int64_t j = 0; j < k; j++) {
        double sum = plain->floats(v->x, c + j * d, d);
        if (sum < v->distance) v->distance = sum, v->code = j;
    }
}

/* Empty clusters one after the other, once the means are there: beside the mean of the cluster of largest inertia that
 * was not split yet, towards its farthest vector. */
static void plain_fill(const plain_vector *v, int64_t n, int64_t k, int64_t d, const int64_t *counts, float *c)
{
    char split[64] = {0};
    double inertia[64] = {0};
    for (int64_t i = 0; i < n; i++) inertia[v[i].code] += v[i].distance;
    for (int64_t j = 0; j < k; j++) {
        int64_t best = -1, far = -1;
        if (counts[j]) continue;
        for (int64_t a = 0; a < k; a++)
            if (counts[a] > 1 && !split[a] && inertia[a] > (best < 0 ? 0 : inertia[best])) best = a;
        if (best < 0) continue;
        split[best] = 1;
        for (int64_t i = 0; i < n; i++)
            if (v[i].code == best && (far < 0 || v[i].distance > v[far].distance)) far = i;
        for (int64_t w = 0; w < d; w++) {
            float mean = c[best * d + w];
            c[j * d + w] = mean + (v[far].x[w] - mean) / 64;
        }
    }
}

/* Lloyd in fp64 from the given centroids on, which become those after o->max_iterations updates. */
static void plain_lloyd(par *p, const training_set *s, const kmeans_options *o, float *c, double *history,
                        int64_t *counts)
{
    kmeans_data data = training_share(s, p);
    kmeans_rows rows;
    plain_vector *v = NULL;
    int64_t n = 0;
    uint16_t half[64];
    CHECK(p, s->d <= 64 && o->size <= 64 && MEM_ALLOC(v, (size_t)s->n) == OK);
    CHECK(p, kmeans_rows_create(&rows, &data, (uint64_t)o->seed, o->held_out, KMEANS_L2) == OK);
    for (int64_t i = 0; i < s->n; i++) {
        training_vector(s, i, half);
        half_to_floats(half, (size_t)s->d, v[n].x);
        n += !kmeans_is_held_out(&rows, i);
    }
    for (int64_t t = 0; t <= o->max_iterations; t++) {
        memset(counts, 0, (size_t)o->size * sizeof *counts);
        history[t] = 0;
        for (int64_t i = 0; i < n; i++) {
            plain_assign(&v[i], c, o->size, s->d);
            history[t] += v[i].distance;
            counts[v[i].code]++;
        }
        if (t == o->max_iterations) break;
        for (int64_t j = 0; j < o->size; j++)
            for (int64_t w = 0; w < s->d && counts[j]; w++) {
                int64_t sum = 0;
                for (int64_t i = 0; i < n; i++) sum += v[i].code == j ? (int64_t)ldexp(v[i].x[w], 24) : 0;
                c[j * s->d + w] = (float)((double)sum / (double)counts[j] / 0x1p24);
            }
        plain_fill(v, n, o->size, s->d, counts, c);
    }
    kmeans_rows_free(&rows);
    mem_free(&v);
}

/* From `start` to the end, on all ranks and plainly; `start` becomes the result. */
static void check_against_plain(par *all, const char *folder, const training_set *s, const kmeans_options *o,
                                float *start)
{
    codebook c;
    double history[16];
    int64_t counts[64];
    kmeans_options given = *o;
    par self = training_alone(all);
    given.start = start;
    CHECK(all, o->max_iterations < 16 && training_fit(all, folder, s, &given, &c) == OK);
    plain_lloyd(&self, s, o, start, history, counts);
    CHECK(all, memcmp(c.centroids, start, (size_t)(c.k * c.d) * sizeof *c.centroids) == 0);
    CHECK(all, memcmp(c.counts, counts, (size_t)c.k * sizeof *counts) == 0);
    for (int64_t t = 0; t < c.n_history; t++) CHECK(all, fabs(c.history[t] - history[t]) <= 1e-12 * history[t]);
    CHECK(all, fabs(c.quality.inertia - history[o->max_iterations]) <= 1e-12 * history[o->max_iterations]);
    training_clear(&c);
}

static void equals_plain_lloyd(par *all, const char *folder)
{
    static const training_set sets[] = {{TRAINING_BLOBS, 800, 13, -1},
                                        {TRAINING_CLOUD, 500, 39, -1},
                                        {TRAINING_OFFSET, 600, 5, -1},
                                        {TRAINING_GRID, 500, 3, -1}};
    kmeans_options o = usual;
    o.tolerance = -1;
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        codebook seeds;
        float far[20 * 39];
        o.max_iterations = 0;
        CHECK(all, training_fit(all, folder, &sets[i], &o, &seeds) == OK);
        CHECK(all, seeds.n_history == 0 && strcmp(seeds.quality.stop, "max-iterations") == 0);
        o.max_iterations = 6;
        check_against_plain(all, folder, &sets[i], &o, seeds.centroids);
        training_clear(&seeds);
        /* most clusters empty at first */
        for (int64_t w = 0; w < o.size * sets[i].d; w++) far[w] = w < 3 * sets[i].d ? (float)(w % 3) : 2e4f;
        check_against_plain(all, folder, &sets[i], &o, far);
    }
}

/* With as many vectors in the subsample as codes, the seeds are these vectors: those of lowest hash. */
static void the_subsample_has_the_lowest_hashes(par *all, const char *folder)
{
    training_set s = {TRAINING_CLOUD, 3000, 4, -1};
    kmeans_options o = usual;
    kmeans_rows rows = {.seed = (uint64_t)o.seed, .held_out = o.held_out};
    codebook c;
    o.seed_vectors = 1;
    o.max_iterations = 0;
    CHECK(all, training_fit(all, folder, &s, &o, &c) == OK);
    for (int64_t j = 0; j < o.size; j++) {
        int64_t found = -1, lower = 0;
        uint16_t half[4];
        float x[4];
        for (int64_t i = 0; i < s.n && found < 0; i++) {
            training_vector(&s, i, half);
            half_to_floats(half, 4, x);
            if (memcmp(x, c.centroids + j * s.d, sizeof x) == 0) found = i;
        }
        CHECK(all, found >= 0 && !kmeans_is_held_out(&rows, found));
        uint64_t key = KMEANS_KEY(KMEANS_SUBSAMPLE, 0), hash = rng_bits(rows.seed, key, (uint64_t)found);
        for (int64_t i = 0; i < s.n; i++)
            lower += !kmeans_is_held_out(&rows, i) && rng_bits(rows.seed, key, (uint64_t)i) < hash;
        CHECK(all, lower < o.size);
        for (int64_t i = 0; i < j; i++)
            CHECK(all, memcmp(c.centroids + i * s.d, c.centroids + j * s.d, (size_t)s.d * sizeof *c.centroids) != 0);
    }
    training_clear(&c);
}

/* Greedy seeding finds all 20 blobs, which even draws would do once in 4 * 10^7 times. */
static void seeds_find_the_clusters(par *all, const char *folder)
{
    training_set s = {TRAINING_BLOBS, 2000, 16, -1};
    codebook c;
    kmeans_options o = usual;
    for (o.seed = 0; o.seed < 5; o.seed++) {
        CHECK(all, training_fit(all, folder, &s, &o, &c) == OK);
        double per_value = c.quality.inertia / (double)(c.quality.n_train * s.d);
        double held_out = c.quality.inertia_held_out / (double)(c.quality.n_held_out * s.d);
        double variance = c.quality.variance / (double)(c.quality.n_train * s.d);
        CHECK(all, per_value > 0.0150 && per_value < 0.0158); /* 1/64 * 99/100: each mean takes one of a hundred away */
        CHECK(all, held_out > 0.0145 && held_out < 0.0172);
        CHECK(all, variance > 10 && variance < 25);
        CHECK(all, c.quality.n_held_out > 60 && c.quality.n_held_out < 140);
        CHECK(all, c.quality.codes_used == 20 && c.quality.perplexity > 18);
        CHECK(all, strcmp(c.quality.stop, "converged") == 0);
        training_clear(&c);
    }
}

/* Start centroids far away stay empty at first and are filled from the farthest vectors. */
static void empty_clusters_are_filled(par *all, const char *folder)
{
    training_set s = {TRAINING_BLOBS, 800, 4, -1};
    float start[20 * 4];
    codebook c;
    kmeans_options o = usual;
    for (int i = 0; i < 20 * 4; i++) start[i] = i < 4 ? 0 : 3e4f;
    o.start = start;
    o.max_iterations = 12;
    CHECK(all, training_fit(all, folder, &s, &o, &c) == OK);
    CHECK(all, c.quality.codes_used == 20);
    training_clear(&c);
    check_ranks(all, folder, &s, &o);
    /* as many codes as distinct vectors, and more: distances fall to zero, the others stay unused */
    s = (training_set){TRAINING_FEW, 300, 6, -1};
    o = usual;
    for (o.size = 7; o.size <= 12; o.size += 5) {
        CHECK(all, training_fit(all, folder, &s, &o, &c) == OK);
        CHECK(all, c.quality.codes_used == 7 && c.quality.inertia == 0 && c.quality.inertia_held_out == 0);
        CHECK(all, strcmp(c.quality.stop, "converged") == 0);
        training_clear(&c);
    }
}

static void what_cannot_be_trained_is_refused(par *all, const char *folder)
{
    codebook c;
    kmeans_options o = usual;
    training_set s = {TRAINING_CLOUD, 900, 13, 777};
    CHECK(all, training_fit(all, folder, &s, &o, &c) == ERR_INVALID);
    CHECK(all, strstr(status_message(), "vector 777") != NULL && !c.centroids && !c.counts && !c.history);
    s = (training_set){TRAINING_CLOUD, 0, 13, -1};
    CHECK(all, training_fit(all, folder, &s, &o, &c) == ERR_INVALID);
    CHECK(all, strstr(status_message(), "no vector") != NULL);
    s.n = 100;
    o.size = 0;
    CHECK(all, training_fit(all, folder, &s, &o, &c) == ERR_INVALID);
    o = usual;
    o.held_out = 1;
    CHECK(all, training_fit(all, folder, &s, &o, &c) == ERR_INVALID);
}

static void tolerance_ends_the_training(par *all, const char *folder)
{
    training_set s = {TRAINING_CLOUD, 1500, 8, -1};
    kmeans_options o = usual;
    codebook strict, loose;
    o.max_iterations = 300;
    CHECK(all, training_fit(all, folder, &s, &o, &strict) == OK);
    CHECK(all, strcmp(strict.quality.stop, "converged") == 0);
    o.tolerance = 0.01;
    CHECK(all, training_fit(all, folder, &s, &o, &loose) == OK);
    CHECK(all, loose.n_history >= 1 && loose.n_history < strict.n_history);
    double last = loose.history[loose.n_history - 1];
    CHECK(all, last - loose.quality.inertia < 0.01 * last);
    if (loose.n_history > 1)
        CHECK(all, loose.history[loose.n_history - 2] - last >= 0.01 * loose.history[loose.n_history - 2]);
    training_clear(&strict);
    training_clear(&loose);
}

int main(int argc, char **argv)
{
    par all;
    char folder[64];
    par_start(&all, &argc, &argv);
    training_folder(&all, folder);
    any_number_of_ranks_gives_the_same_bits(&all, folder);
    equals_plain_lloyd(&all, folder);
    the_subsample_has_the_lowest_hashes(&all, folder);
    seeds_find_the_clusters(&all, folder);
    empty_clusters_are_filled(&all, folder);
    what_cannot_be_trained_is_refused(&all, folder);
    tolerance_ends_the_training(&all, folder);
    training_folder_remove(&all, folder);
    return par_finish(&all, 0);
}
