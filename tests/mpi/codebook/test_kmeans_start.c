/* Where k-means starts: several seedings of which the best one wins, given centroids, other metrics. */
#include "stage.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "tensor/half.h"

#include <math.h>
#include <string.h>

enum { MAX_D = 40 };

static const kmeans_options usual = {
    .size = 15, .seed = 6, .max_iterations = 0, .tolerance = 0, .seed_vectors = 8, .seedings = 3, .held_out = 0.1};

/* The vectors that seedings are measured on, in plain arithmetic: the held-out ones of lowest hash, at most as many as
 * the subsample has; without any, the subsample. */
static int is_measured(const training_set *s, const kmeans_rows *rows, int64_t i, int64_t wanted)
{
    int held_out = rows->held_out > 0;
    uint64_t key = KMEANS_KEY(KMEANS_SUBSAMPLE, 0), hash = rng_bits(rows->seed, key, (uint64_t)i);
    int64_t lower = 0;
    if (kmeans_is_held_out(rows, i) != held_out) return 0;
    for (int64_t v = 0; v < s->n; v++)
        lower += kmeans_is_held_out(rows, v) == held_out && rng_bits(rows->seed, key, (uint64_t)v) < hash;
    return lower < wanted;
}

static double plain_inertia(par *p, const training_set *s, const kmeans_options *o, const float *centroids)
{
    kmeans_rows rows = {.seed = (uint64_t)o->seed, .held_out = o->held_out};
    uint16_t half[MAX_D];
    float x[MAX_D];
    double sum = 0;
    CHECK(p, s->d <= MAX_D);
    for (int64_t i = 0; i < s->n; i++) {
        double least = INFINITY;
        if (!is_measured(s, &rows, i, o->size * o->seed_vectors)) continue;
        training_vector(s, i, half);
        half_to_floats(half, (size_t)s->d, x);
        for (int64_t c = 0; c < o->size; c++) {
            double distance = 0;
            for (int64_t w = 0; w < s->d; w++) distance += pow((double)x[w] - (double)centroids[c * s->d + w], 2);
            least = fmin(least, distance);
        }
        sum += least;
    }
    return sum;
}

/* One seeding alone: its seeds, then a training of the subsample that starts there. The result is the caller's. */
static float *one_seeding(par *p, const training_set *s, const kmeans_options *o, int64_t seeding)
{
    stage stage;
    codebook c = {0};
    int64_t n_seeds = 0;
    float *seeds = NULL;
    CHECK(p, p->size == 1 && MEM_ALLOC(seeds, (size_t)(o->size * s->d)) == OK);
    stage_open(&stage, p, s, o);
    CHECK(p, kmeans_seed(&stage.part.job, seeding, seeds, &n_seeds, NULL, NULL) == OK && n_seeds == o->size);
    kmeans_options lloyd = {
        .size = o->size, .max_iterations = KMEANS_START_ITERATIONS, .tolerance = -1, .seed_vectors = 1, .start = seeds};
    kmeans_data alone = stage.part.data;
    alone.n_global = alone.n_local = stage.part.n;
    CHECK(p, kmeans_fit(p, &alone, &lloyd, NULL, NULL, NULL, NULL, &c) == OK);
    memcpy(seeds, c.centroids, (size_t)(o->size * s->d) * sizeof *seeds);
    codebook_free(&c);
    stage_close(&stage);
    return seeds;
}

static void check_winner(par *all, const char *folder, const training_set *s, const kmeans_options *o)
{
    par self = training_alone(all);
    codebook c;
    float *best = NULL;
    double least = INFINITY;
    CHECK(all, training_fit(all, folder, s, o, &c) == OK);
    for (int64_t seeding = 0; seeding < o->seedings; seeding++) {
        float *other = one_seeding(&self, s, o, seeding);
        double inertia = plain_inertia(&self, s, o, other);
        CHECK(all, best == NULL || memcmp(best, other, (size_t)(o->size * s->d) * sizeof *best) != 0);
        if (inertia < least) {
            float *worse = best;
            best = other;
            other = worse;
            least = inertia;
        }
        mem_free(&other);
    }
    CHECK(all, memcmp(c.centroids, best, (size_t)(o->size * s->d) * sizeof *best) == 0);
    mem_free(&best);
    training_clear(&c);
}

static void the_best_seeding_wins(par *all, const char *folder)
{
    static const training_set sets[] = {
        {TRAINING_BLOBS, 1500, 13, -1}, {TRAINING_CLOUD, 900, 4, -1}, {TRAINING_OFFSET, 700, 5, -1}};
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++) {
        kmeans_options o = usual;
        check_winner(all, folder, &sets[i], &o);
        o.held_out = 0.3; /* more than the subsample takes */
        check_winner(all, folder, &sets[i], &o);
        o.held_out = 0;
        check_winner(all, folder, &sets[i], &o);
    }
}

/* A set so much larger than the subsample that one seeding is followed by iterations as well. */
static void more_seedings_are_never_worse(par *all, const char *folder)
{
    static const training_set s = {TRAINING_BLOBS, 1500, 6, -1};
    double before = INFINITY, first = 0;
    kmeans_options o = usual;
    for (o.seedings = 0; o.seedings <= 6; o.seedings++) {
        codebook c;
        CHECK(all, training_fit(all, folder, &s, &o, &c) == OK);
        double inertia = plain_inertia(all, &s, &o, c.centroids);
        CHECK(all, inertia <= before);
        if (o.seedings == 0) first = inertia;
        CHECK(all, o.seedings != 1 || inertia == first);
        before = inertia;
        training_clear(&c);
    }
    CHECK(all, before < first);
}

/* Seeds themselves where the set is small; improved where it is at least 4 times the subsample. */
static void one_seeding_is_improved_where_that_is_cheap(par *all, const char *folder)
{
    par self = training_alone(all);
    kmeans_options o = usual;
    o.seedings = 1;
    o.held_out = 0;
    for (int64_t extra = -1; extra <= 0; extra++) {
        training_set s = {TRAINING_CLOUD, 4 * o.size * o.seed_vectors + extra, 5, -1};
        stage stage;
        codebook c;
        float seeds[15 * 5], *improved = one_seeding(&self, &s, &o, 0);
        int64_t n_seeds = 0;
        stage_open(&stage, &self, &s, &o);
        CHECK(all, kmeans_seed(&stage.part.job, 0, seeds, &n_seeds, NULL, NULL) == OK);
        stage_close(&stage);
        CHECK(all, memcmp(seeds, improved, sizeof seeds) != 0);
        CHECK(all, training_fit(all, folder, &s, &o, &c) == OK);
        CHECK(all, memcmp(c.centroids, extra < 0 ? seeds : improved, sizeof seeds) == 0);
        mem_free(&improved);
        training_clear(&c);
    }
}

static void any_number_of_ranks_starts_alike(par *all, const char *folder)
{
    static const training_set sets[] = {{TRAINING_BLOBS, 1200, 39, -1}, {TRAINING_WIDE, 900, 16, -1},
                                        {TRAINING_FEW, 700, 6, -1},     {TRAINING_CONSTANT, 600, 9, -1},
                                        {TRAINING_ZERO, 300, 5, -1},    {TRAINING_CLOUD, 9, 3, -1},
                                        {TRAINING_CLOUD, 5000, 3, -1}};
    static const kmeans_metric metrics[] = {KMEANS_L2, KMEANS_COSINE, KMEANS_INNER};
    par self = training_alone(all);
    for (size_t i = 0; i < sizeof sets / sizeof *sets; i++)
        for (size_t m = 0; m < 3; m++) {
            codebook together, alone;
            kmeans_options o = usual;
            o.metric = metrics[m];
            o.max_iterations = 3;
            o.seed_vectors = sets[i].n == 5000 ? 300 : 8; /* masses that are small integers */
            CHECK(all, training_fit(all, folder, &sets[i], &o, &together) == OK);
            CHECK(all, training_fit(&self, folder, &sets[i], &o, &alone) == OK);
            CHECK(all, training_same(&together, &alone));
            CHECK(all, memcmp(together.changed, alone.changed, (size_t)alone.n_history * sizeof *alone.changed) == 0);
            CHECK(all, memcmp(together.filled, alone.filled, (size_t)alone.n_history * sizeof *alone.filled) == 0);
            training_clear(&together);
            training_clear(&alone);
        }
}

static void check_lengths(par *p, const codebook *c)
{
    for (int64_t j = 0; j < c->k; j++) {
        double sum = 0;
        for (int64_t w = 0; w < c->d; w++) sum += pow(c->centroids[j * c->d + w], 2);
        CHECK(p, fabs(sum - 1) < 1e-6);
    }
}

static void centroids_have_unit_length_unless_l2(par *all, const char *folder)
{
    static const training_set s = {TRAINING_OFFSET, 600, 7, -1};
    float start[15 * 7];
    for (int i = 0; i < 15 * 7; i++) start[i] = (float)(1 + i % 11 * (i % 5));
    for (kmeans_metric metric = KMEANS_COSINE; metric <= KMEANS_INNER; metric++)
        for (int given = 0; given < 2; given++)
            for (int64_t iterations = 0; iterations < 3; iterations += 2) {
                codebook c;
                kmeans_options o = usual;
                o.metric = metric;
                o.max_iterations = iterations;
                o.start = given ? start : NULL;
                o.seedings = 1;
                o.seed_vectors = 30;
                CHECK(all, training_fit(all, folder, &s, &o, &c) == OK);
                check_lengths(all, &c);
                training_clear(&c);
            }
}

static void the_start_is_told(par *all, const char *folder)
{
    static const training_set s = {TRAINING_CLOUD, 500, 3, -1};
    float start[15 * 3] = {0};
    codebook c;
    kmeans_options o = usual;
    CHECK(all, training_fit(all, folder, &s, &o, &c) == OK);
    CHECK(all, strcmp(c.quality.start, "greedy k-means++, 3 seedings, 8 vectors per code") == 0);
    training_clear(&c);
    o.seedings = 0;
    o.seed_vectors = 1000;
    CHECK(all, training_fit(all, folder, &s, &o, &c) == OK);
    CHECK(all, strcmp(c.quality.start, "greedy k-means++, 1 seeding, all vectors") == 0);
    training_clear(&c);
    o.start = start;
    CHECK(all, training_fit(all, folder, &s, &o, &c) == OK);
    CHECK(all, strcmp(c.quality.start, "given") == 0);
    training_clear(&c);
    start[44] = INFINITY;
    CHECK(all, training_fit(all, folder, &s, &o, &c) == ERR_INVALID);
}

int main(int argc, char **argv)
{
    par all;
    char folder[64];
    par_start(&all, &argc, &argv);
    training_folder(&all, folder);
    the_best_seeding_wins(&all, folder);
    more_seedings_are_never_worse(&all, folder);
    one_seeding_is_improved_where_that_is_cheap(&all, folder);
    any_number_of_ranks_starts_alike(&all, folder);
    centroids_have_unit_length_unless_l2(&all, folder);
    the_start_is_told(&all, folder);
    training_folder_remove(&all, folder);
    return par_finish(&all, 0);
}
