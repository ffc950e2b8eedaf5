/* A filter in front of the exact distances: int8 products with proved bounds say which centroids a vector can be
 * nearest to; only those are compared in fp64. Nothing that is computed here can change a result, only its cost.
 *
 * Setting. m the centre (fp32), X = x - m and C = c - m exactly, so |x - c|^2 = |X|^2 + S with S = |C|^2 - 2 X . C. R
 * (rows, d) is the basis: rows nearly orthonormal, ||R R^T - I|| <= delta; without one R = I. y = R X as computed in
 * fp32; its first `lead` values stay fp32, the others become s q, q whole numbers up to 127, with the residual r = |y -
 * s q| over those values. The same for centroids: z p.
 *
 * The bound. With u = 2^-24:
 *   projection  X . C = (R X) . (R C) + X . (I - R^T R) C, and the last term is at most tx tc + 1.01 delta |X| |C|,
 *               where t is the length outside the row space: t^2 <= |X|^2 - |R X|^2 / (1 + delta)
 *   rounding    |y - R X| <= e |X|, e = sqrt(rows) (1 + delta) (roundings + 3) 1.02 u, or 1.02 u without a basis
 *               (there it covers x - m); so (R X) . (R C) differs from yx . yc by at most 2.1 e |X| |C|
 *   int8        |yx . yc - s z (q . p)| <= rx |z p| + |yx| rc, over the values that are not `lead`
 * so S >= score - slack, with
 *   score = |C|^2 - 2 s z (q . p) - 2 (lead products) - 2 (tx tc + rx |z p| + hx rc),    hx >= |yx|
 * as one tile of tensor/panel8.h computes it, and slack for all that is left:
 *   a |X| |C|, a = 2 (2.1 e + 1.01 delta) + 20 r: the projection, and the r = (n_floats + 4) 1.01 u of the roundings of
 *              score, whose partial sums stay below |C|^2 + 20 |X| |C| (each of |s q|, |z p| is at most 2.1 times the
 *              length); it stands in the score, too: beside rc where hx is |X|, since there is no basis, else apart
 *   (r + 3.2 u) |C|^2 for these roundings and that of the norm: taken off the norm in the score
 *   eps |X|^2 for `squared`, an fp64 sum, and what underflows: the slack
 *
 * A centroid b that the fp64 sums (relative error below eps = (d + 16) 2^-53) put at or before a has |x - b|^2 <= D (1
 * + 2 eps), D the sum for a, hence score <= D (1 + 2 eps) - |X|^2 + slack: filter_limit, rounded up. The score of a is
 * below it too. All Local. */
#pragma once

#include "tensor/distance.h"
#include "tensor/panel.h"
#include "tensor/panel8.h"
#include "tensor/quantise.h"

#include <math.h>
#include <stddef.h>
#include <stdint.h>

enum { FILTER_NONE = -1 }; /* a column of a panel without a centroid */

typedef struct filter {
    int64_t k, d;
    float *centre;       /* (d) m */
    panel *basis;        /* (lead + depth, d) R; NULL: R = I, lead = 0, depth = d */
    int64_t lead, depth; /* values in fp32, values in int8 */
    double delta;        /* ||R R^T - I||, rounded up */
    double projection;   /* e */
    int has_tail;        /* lead + depth < d */
    double largest;      /* longest |C|, rounded up */
    int64_t n_panels;    /* also called groups */
    panel8_layout layout;
    char *panels;      /* (n_panels, layout.bytes) */
    int borrowed;      /* panels belong to the caller */
    int32_t *codes;    /* (n_panels * 48) centroid of each column, or FILTER_NONE */
    int32_t *panel_of; /* (k) panel of each centroid */
    const panel8_kernel *kernel;
    const quantise_kernel *quantise;
    const distance_kernel *distance;
} filter;

/* Float rows of a panel, and of a vector (there [0] is -2 s): the residual, hx, with a basis |X|, with a tail its
 * length, then lead. */
enum { FILTER_RESIDUAL = 1, FILTER_LENGTH = 2, FILTER_WHOLE = 3 };
static inline int64_t filter_tail_at(const filter *f) { return FILTER_WHOLE + (f->basis != NULL); }
static inline int64_t filter_lead_at(const filter *f) { return filter_tail_at(f) + f->has_tail; }

/* Vectors as the filter sees them. */
typedef struct filter_rows {
    int64_t capacity, pitch; /* bytes per vector */
    int64_t n_floats;
    uint8_t *bytes;  /* (capacity, pitch) q + 128 */
    float *floats;   /* (capacity, n_floats) */
    double *squared; /* (capacity) |X|^2, as tensor/distance.h computes it */
    float *x;        /* (FILTER_BLOCK, d) scratch: X */
    float *y;        /* (FILTER_BLOCK, rows) scratch */
} filter_rows;
enum { FILTER_BLOCK = 64 };

/* basis (lead + depth, d), nearly orthonormal rows, or NULL (then lead = 0, depth = d); centre (d). ERR_MEMORY,
 * ERR_LIMIT. Caller: filter_free. */
int filter_create(filter **out, int64_t k, int64_t d, const float *centre, const float *basis, int64_t lead,
                  int64_t depth);
void filter_free(filter **f);

/* Bytes of a vector in filter_rows. */
int64_t filter_row_bytes(const filter *f);

/* Put similar centroids into the same panel; without a call they stand in their own order. centroids (k, d).
 * ERR_MEMORY.
 */
int filter_group(filter *f, const float *centroids);

/* Bytes of all panels; and other memory for them (64-byte aligned, kept by the caller), before the first load. */
size_t filter_panel_bytes(const filter *f);
void filter_use_memory(filter *f, void *panels);

/* Take centroids (k, d): `largest` and what follows from it, and panels first .. end - 1 (those of a filter that shares
 * its memory with others may be loaded by them). ERR_MEMORY; ERR_LIMIT when numbers of this size could overflow (use
 * the distances alone). */
int filter_load_panels(filter *f, const float *centroids, int64_t first, int64_t end);

/* All panels. */
int filter_load(filter *f, const float *centroids);

/* A zeroed struct is safe to free. ERR_MEMORY. */
int filter_rows_create(filter_rows *r, const filter *f, int64_t capacity);
void filter_rows_free(filter_rows *r);

/* Vectors x (n, d) become entries at .. at + n - 1. */
void filter_rows_set(filter_rows *r, const filter *f, int64_t at, const float *x, int64_t n);

/* Highest score of a centroid that the fp64 sums can put at or before one at the squared distance D from entry i;
 * infinite where numbers are too large for the filter. */
float filter_limit(const filter *f, const filter_rows *r, int64_t i, double distance);

/* The slack of a vector of this |X|^2. */
static inline double filter_slack(const filter *f, double squared)
{
    return squared * (double)(f->d + 16) * 0x1p-52 + (double)(f->d + 64) * 0x1p-120;
}

/* v rounded to fp32 and a little further up or down. */
static inline float filter_up(double v) { return (float)v + fabsf((float)v) * 0x1p-23f + 0x1p-140f; }
static inline float filter_down(double v) { return (float)v - fabsf((float)v) * 0x1p-23f - 0x1p-140f; }

/* Point entry i of the rows at place `place` of a tile. */
static inline void filter_tile_set(const filter_rows *r, int64_t i, int place, panel8_tile *t)
{
    t->bytes[place] = r->bytes + i * r->pitch;
    t->floats[place] = r->floats + i * r->n_floats;
}

/* A centre (d) for centroids (k, d): their mean, or zero where that is nearer to most of them (a few long ones may drag
 * the mean away from all others). ERR_MEMORY. */
int filter_find_centre(const float *centroids, int64_t k, int64_t d, float *centre);

/* Leading principal directions of centroids about `centre` by subspace iteration (Halko, Martinsson, Tropp, SIAM Review
 * 2011), rows of basis (n, d), most energy first. Any result is valid for filter_create; it only decides how much is
 * pruned. energy (n): share of the centroids' energy in each direction. ERR_MEMORY, ERR_INVALID. */
int filter_basis(const float *centroids, int64_t k, int64_t d, const float *centre, int64_t n, float *basis,
                 double *energy);
