#include "codebook/products.h"

#include "base/memory.h"
#include "base/status.h"
#include "tensor/panel.h"
#include "tensor/score_scan.h"

#include <math.h>

/* Why no nearest centroid is lost. Let u = 2^-24, m the centre (a float vector near the centroids; subtracting it keeps
 * distances and makes norms small), X = x - m and C = c - m exactly, x' and c' their fp32 roundings, h = |x'|, g =
 * |c'|, t the product x' . c' of the panel kernel, n = |c'|^2 rounded, s = n - 2 t rounded. Distances are ordered as S
 * = |C|^2 - 2 X . C, and |s - S| <= E(h, g), the sum of centring     |X . C - x' . c'| <= 2.01 u h g, | |C|^2 - |c'|^2
 * | <= 2.01 u g^2 product      |x' . c' - t| <= 1.01 r u h g, r = roundings on the way of one term: 256 (or D) in a
 * block, one per block norm, score  u g^2 and u (g^2 + 2.02 h g) underflow    every rounding at most 2^-150 that is E
 * = 2.02 (r + 4) u h g + 5 u g^2 + (D + 4) 2^-147, growing with g; G is the largest g. The decision compares the fp64
 * sums of (x - c)^2, each within (D + 3) 2^-53 of the true squared distance, itself at most 2 (h^2 + g^2). So the
 * nearest by that decision has s <= min s + 2 E(h, G) + 5 (D + 3) 2^-53 (h^2 + G^2), and everything up to there is a
 * candidate. Where fp32 could overflow (h G or G^2 near its end) all centroids are candidates. */

enum { MIN_ROWS = 16, MAX_SCORES = 1 << 24 };
static const double no_overflow = 1e37;

struct products {
    int64_t k, d;
    int64_t rows;    /* that share a product */
    float *centre;   /* (d) */
    float *norms;    /* (k) n */
    panel *centred;  /* c' */
    double largest;  /* G, rounded up */
    float *x;        /* (PRODUCTS_ROWS, d) x' */
    float *scores;   /* (rows, k) of vectors first .. first + rows - 1 */
    double *lengths; /* (PRODUCTS_ROWS) h, rounded up */
    int64_t n, first;
    const score_scan *scan;
};

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
static int centre_centroids(products *p, const float *centroids)
{
    int rc = OK;
    float *centred = NULL;
    double *sum = NULL;
    TRY(MEM_ALLOC(centred, (size_t)(p->k * p->d)));
    TRY(MEM_ALLOC(sum, (size_t)p->d));
    for (int64_t j = 0; j < p->k; j++)
        for (int64_t w = 0; w < p->d; w++) sum[w] += centroids[j * p->d + w];
    for (int64_t w = 0; w < p->d; w++) p->centre[w] = (float)(sum[w] / (double)p->k);
    for (int64_t j = 0; j < p->k; j++) {
        double length = centre_row(centroids + j * p->d, p->centre, p->d, centred + j * p->d), norm = 0;
        for (int64_t w = 0; w < p->d; w++) norm += (double)centred[j * p->d + w] * centred[j * p->d + w];
        p->norms[j] = (float)norm;
        if (!(length <= p->largest)) p->largest = length;
    }
    TRY(panel_create(&p->centred, centred, p->k, p->d));
done:
    mem_free(&centred);
    mem_free(&sum);
    return rc;
}

int products_create(products **out, const float *centroids, int64_t k, int64_t d)
{
    int rc = OK;
    products *p = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(p, 1));
    *p = (products){.k = k, .d = d, .rows = MAX_SCORES / k, .scan = score_scan_best()};
    if (p->rows < MIN_ROWS) p->rows = MIN_ROWS;
    if (p->rows > PRODUCTS_ROWS) p->rows = PRODUCTS_ROWS;
    TRY(MEM_ALLOC(p->centre, (size_t)d));
    TRY(MEM_ALLOC(p->norms, (size_t)k));
    TRY(MEM_ALLOC(p->x, (size_t)(PRODUCTS_ROWS * d)));
    TRY(MEM_RESERVE(p->scores, (size_t)(p->rows * k)));
    TRY(MEM_ALLOC(p->lengths, PRODUCTS_ROWS));
    TRY(centre_centroids(p, centroids));
    *out = p;
    p = NULL;
done:
    products_free(&p);
    return rc;
}

void products_free(products **p)
{
    if (*p) {
        mem_free(&(*p)->centre);
        mem_free(&(*p)->norms);
        mem_free(&(*p)->x);
        mem_free(&(*p)->scores);
        mem_free(&(*p)->lengths);
        panel_free(&(*p)->centred);
    }
    mem_free(p);
}

void products_run(products *p, const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) p->lengths[i] = centre_row(x + i * p->d, p->centre, p->d, p->x + i * p->d);
    p->n = n;
    p->first = -1;
}

/* Highest score that a nearest centroid can have (see the top of the file), rounded up. */
static float limit_of(const products *p, float least, double h)
{
    double u = 0x1p-24, d = (double)p->d, g = p->largest;
    double roundings = (p->d < 256 ? d : 256) + ceil(d / 256);
    double error = 2.02 * (roundings + 4) * u * h * g + 5 * u * g * g + (d + 4) * 0x1p-147;
    double limit = least + 2 * error + 5 * (d + 3) * 0x1p-53 * (h * h + g * g);
    return nextafterf((float)limit, INFINITY);
}

int64_t products_candidates(products *p, int64_t i, uint32_t *codes)
{
    double h = p->lengths[i];
    float limit = INFINITY;
    if (p->first < 0 || i < p->first || i >= p->first + p->rows) {
        int64_t left = p->n - i;
        p->first = i;
        panel_multiply(p->centred, p->x + i * p->d, left < p->rows ? left : p->rows, p->scores);
    }
    float *scores = p->scores + (i - p->first) * p->k;
    if (h * p->largest < no_overflow && p->largest * p->largest < no_overflow)
        limit = limit_of(p, p->scan->least(p->norms, p->k, scores), h);
    if (limit < INFINITY) return p->scan->up_to(scores, p->k, limit, codes);
    for (int64_t j = 0; j < p->k; j++) codes[j] = (uint32_t)j;
    return p->k;
}
