/* k-means on all ranks against the golden cases: ten Lloyd iterations in float64 from given centroids. */
#include "training_set.h"

#include "base/memory.h"
#include "base/status.h"
#include "golden.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { ITERATIONS = 10 };

typedef struct golden_case {
    const char *name;
    int64_t n, d, k;
    const float *x, *init, *margins;
    const int32_t *labels;
    const double *inertia, *centroids;
} golden_case;

static const golden_tensor *part_of(const golden *g, const char *name, const char *part)
{
    char text[64];
    snprintf(text, sizeof text, "%s/%s", name, part);
    return golden_get(g, text);
}

static golden_case open_case(const golden *g, const char *name)
{
    const golden_tensor *x = part_of(g, name, "x"), *init = part_of(g, name, "init");
    return (golden_case){.name = name,
                         .n = x->shape[0],
                         .d = x->shape[1],
                         .k = init->shape[0],
                         .x = x->data,
                         .init = init->data,
                         .margins = part_of(g, name, "margins")->data,
                         .labels = part_of(g, name, "labels")->data,
                         .inertia = part_of(g, name, "inertia")->data,
                         .centroids = part_of(g, name, "centroids")->data};
}

static int read_vectors(void *user, int64_t i, int64_t n, void *buffer, const void **rows)
{
    const golden_case *c = user;
    (void)n;
    (void)buffer;
    *rows = c->x + i * c->d;
    return OK;
}

static void fit(par *all, const golden_case *c, int64_t iterations, codebook *out)
{
    int64_t first = c->n * all->rank / all->size, end = c->n * (all->rank + 1) / all->size;
    kmeans_data data = {.n_global = c->n,
                        .first = first,
                        .n_local = end - first,
                        .d = c->d,
                        .type = KMEANS_FLOAT,
                        .in_place = 1,
                        .read = read_vectors,
                        .user = (void *)(uintptr_t)c};
    kmeans_options o = {
        .size = c->k, .max_iterations = iterations, .tolerance = -1, .seed_vectors = 1, .start = c->init};
    *out = (codebook){0};
    CHECK(all, kmeans_fit(all, &data, &o, NULL, NULL, NULL, NULL, out) == OK);
}

/* Distance of vector i to the golden centroid of its label before update t. */
static double distance_of(const golden_case *c, int64_t t, int64_t i)
{
    double sum = 0;
    int64_t at = c->labels[t * c->n + i] * c->d;
    for (int64_t w = 0; w < c->d; w++) {
        double centroid = t ? c->centroids[(t - 1) * c->k * c->d + at + w] : c->init[at + w];
        sum += pow(c->x[i * c->d + w] - centroid, 2);
    }
    return sqrt(sum);
}

/* Counts of the labels of iteration t; returns how many could be others with centroids that are rounded to fp32, each
 * by at most `moved`. */
static int64_t count_labels(const golden_case *c, int64_t t, double moved, int64_t *counts)
{
    int64_t doubtful = 0;
    memset(counts, 0, (size_t)c->k * sizeof *counts);
    for (int64_t i = 0; i < c->n; i++) {
        double margin = c->margins[t * c->n + i], slack = 4 * (sqrt(margin) + distance_of(c, t, i) + moved) * moved;
        counts[c->labels[t * c->n + i]]++;
        doubtful += t > 0 && c->k > 1 && margin < slack;
    }
    return doubtful;
}

static int any_empty(const int64_t *counts, int64_t k)
{
    int any = 0;
    for (int64_t j = 0; j < k; j++) any |= counts[j] == 0;
    return any;
}

static void check_case(par *all, const golden_case *c, int64_t *compared)
{
    double offset = 0;
    for (int64_t i = 0; i < c->n * c->d; i++) offset = fmax(offset, fabs(c->x[i]));
    double rounded = offset * 0x1.01p-24, moved = rounded * sqrt((double)c->d);
    for (int64_t t = 0; t < ITERATIONS; t++) {
        int64_t counts[16];
        codebook got;
        CHECK(all, c->k <= 16);
        if (count_labels(c, t, moved, counts)) return; /* from here on the two may differ */
        fit(all, c, t, &got);
        CHECK(all, memcmp(got.counts, counts, (size_t)c->k * sizeof *counts) == 0);
        CHECK(all, fabs(got.quality.inertia - c->inertia[t]) <= 1e-6 * c->inertia[t]);
        for (int64_t i = 0; t && i < c->k * c->d; i++)
            CHECK(all, fabs(got.centroids[i] - c->centroids[(t - 1) * c->k * c->d + i]) <= rounded);
        for (int64_t i = 0; i < got.n_history; i++)
            CHECK(all, fabs(got.history[i] - c->inertia[i]) <= 1e-6 * c->inertia[i]);
        training_clear(&got);
        ++*compared;
        if (any_empty(counts, c->k)) return; /* filled here, left where it is there */
    }
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int64_t least; /* iterations that are compared before a tie or an empty cluster */
    } cases[] = {{"all", 10},  {"blobs", 10}, {"cloud", 10}, {"duplicates", 1}, {"empty", 1},
                 {"line", 10}, {"offset", 3}, {"one", 10},   {"ties", 10}};
    par all;
    par_start(&all, &argc, &argv);
    golden *g = golden_open(GOLDEN_DIR "/kmeans/expect.safetensors");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        golden_case c = open_case(g, cases[i].name);
        int64_t compared = 0;
        check_case(&all, &c, &compared);
        if (all.rank == 0) printf("%s: %lld iterations\n", c.name, (long long)compared);
        CHECK(&all, compared >= cases[i].least);
    }
    golden_close(g);
    return par_finish(&all, 0);
}
