#include "codebook/kmeans_job.h"

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

/* Share of the groups that a pass still looks at, on the average: a guess that weighs the cost of passes against that
 * of getting ready. */
static const double share = 0.4;

/* Multiply-adds of all passes below which measuring costs more than it saves. */
static const double little_work = 5e9;

typedef struct shape {
    int64_t lead, depth;
    int64_t rotated, whole; /* whole: no filter, products with all centroids */
} shape;

typedef struct tuning {
    const kmeans_job *j;
    const float *centroids;
    int64_t k, d, m; /* m: vectors of the sample */
    float *x;        /* (m, d) */
    double *squared; /* (m) exact, to the centroid of the pass before */
    double exact;    /* seconds per exact distance */
    double passes;   /* that are left, times share */
    float *basis;    /* (n_basis, d) */
    double *energy;
    int64_t n_basis;
    shape best;
    double cost; /* of best: seconds per vector */
} tuning;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int take_sample(tuning *t, const kmeans_pass *a)
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
static int try_whole(tuning *t)
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
        t->cost = fmin(t->cost, (now() - start) / (double)n * t->passes / share);
    }
    t->best = (shape){.whole = 1};
done:
    assigner_free(&nearest);
    return rc;
}

/* All groups for all vectors of the sample; returns the centroids left. */
static int64_t run_filter(const tuning *t, const filter *f, const filter_rows *rows)
{
    int64_t left = 0;
    for (int64_t g = 0; g < f->n_panels; g++)
        for (int64_t i = 0; i < t->m; i += PANEL8_ROWS) {
            panel8_tile tile;
            uint64_t below[PANEL8_ROWS];
            _Alignas(64) float scores[PANEL8_ROWS * PANEL8_COLUMNS];
            float least[PANEL8_ROWS];
            for (int p = 0; p < PANEL8_ROWS; p++) {
                int64_t v = i + p < t->m ? i + p : i;
                filter_tile_set(rows, v, p, &tile);
                tile.limit[p] = filter_limit(f, rows, v, t->squared[v]);
            }
            f->kernel->filter(&f->layout, f->panels + (size_t)g * f->layout.bytes, &tile, scores, below, least);
            for (int p = 0; p < PANEL8_ROWS && i + p < t->m; p++) left += __builtin_popcountll(below[p]);
        }
    return left;
}

static int try_shape(tuning *t, shape s, int *better)
{
    int rc = OK;
    filter *f = NULL;
    filter_rows rows = {0};
    *better = 0;
    TRY(filter_create(&f, t->k, t->d, t->j->mean, s.rotated ? t->basis : NULL, s.lead, s.depth));
    TRY(filter_load(f, t->centroids));
    TRY(filter_rows_create(&rows, f, t->m));
    double start = now();
    filter_rows_set(&rows, f, 0, t->x, t->m);
    double ready = now();
    int64_t left = run_filter(t, f, &rows);
    double passed = (now() - ready) / (double)t->m, made = (ready - start) / (double)t->m;
    for (int round = 1; round < ROUNDS; round++) {
        ready = now();
        run_filter(t, f, &rows);
        passed = fmin(passed, (now() - ready) / (double)t->m);
    }
    double per_pass = passed + (double)left / (double)t->m * t->exact, cost = made + t->passes * per_pass;
    LOG_JOB(LOG_DEBUG, "k-means filter %lld + %lld%s: %.3f us ready, %.3f us filter, %.2f left", (long long)s.lead,
            (long long)s.depth, s.rotated ? " rotated" : "", 1e6 * made, 1e6 * passed, (double)left / (double)t->m);
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

static int make_basis(tuning *t, int64_t n)
{
    int rc = OK;
    mem_free(&t->basis);
    mem_free(&t->energy);
    t->n_basis = n;
    TRY(MEM_ALLOC(t->basis, (size_t)(n * t->d)));
    TRY(MEM_ALLOC(t->energy, (size_t)n));
    TRY(filter_basis(t->centroids, t->k, t->d, t->j->mean, n, t->basis, t->energy));
done:
    return rc;
}

/* Prefixes of the principal directions, from the shortest on, until longer ones no longer help. */
static int try_rotated(tuning *t)
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

/* Rank 0. */
static int choose(tuning *t, const kmeans_pass *a)
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

static int share_choice(tuning *t)
{
    int rc = OK;
    par *p = t->j->p;
    par_broadcast(p, &t->best, sizeof t->best);
    if (!t->best.rotated) return OK;
    size_t n = (size_t)((t->best.lead + t->best.depth) * t->d);
    if (p->rank != 0) rc = MEM_ALLOC(t->basis, n);
    TRY(par_agree(p, rc));
    par_broadcast(p, t->basis, n * sizeof *t->basis);
done:
    return rc;
}

static int make_filter(const tuning *t, filter **f)
{
    int rc = OK;
    const float *basis = t->best.rotated ? t->basis : NULL;
    TRY(filter_create(f, t->k, t->d, t->j->mean, basis, t->best.lead, t->best.depth));
    TRY(filter_group(*f, t->centroids));
done:
    return rc;
}

/* Bounds for as many vectors as memory is allowed for. Collective. */
static int make_bounds(const tuning *t, kmeans_pass *a)
{
    int rc = OK;
    filter *f = NULL;
    const kmeans_job *j = t->j;
    int64_t n = j->vectors.n;
    TRY(par_agree(j->p, make_filter(t, &f)));
    TRY(par_node_alloc(j->node, filter_panel_bytes(f), &a->panels));
    filter_use_memory(f, a->panels);
    if (j->o->memory > 0 && n > j->o->memory / kmeans_bounds_bytes(f)) n = j->o->memory / kmeans_bounds_bytes(f);
    rc = kmeans_bounds_create(&a->bounds, &f, &j->vectors, n, a->codes, t->centroids, j->largest);
    TRY(par_agree(j->p, rc));
    a->n_bounded = n;
done:
    filter_free(&f);
    return rc;
}

int kmeans_tune(kmeans_job *j, kmeans_pass *a, const float *centroids)
{
    int rc = OK;
    tuning t = {.j = j, .centroids = centroids, .k = j->o->size, .d = j->data->d, .best = {.whole = 1}};
    int64_t left = j->o->max_iterations - a->n_done + 1;
    t.passes = share * (double)left;
    if (left < LEAST_PASSES) return OK;
    if (j->p->rank == 0) rc = choose(&t, a);
    TRY(par_agree(j->p, rc));
    TRY(share_choice(&t));
    if (t.best.whole) {
        LOG_JOB(LOG_DEBUG, "k-means: whole products");
        goto done;
    }
    LOG_JOB(LOG_DEBUG, "k-means: filter of %lld + %lld values%s", (long long)t.best.lead, (long long)t.best.depth,
            t.best.rotated ? " along principal directions" : "");
    TRY(make_bounds(&t, a));
done:
    mem_free(&t.x);
    mem_free(&t.squared);
    mem_free(&t.basis);
    mem_free(&t.energy);
    return rc;
}
