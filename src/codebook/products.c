#include "codebook/products.h"

#include "base/memory.h"
#include "base/status.h"
#include "codebook/filter.h"
#include "tensor/distance.h"
#include "tensor/panel.h"
#include "tensor/quantise.h"
#include "tensor/score_scan.h"

#include <math.h>

/* Why no nearest centroid is lost. Let u = 2^-24, m the centre, X = x - m and C = c - m exactly, x' and c' their fp32
 * roundings, h = |x'|, g = |c'|, t the product x' . c' of the panel kernel, so |x - c|^2 = |X|^2 + S with S = |C|^2 - 2
 * X . C.
 *
 * 2 t differs from 2 X . C by at most 4.02 u h g for centring and 2.02 r u h g for the product, r the roundings on the
 * way of one term: 256 (or D) in a block, one per block. The norm n is |c'|^2 less 9 u g^2: for centring, for its own
 * rounding, and for half of what follows.
 *
 * The score is n - 2 t - a h g, a = 2.02 (r + 8) u + 7 u, rounded three times, each by at most u (g^2 + 2.1 h g). So it
 * is a lower bound of S, but for (D + 4) 2^-147 where numbers underflow.
 *
 * A centroid b that the fp64 sums (relative error below eps = (D + 16) 2^-53) put at or before one with the sum D has
 * |x - b|^2 <= D (1 + 2 eps), so its score is at most D (1 + 2 eps) - |X|^2 and that. |X|^2 is an fp64 sum, too. */

enum { MIN_ROWS = 16, MAX_SCORES = 1 << 24 };
static const double no_overflow = 1e37;

struct products {
    int64_t k, d;
    int64_t rows;          /* that share a product */
    float *centre;         /* (d) */
    float *norms;          /* (k) n */
    float *spans;          /* (k) g, rounded up */
    double per_span;       /* a */
    panel *centred;        /* c' */
    double largest;        /* G, rounded up */
    float *x;              /* (PRODUCTS_ROWS, d) x' */
    float *scores;         /* (rows, k) */
    double *lengths;       /* (PRODUCTS_ROWS) h, rounded up */
    double *squared;       /* (PRODUCTS_ROWS) |X|^2, as tensor/distance.h computes it */
    int64_t n, first, end; /* vectors; those of scores: first .. end - 1 */
    const score_scan *scan;
    const quantise_kernel *quantise;
    const distance_kernel *distance;
};

/* x - centre rounded to fp32; returns its squared length. */
static double centre_row(const products *p, const float *x, float *out)
{
    double sums[QUANTISE_LANES], sum = 0;
    p->quantise->centre(x, p->centre, p->d, out, sums);
    for (int l = 0; l < QUANTISE_LANES; l++) sum += sums[l];
    return sum;
}

/* The centre, and c', n and G from it. */
static int centre_centroids(products *p, const float *centroids)
{
    int rc = OK;
    float *centred = NULL;
    TRY(MEM_ALLOC(centred, (size_t)(p->k * p->d)));
    TRY(filter_find_centre(centroids, p->k, p->d, p->centre));
    for (int64_t j = 0; j < p->k; j++) {
        double norm = centre_row(p, centroids + j * p->d, centred + j * p->d), length = sqrt(norm) * (1 + 0x1p-20);
        p->norms[j] = (float)(norm * (1 - 9 * 0x1p-24));
        p->spans[j] = (float)length;
        if (!(length <= p->largest)) p->largest = length;
    }
    double roundings = (double)(p->d < 256 ? p->d : 256) + ceil((double)p->d / 256);
    p->per_span = (2.02 * (roundings + 8) + 7) * 0x1p-24 * (1 + 0x1p-20);
    TRY(panel_create(&p->centred, centred, p->k, p->d));
done:
    mem_free(&centred);
    return rc;
}

int products_create(products **out, const float *centroids, int64_t k, int64_t d)
{
    int rc = OK;
    products *p = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(p, 1));
    *p = (products){.k = k, .d = d, .rows = MAX_SCORES / k, .scan = score_scan_best()};
    p->quantise = quantise_kernel_best();
    p->distance = distance_kernel_best();
    if (p->rows < MIN_ROWS) p->rows = MIN_ROWS;
    if (p->rows > PRODUCTS_ROWS) p->rows = PRODUCTS_ROWS;
    TRY(MEM_ALLOC(p->centre, (size_t)d));
    TRY(MEM_ALLOC(p->norms, (size_t)k));
    TRY(MEM_ALLOC(p->spans, (size_t)k));
    TRY(MEM_ALLOC(p->x, (size_t)(PRODUCTS_ROWS * d)));
    TRY(MEM_RESERVE(p->scores, (size_t)(p->rows * k)));
    TRY(MEM_ALLOC(p->lengths, PRODUCTS_ROWS));
    TRY(MEM_ALLOC(p->squared, PRODUCTS_ROWS));
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
        mem_free(&(*p)->spans);
        mem_free(&(*p)->x);
        mem_free(&(*p)->scores);
        mem_free(&(*p)->lengths);
        mem_free(&(*p)->squared);
        panel_free(&(*p)->centred);
    }
    mem_free(p);
}

void products_run(products *p, const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        p->lengths[i] = sqrt(centre_row(p, x + i * p->d, p->x + i * p->d)) * (1 + 0x1p-20);
        p->squared[i] = p->distance->floats(x + i * p->d, p->centre, p->d);
    }
    p->n = n;
    p->first = p->end = 0;
}

const float *products_scores(products *p, int64_t i)
{
    double h = p->lengths[i];
    if (!(h * p->largest < no_overflow && p->largest * p->largest < no_overflow && h * h < no_overflow)) return NULL;
    if (i >= p->end) {
        int64_t left = p->n - i;
        p->first = i;
        p->end = i + (left < p->rows ? left : p->rows);
        panel_multiply(p->centred, p->x + i * p->d, p->end - i, p->scores);
    }
    float *scores = p->scores + (i - p->first) * p->k;
    p->scan->least(p->norms, p->spans, (float)(p->per_span * h), p->k, scores);
    return scores;
}

float products_limit(const products *p, int64_t i, double distance)
{
    double d = (double)p->d, eps = (d + 16) * 0x1p-53, squared = p->squared[i] * (1 - 2 * eps);
    return filter_up(distance * (1 + 2 * eps) - squared + (d + 4) * 0x1p-147);
}
