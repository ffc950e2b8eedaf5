#include "codebook/codebook.h"

#include "base/memory.h"
#include "base/status.h"
#include "codebook/filter.h"
#include "codebook/kmeans_rows.h"
#include "codebook/products.h"
#include "tensor/distance.h"
#include "tensor/score_scan.h"

#include <math.h>
#include <string.h>

/* Candidates for the nearest centroid come from the int8 filter, or from fp32 products where the filter leaves too
 * many; they are compared in fp64. In the filter the centroid of the least score stands for the previous one: its exact
 * distance gives the limit. */

enum { MAX_ROWS = 64, MIN_ROWS = 16, SCORE_FLOATS = 1 << 16 };

/* So few centroids take less time than turning a vector into bytes. */
enum { FEW_CODES = PANEL8_COLUMNS };

/* More candidates per vector than this: products are cheaper. Looked at after the first vectors. */
enum { MOST_LEFT = 24, FIRST_LOOK = 256 };

struct assigner {
    int64_t k, d;
    float *centroids; /* (k, d) */
    const distance_kernel *distance;
    const score_scan *scan;
    uint32_t *candidates; /* columns or codes of one vector */

    filter *filter; /* NULL: products */
    filter_rows rows;
    int64_t block; /* vectors at a time */
    float *scores; /* (block, columns) */
    int64_t seen, left;

    products *products; /* NULL: filter */
};

static int is_finite_row(const float *x, int64_t d) { return kmeans_magnitude(x, d) < 0x7f800000; }

static int use_products(assigner *a)
{
    int rc = OK;
    TRY(products_create(&a->products, a->centroids, a->k, a->d));
    filter_free(&a->filter);
    filter_rows_free(&a->rows);
    mem_free(&a->scores);
done:
    return rc;
}

static int use_filter(assigner *a)
{
    int rc = OK;
    float *centre = NULL;
    int64_t columns;
    TRY(MEM_ALLOC(centre, (size_t)a->d));
    TRY(filter_find_centre(a->centroids, a->k, a->d, centre));
    TRY(filter_create(&a->filter, a->k, a->d, centre, NULL, 0, a->d));
    columns = a->filter->n_panels * PANEL8_COLUMNS;
    a->block = SCORE_FLOATS / columns / PANEL8_ROWS * PANEL8_ROWS;
    if (a->block < MIN_ROWS) a->block = MIN_ROWS;
    if (a->block > MAX_ROWS) a->block = MAX_ROWS;
    TRY(MEM_RESERVE(a->scores, (size_t)(a->block * columns)));
    TRY(filter_rows_create(&a->rows, a->filter, a->block));
    TRY(filter_load(a->filter, a->centroids));
done:
    mem_free(&centre);
    return rc;
}

int assigner_create(assigner **out, const float *centroids, int64_t k, int64_t d)
{
    int rc = OK;
    size_t size;
    assigner *a = NULL;
    *out = NULL;
    if (k < 1 || d < 1 || k > UINT32_MAX || d > 1 << 24)
        FAIL(ERR_INVALID, "a codebook of %lld centroids of %lld values", (long long)k, (long long)d);
    for (int64_t j = 0; j < k; j++)
        if (!is_finite_row(centroids + j * d, d))
            FAIL(ERR_INVALID, "centroid %lld has a value that is not finite", (long long)j);
    TRY(size_mul((size_t)k, (size_t)d, &size));
    TRY(MEM_ALLOC(a, 1));
    *a = (assigner){.k = k, .d = d, .distance = distance_kernel_best(), .scan = score_scan_best()};
    TRY(mem_copy((char **)&a->centroids, centroids, size * sizeof *centroids));
    TRY(MEM_ALLOC(a->candidates, (size_t)k + PANEL8_COLUMNS));
    rc = k <= FEW_CODES ? ERR_LIMIT : use_filter(a);
    if (rc == ERR_LIMIT) rc = use_products(a);
    if (rc != OK) goto done;
    *out = a;
    a = NULL;
done:
    assigner_free(&a);
    return rc;
}

void assigner_free(assigner **pa)
{
    assigner *a = *pa;
    if (!a) return;
    mem_free(&a->centroids);
    mem_free(&a->candidates);
    mem_free(&a->scores);
    filter_free(&a->filter);
    filter_rows_free(&a->rows);
    products_free(&a->products);
    mem_free(pa);
}

/* The nearest centroid, lowest code on ties, of n candidates, `first` (not compared again) at the squared distance
 * *squared among them. A distance in fp32 first settles most. */
static uint32_t nearest_of(const assigner *a, const float *x, const uint32_t *codes, int64_t n, uint32_t first,
                           double *squared)
{
    uint32_t best = first;
    double less = 1 - distance_quick_error(a->d), apart = 1 + (double)(a->d + 16) * 0x1p-52;
    for (int64_t j = 0; j < n; j++) {
        const float *c = a->centroids + codes[j] * a->d;
        if (codes[j] == first || (double)a->distance->quick_floats(x, c, a->d) * less - 0x1p-120 > *squared * apart)
            continue;
        double distance = a->distance->floats(x, c, a->d);
        if (distance < *squared || (distance == *squared && codes[j] < best)) {
            *squared = distance;
            best = codes[j];
        }
    }
    return best;
}

/* Where scores are no help. */
static uint32_t nearest_of_all(const assigner *a, const float *x, double *squared)
{
    uint32_t best = 0;
    *squared = a->distance->floats(x, a->centroids, a->d);
    for (int64_t j = 1; j < a->k; j++) {
        double distance = a->distance->floats(x, a->centroids + j * a->d, a->d);
        if (distance < *squared) *squared = distance, best = (uint32_t)j;
    }
    return best;
}

static void score_block(assigner *a, const float *x, int64_t n)
{
    filter *f = a->filter;
    int64_t columns = f->n_panels * PANEL8_COLUMNS;
    filter_rows_set(&a->rows, f, 0, x, n);
    for (int64_t g = 0; g < f->n_panels; g++)
        for (int64_t i = 0; i < n; i += PANEL8_ROWS) {
            panel8_tile t;
            for (int p = 0; p < PANEL8_ROWS; p++) filter_tile_set(&a->rows, i + p < n ? i + p : i, p, &t);
            f->kernel->scores(&f->layout, f->panels + (size_t)g * f->layout.bytes, &t,
                              a->scores + i * columns + g * PANEL8_COLUMNS, columns);
        }
}

/* The centroid of the least of k scores, at the squared distance *squared. */
static uint32_t most_promising(const assigner *a, const float *x, const float *scores, double *squared)
{
    a->scan->up_to(scores, a->k, a->scan->lowest(scores, a->k), a->candidates);
    uint32_t first = a->candidates[0];
    *squared = a->distance->floats(x, a->centroids + first * a->d, a->d);
    return first;
}

/* Up to a->block vectors through the filter. */
static void filter_block(assigner *a, const float *x, int64_t n, uint32_t *codes, double *best)
{
    int64_t columns = a->filter->n_panels * PANEL8_COLUMNS;
    score_block(a, x, n);
    for (int64_t i = 0; i < n; i++) {
        const float *scores = a->scores + i * columns, *row = x + i * a->d;
        uint32_t first = most_promising(a, row, scores, &best[i]);
        float limit = filter_limit(a->filter, &a->rows, i, best[i]);
        int64_t left = a->k;
        if (limit < INFINITY) {
            left = a->scan->up_to(scores, a->k, limit, a->candidates);
            codes[i] = nearest_of(a, row, a->candidates, left, first, &best[i]);
        } else {
            codes[i] = nearest_of_all(a, row, &best[i]);
        }
        a->left += left;
    }
    a->seen += n;
}

static void products_block(assigner *a, const float *x, int64_t n, uint32_t *codes, double *best)
{
    products_run(a->products, x, n);
    for (int64_t i = 0; i < n; i++) {
        const float *scores = products_scores(a->products, i), *row = x + i * a->d;
        if (!scores) {
            codes[i] = nearest_of_all(a, row, &best[i]);
            continue;
        }
        uint32_t first = most_promising(a, row, scores, &best[i]);
        int64_t left = a->scan->up_to(scores, a->k, products_limit(a->products, i, best[i]), a->candidates);
        codes[i] = nearest_of(a, row, a->candidates, left, first, &best[i]);
    }
}

int assigner_run(assigner *a, const float *x, int64_t n, uint32_t *codes, double *distances)
{
    int rc = OK;
    double room[PRODUCTS_ROWS];
    for (int64_t i = 0; i < n; i++)
        if (!is_finite_row(x + i * a->d, a->d))
            FAIL(ERR_INVALID, "vector %lld has a value that is not finite", (long long)i);
    for (int64_t i = 0, m; i < n; i += m) {
        int64_t most = a->filter ? a->block : PRODUCTS_ROWS;
        double *best = distances ? distances + i : room;
        m = n - i < most ? n - i : most;
        if (a->filter)
            filter_block(a, x + i * a->d, m, codes + i, best);
        else
            products_block(a, x + i * a->d, m, codes + i, best);
        if (a->filter && a->seen >= FIRST_LOOK && a->left > MOST_LEFT * a->seen) TRY(use_products(a));
    }
done:
    return rc;
}
