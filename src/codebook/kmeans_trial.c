#include "codebook/kmeans_trial.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"

#include <math.h>
#include <string.h>
#include <time.h>

/* Which filter is fastest is measured on some vectors, for each of a few shapes: how long the filter takes, and how
 * many centroids it leaves. Results do not depend on the choice. */

enum {
    SAMPLE = 512,
    WHOLE_ROWS = 128,
    LEAST_VECTORS = 256,
    LEAST_PASSES = 2,
    ROUNDS = 2,
    FIRST_BASIS = 128,
    MOST_BASIS = 384
};

/* Multiply-adds of all passes below which measuring costs more than it saves. */
static const double little_work = 5e9;

/* Seconds for a centroid that its score rules out once a closer one is known. */
static const double skip_s = 3e-9;

typedef struct tuned_left {
    int64_t loose, tight;
} tuned_left;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int take_sample(kmeans_trial *t, const kmeans_pass *a)
{
    int rc = OK;
    const kmeans_vectors *v = &t->j->vectors;
    t->m = (v->n < SAMPLE ? v->n : SAMPLE) / 4 * 4;
    TRY(MEM_ALLOC(t->x, (size_t)(t->m * t->d)));
    TRY(MEM_ALLOC(t->squared, (size_t)t->m));
    for (int64_t i = 0; i < t->m; i++) TRY(kmeans_vectors_read(v, i * v->n / t->m, 1, t->x + i * t->d));
    t->exact = INFINITY;
    for (int64_t first = 0, n = t->m / 4; first + n <= t->m; first += n) {
        double start = now();
        for (int64_t i = first; i < first + n; i++)
            t->squared[i] = v->distance->floats(t->x + i * t->d, t->centroids + a->codes[i * v->n / t->m] * t->d, t->d);
        t->exact = fmin(t->exact, (now() - start) / (double)n);
    }
done:
    return rc;
}

/* Products with all centroids. */
static int try_whole(kmeans_trial *t)
{
    int rc = OK;
    assigner *nearest = NULL;
    uint32_t codes[WHOLE_ROWS];
    int64_t n = t->m < WHOLE_ROWS ? t->m : WHOLE_ROWS;
    TRY(assigner_create(&nearest, t->centroids, t->k, t->d));
    for (int64_t i = 0; i + n <= t->m; i += n)
        TRY(assigner_run(nearest, t->x + i * t->d, n, codes, NULL)); /* it adapts */
    t->cost = INFINITY;
    for (int round = 0; round < ROUNDS; round++) {
        double start = now();
        TRY(assigner_run(nearest, t->x, n, codes, NULL));
        t->cost = fmin(t->cost, (now() - start) / (double)n * t->passes / KMEANS_GROUP_SHARE);
    }
    t->best = (shape){.whole = 1};
done:
    assigner_free(&nearest);
    return rc;
}

/* All groups for all vectors of the sample. */
static void run_filter(const kmeans_trial *t, const filter *f, const filter_rows *rows)
{
    for (int64_t g = 0; g < f->n_panels; g++)
        for (int64_t i = 0; i < t->m; i += PANEL8_ROWS) {
            panel8_tile tile;
            uint64_t below[PANEL8_ROWS];
            _Alignas(64) float scores[PANEL8_ROWS * PANEL8_COLUMNS];
            float least[PANEL8_ROWS];
            for (int p = 0; p < PANEL8_ROWS; p++) {
                filter_tile_set(rows, i + p < t->m ? i + p : i, p, &tile);
                tile.limit[p] = -INFINITY;
            }
            f->kernel->filter(&f->layout, f->panels + (size_t)g * f->layout.bytes, &tile, scores, below, least);
        }
}

/* What a pass makes of one vector: centroids that the exact distance to the present one leaves, and those that the most
 * promising of them leaves. scores: of all columns. */
static void count_left(const kmeans_trial *t, const filter *f, const filter_rows *rows, int64_t i, const float *scores,
                       tuned_left *left)
{
    int64_t columns = f->n_panels * PANEL8_COLUMNS, best = 0;
    float limit = filter_limit(f, rows, i, t->squared[i]);
    for (int64_t c = 0; c < columns; c++) {
        left->loose += scores[c] <= limit;
        if (scores[c] < scores[best]) best = c;
    }
    const float *x = t->x + i * t->d, *c = t->centroids + f->codes[best] * t->d;
    double squared = t->j->vectors.distance->floats(x, c, t->d);
    limit = filter_limit(f, rows, i, squared < t->squared[i] ? squared : t->squared[i]);
    for (int64_t w = 0; w < columns; w++) left->tight += scores[w] <= limit;
}

static int count_sample(const kmeans_trial *t, const filter *f, const filter_rows *rows, tuned_left *left)
{
    int rc = OK;
    int64_t columns = f->n_panels * PANEL8_COLUMNS;
    float *scores = NULL;
    *left = (tuned_left){0};
    TRY(MEM_ALLOC(scores, (size_t)(PANEL8_ROWS * columns)));
    for (int64_t i = 0; i < t->m; i += PANEL8_ROWS) {
        panel8_tile tile;
        for (int p = 0; p < PANEL8_ROWS; p++) filter_tile_set(rows, i + p < t->m ? i + p : i, p, &tile);
        for (int64_t g = 0; g < f->n_panels; g++)
            f->kernel->scores(&f->layout, f->panels + (size_t)g * f->layout.bytes, &tile, scores + g * PANEL8_COLUMNS,
                              columns);
        for (int p = 0; p < PANEL8_ROWS && i + p < t->m; p++) count_left(t, f, rows, i + p, scores + p * columns, left);
    }
done:
    mem_free(&scores);
    return rc;
}

static int try_shape(kmeans_trial *t, shape s, int *better)
{
    int rc = OK;
    filter *f = NULL;
    filter_rows rows = {0};
    tuned_left left;
    *better = 0;
    TRY(filter_create(&f, t->k, t->d, t->centre, s.rotated ? t->basis : NULL, s.lead, s.depth));
    TRY(filter_load(f, t->centroids));
    TRY(filter_rows_create(&rows, f, t->m));
    double start = now();
    filter_rows_set(&rows, f, 0, t->x, t->m);
    double ready = now();
    run_filter(t, f, &rows);
    double passed = (now() - ready) / (double)t->m, made = (ready - start) / (double)t->m;
    for (int round = 1; round < ROUNDS; round++) {
        ready = now();
        run_filter(t, f, &rows);
        passed = fmin(passed, (now() - ready) / (double)t->m);
    }
    TRY(count_sample(t, f, &rows, &left));
    double loose = (double)left.loose / (double)t->m, tight = (double)left.tight / (double)t->m;
    double per_pass = passed + loose * skip_s + tight * t->exact, cost = made + t->passes * per_pass;
    LOG_JOB(LOG_DEBUG, "k-means filter %lld + %lld%s: %.3f us ready, %.3f us filter, %.2f and %.2f left",
            (long long)s.lead, (long long)s.depth, s.rotated ? " rotated" : "", 1e6 * made, 1e6 * passed, loose, tight);
    if (cost < t->cost) {
        t->cost = cost;
        t->best = s;
        *better = 1;
    }
done:
    filter_rows_free(&rows);
    filter_free(&f);
    return rc;
}

static int make_basis(kmeans_trial *t, int64_t n)
{
    int rc = OK;
    mem_free(&t->basis);
    mem_free(&t->energy);
    t->n_basis = n;
    TRY(MEM_ALLOC(t->basis, (size_t)(n * t->d)));
    TRY(MEM_ALLOC(t->energy, (size_t)n));
    TRY(filter_basis(t->centroids, t->k, t->d, t->centre, n, t->basis, t->energy));
done:
    return rc;
}

/* Prefixes of the principal directions, from the shortest on, until longer ones no longer help. */
static int try_rotated(kmeans_trial *t)
{
    static const int64_t totals[] = {32, 48, 64, 96, 128, 192, 256, 384}, leads[] = {0, 4, 8};
    int rc = OK, worse = 0;
    TRY(make_basis(t, t->d < FIRST_BASIS ? t->d : FIRST_BASIS));
    for (size_t i = 0; i < sizeof totals / sizeof *totals && worse < 2; i++) {
        int64_t total = totals[i] < t->d ? totals[i] : t->d;
        int any = 0, better;
        if (total > t->n_basis) {
            if (t->n_basis == t->d || worse) break;
            TRY(make_basis(t, t->d < MOST_BASIS ? t->d : MOST_BASIS));
        }
        for (size_t l = 0; l < sizeof leads / sizeof *leads; l++) {
            if (leads[l] >= total) continue;
            TRY(try_shape(t, (shape){leads[l], total - leads[l], 1, 0}, &better));
            any |= better;
        }
        worse = any ? 0 : worse + 1;
        if (total == t->d) break;
    }
done:
    return rc;
}

int kmeans_trial_run(kmeans_trial *t, const kmeans_pass *a)
{
    int rc = OK, better;
    if (t->j->vectors.n < LEAST_VECTORS || t->d > PANEL8_MAX_DEPTH || t->k <= PANEL8_COLUMNS) {
        t->best = (shape){.whole = 1};
        return OK;
    }
    if ((double)t->j->n_train * (double)t->k * (double)t->d * t->passes < little_work) {
        t->best = (shape){0, t->d, 0, 0};
        return OK;
    }
    TRY(take_sample(t, a));
    TRY(try_whole(t));
    TRY(try_shape(t, (shape){0, t->d, 0, 0}, &better));
    TRY(try_rotated(t));
done:
    return rc == ERR_LIMIT ? OK : rc;
}

void kmeans_trial_free(kmeans_trial *t)
{
    mem_free(&t->x);
    mem_free(&t->squared);
    mem_free(&t->centre);
    mem_free(&t->basis);
    mem_free(&t->energy);
}
