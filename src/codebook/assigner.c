#include "codebook/codebook.h"

#include "base/memory.h"
#include "base/status.h"
#include "tensor/panel.h"
#include "tensor/score_scan.h"

#include <math.h>
#include <string.h>

/* Nearest centroids: a panel product in fp32 leaves few candidates per row, which are compared in fp64.
 *
 * Why no nearest centroid is lost. Let u = 2^-24, m the centre (a float vector near the centroids; subtracting it keeps
 * distances and makes norms small), X = x - m and C = c - m exactly, x' and c' their fp32 roundings, h = |x'|, g =
 * |c'|, t the product x' . c' of the panel kernel, n = |c'|^2 rounded, s = n - 2 t rounded. Distances are ordered as S
 * = |C|^2 - 2 X . C, and |s - S| <= E(h, g), the sum of centring        |X . C - x' . c'| <= 2.01 u h g,     | |C|^2 -
 * |c'|^2 | <= 2.01 u g^2 product         |x' . c' - t| <= 1.01 r u h g, r = roundings on the way of one term: 256 (or
 * D) in a block, one per block norm, score     u g^2 and u (g^2 + 2.02 h g) underflow       every rounding at most
 * 2^-150 that is E = 2.02 (r + 4) u h g + 5 u g^2 + (D + 4) 2^-147, growing with g; G is the largest g. The decision
 * compares the fp64 sums of (x - c)^2, each within (D + 3) 2^-53 of the true squared distance, itself at most 2 (h^2 +
 * g^2). So the nearest by that decision has s <= min s + 2 E(h, G) + 5 (D + 3) 2^-53 (h^2 + G^2), and everything up to
 * there is a candidate. Where fp32 could overflow (h G or G^2 near its end) all centroids are candidates. */

enum { MIN_ROWS = 16, MAX_ROWS = 128, PAIRS = 4, MAX_SCORES = 1 << 24 };
static const int64_t max_depth = 1 << 24; /* so that r u stays below 0.005, as the 1.01 above wants */
static const double no_overflow = 1e37;

struct assigner {
    int64_t k, d;
    int64_t rows;         /* per block */
    float *centroids;     /* (k, d) */
    float *centre;        /* (d) */
    float *norms;         /* (k) n */
    panel *centred;       /* c' */
    double largest;       /* G, rounded up */
    float *x;             /* (rows, d) x' */
    float *scores;        /* (rows, k) */
    double *lengths;      /* (rows) h, rounded up */
    uint32_t *candidates; /* (k) of one row */
    const score_scan *scan;
};

/* A row and a centroid whose distance is wanted, four at a time, so that their chains of additions overlap. */
typedef struct pair_queue {
    const assigner *a;
    const float *x; /* rows of the caller */
    uint32_t *codes;
    double *best; /* squared distance of codes[i]; infinite before the first */
    int all;      /* distances are wanted even where there is one candidate */
    int n;
    int64_t row[PAIRS];
    uint32_t code[PAIRS];
} pair_queue;

static int is_finite_row(const float *x, int64_t d)
{
    uint32_t top = 0;
    for (int64_t w = 0; w < d; w++) {
        uint32_t bits;
        memcpy(&bits, x + w, sizeof bits);
        bits &= 0x7fffffff;
        top = bits > top ? bits : top;
    }
    return top < 0x7f800000;
}

/* x - centre rounded to fp32; returns its length, rounded up (the sum in any order: four chains for speed). */
static double centre_row(const float *x, const float *centre, int64_t d, float *out)
{
    double sum[4] = {0};
    int64_t w = 0;
    for (; w + 4 <= d; w += 4)
        for (int l = 0; l < 4; l++) {
            out[w + l] = x[w + l] - centre[w + l];
            sum[l] += (double)out[w + l] * out[w + l];
        }
    for (; w < d; w++) {
        out[w] = x[w] - centre[w];
        sum[0] += (double)out[w] * out[w];
    }
    return sqrt(sum[0] + sum[1] + sum[2] + sum[3]) * (1 + 0x1p-20);
}

/* The centre: mean of the centroids, rounded; and c', n and G from it. */
static int centre_centroids(assigner *a)
{
    int rc = OK;
    float *centred = NULL;
    TRY(MEM_ALLOC(centred, (size_t)(a->k * a->d)));
    for (int64_t w = 0; w < a->d; w++) {
        double sum = 0;
        for (int64_t j = 0; j < a->k; j++) sum += a->centroids[j * a->d + w];
        a->centre[w] = (float)(sum / (double)a->k);
    }
    for (int64_t j = 0; j < a->k; j++) {
        double length = centre_row(a->centroids + j * a->d, a->centre, a->d, centred + j * a->d), norm = 0;
        for (int64_t w = 0; w < a->d; w++) norm += (double)centred[j * a->d + w] * centred[j * a->d + w];
        a->norms[j] = (float)norm;
        if (!(length <= a->largest)) a->largest = length;
    }
    TRY(panel_create(&a->centred, centred, a->k, a->d));
done:
    mem_free(&centred);
    return rc;
}

int assigner_create(assigner **out, const float *centroids, int64_t k, int64_t d)
{
    int rc = OK;
    size_t size;
    assigner *a = NULL;
    *out = NULL;
    if (k < 1 || d < 1 || k > UINT32_MAX || d > max_depth)
        FAIL(ERR_INVALID, "a codebook of %lld centroids of %lld values", (long long)k, (long long)d);
    for (int64_t j = 0; j < k; j++)
        if (!is_finite_row(centroids + j * d, d))
            FAIL(ERR_INVALID, "centroid %lld has a value that is not finite", (long long)j);
    TRY(size_mul((size_t)k, (size_t)d, &size));
    TRY(MEM_ALLOC(a, 1));
    *a = (assigner){.k = k, .d = d, .rows = MAX_SCORES / k, .scan = score_scan_best()};
    if (a->rows < MIN_ROWS) a->rows = MIN_ROWS;
    if (a->rows > MAX_ROWS) a->rows = MAX_ROWS;
    TRY(MEM_ALLOC(a->centroids, size));
    memcpy(a->centroids, centroids, size * sizeof *centroids);
    TRY(MEM_ALLOC(a->centre, (size_t)d));
    TRY(MEM_ALLOC(a->norms, (size_t)k));
    TRY(MEM_ALLOC(a->x, (size_t)(a->rows * d)));
    TRY(MEM_ALLOC(a->scores, (size_t)(a->rows * k)));
    TRY(MEM_ALLOC(a->lengths, (size_t)a->rows));
    TRY(MEM_ALLOC(a->candidates, (size_t)k));
    TRY(centre_centroids(a));
    *out = a;
    a = NULL;
done:
    assigner_free(&a);
    return rc;
}

void assigner_free(assigner **a)
{
    if (*a) {
        mem_free(&(*a)->centroids);
        mem_free(&(*a)->centre);
        mem_free(&(*a)->norms);
        mem_free(&(*a)->x);
        mem_free(&(*a)->scores);
        mem_free(&(*a)->lengths);
        mem_free(&(*a)->candidates);
        panel_free(&(*a)->centred);
    }
    mem_free(a);
}

/* Sums of (x - c)^2 in ascending order, and the best so far: pairs of a row come with ascending codes, so < keeps the
 * lowest on ties. */
static void queue_flush(pair_queue *q)
{
    int64_t d = q->a->d;
    const float *x[PAIRS], *c[PAIRS];
    double sum[PAIRS] = {0};
    for (int p = 0; p < PAIRS; p++) {
        int i = p < q->n ? p : 0;
        x[p] = q->x + q->row[i] * d;
        c[p] = q->a->centroids + q->code[i] * d;
    }
    for (int64_t w = 0; w < d; w++)
        for (int p = 0; p < PAIRS; p++) {
            double difference = (double)x[p][w] - (double)c[p][w];
            sum[p] += difference * difference;
        }
    for (int p = 0; p < q->n; p++) {
        if (!(sum[p] < q->best[q->row[p]])) continue;
        q->best[q->row[p]] = sum[p];
        q->codes[q->row[p]] = q->code[p];
    }
    q->n = 0;
}

static void queue_add(pair_queue *q, int64_t row, int64_t code)
{
    q->row[q->n] = row;
    q->code[q->n] = (uint32_t)code;
    if (++q->n == PAIRS) queue_flush(q);
}

/* A row whose nearest centroid is among n codes, ascending. Alone it needs no distance unless the caller wants it. */
static void queue_candidates(pair_queue *q, int64_t row, const uint32_t *codes, int64_t n)
{
    q->codes[row] = codes[0];
    for (int64_t j = 0; j < n && (n > 1 || q->all); j++) queue_add(q, row, codes[j]);
}

/* Highest score that a nearest centroid can have (see the top of the file), rounded up. */
static float limit_of(const assigner *a, float least, double h)
{
    double u = 0x1p-24, d = (double)a->d, g = a->largest;
    double roundings = (a->d < 256 ? d : 256) + ceil(d / 256);
    double error = 2.02 * (roundings + 4) * u * h * g + 5 * u * g * g + (d + 4) * 0x1p-147;
    double limit = least + 2 * error + 5 * (d + 3) * 0x1p-53 * (h * h + g * g);
    return nextafterf((float)limit, INFINITY);
}

static int64_t list_all(assigner *a)
{
    for (int64_t j = 0; j < a->k; j++) a->candidates[j] = (uint32_t)j;
    return a->k;
}

static void assign_block(assigner *a, pair_queue *q, int64_t first, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        a->lengths[i] = centre_row(q->x + (first + i) * a->d, a->centre, a->d, a->x + i * a->d);
    panel_multiply(a->centred, a->x, n, a->scores);
    for (int64_t i = 0; i < n; i++) {
        double h = a->lengths[i];
        float *scores = a->scores + i * a->k, limit = INFINITY;
        q->best[first + i] = INFINITY;
        if (h * a->largest < no_overflow && a->largest * a->largest < no_overflow)
            limit = limit_of(a, a->scan->least(a->norms, a->k, scores), h);
        queue_candidates(q, first + i, a->candidates,
                         limit < INFINITY ? a->scan->up_to(scores, a->k, limit, a->candidates) : list_all(a));
    }
}

int assigner_run(assigner *a, const float *x, int64_t n, uint32_t *codes, double *distances)
{
    int rc = OK;
    double *best = distances;
    for (int64_t i = 0; i < n; i++)
        if (!is_finite_row(x + i * a->d, a->d))
            FAIL(ERR_INVALID, "vector %lld has a value that is not finite", (long long)i);
    if (!best) TRY(MEM_ALLOC(best, (size_t)n));
    pair_queue q = {.a = a, .x = x, .codes = codes, .best = best, .all = distances != NULL};
    for (int64_t i = 0; i < n; i += a->rows) assign_block(a, &q, i, n - i < a->rows ? n - i : a->rows);
    if (q.n) queue_flush(&q);
done:
    if (best != distances) mem_free(&best);
    return rc;
}
