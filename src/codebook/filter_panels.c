#include "codebook/filter_parts.h"

#include "base/memory.h"
#include "base/status.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Numbers beyond this could overflow fp32 in a score. */
static const double largest_length = 1e16;

typedef struct scratch {
    float *x, *y; /* (48, d), (48, lead + depth) */
    uint8_t *q;   /* (depth) of one centroid */
    int8_t *p;    /* (48, depth) */
    float z[PANEL8_COLUMNS];
    float f[PANEL8_MAX_FLOATS * PANEL8_COLUMNS];
} scratch;

static int scratch_create(scratch *s, const filter *f)
{
    int rc = OK;
    *s = (scratch){0};
    TRY(MEM_ALLOC(s->x, (size_t)(PANEL8_COLUMNS * f->d)));
    TRY(MEM_ALLOC(s->y, (size_t)(PANEL8_COLUMNS * (f->lead + f->depth))));
    TRY(MEM_ALLOC(s->q, (size_t)f->depth));
    TRY(MEM_ALLOC(s->p, (size_t)(PANEL8_COLUMNS * f->depth)));
done:
    return rc;
}

static void scratch_free(scratch *s)
{
    mem_free(&s->x);
    mem_free(&s->y);
    mem_free(&s->q);
    mem_free(&s->p);
}

/* r and a of codebook/filter.h. */
static double score_rounding(const filter *f) { return (double)(f->layout.n_floats + 4) * 1.01 * 0x1p-24; }
static double per_length(const filter *f)
{
    return (1 + 0x1p-20) * (2 * (2.1 * f->projection + 1.01 * f->delta) + 20 * score_rounding(f));
}

/* Column j, whose values are y (lead + depth) and whose squared length is `squared`. */
static void set_column(const filter *f, scratch *s, int64_t j, const float *y, double squared)
{
    const float up = 1 + 0x1p-20f;
    double lead, rest;
    int64_t steps;
    filter_range(f, y, f->lead, &lead);
    float most = filter_range(f, y + f->lead, f->depth, &rest), z = most < FILTER_LEAST ? 0 : most / QUANTISE_LEVELS;
    double residual = filter_round(f, y + f->lead, f->depth, z, 0, s->q, &steps);
    s->z[j] = z;
    memcpy(s->p + j * f->depth, s->q, (size_t)f->depth);
    double rounding = score_rounding(f), length = sqrt(squared) * up;
    double own = per_length(f) / 2 * length;
    float *column = s->f + j;
    column[0] = filter_down(squared * (1 - rounding - 3.2 * 0x1p-24));
    column[FILTER_RESIDUAL * PANEL8_COLUMNS] = -2 * up * (float)(sqrt((double)steps) * (double)z);
    column[FILTER_LENGTH * PANEL8_COLUMNS] = -2 * up * (float)(sqrt(residual) + (f->basis ? 0 : own));
    if (f->basis) column[FILTER_WHOLE * PANEL8_COLUMNS] = -2 * up * (float)own;
    if (f->has_tail)
        column[filter_tail_at(f) * PANEL8_COLUMNS] = -2 * up * (float)sqrt(filter_outside(f, squared, lead + rest));
    for (int64_t t = 0; t < f->lead; t++) column[(filter_lead_at(f) + t) * PANEL8_COLUMNS] = -2 * y[t];
}

static void load_panel(filter *f, scratch *s, int64_t g, const float *centroids)
{
    const int32_t *codes = f->codes + g * PANEL8_COLUMNS;
    int64_t n = 0, width = f->lead + f->depth;
    double squared[PANEL8_COLUMNS];
    for (; n < PANEL8_COLUMNS && codes[n] != FILTER_NONE; n++)
        filter_centre(f, centroids + codes[n] * f->d, 1, s->x + n * f->d, squared + n);
    const float *y = filter_project(f, s->x, n, s->y);
    memset(s->f, 0, sizeof s->f);
    memset(s->z, 0, sizeof s->z);
    for (int64_t j = 0; j < n; j++) set_column(f, s, j, y + j * width, squared[j]);
    for (int64_t j = n; j < PANEL8_COLUMNS; j++) s->f[j] = INFINITY;
    panel8_pack(&f->layout, s->p, n, f->depth, s->z, s->f, f->panels + (size_t)g * f->layout.bytes);
}

/* The longest centroid. */
static int measure(filter *f, scratch *s, const float *centroids)
{
    int rc = OK;
    double g = 0, squared;
    for (int64_t c = 0; c < f->k; c++) {
        filter_centre(f, centroids + c * f->d, 1, s->x, &squared);
        g = fmax(g, sqrt(squared) * (1 + 0x1p-20));
    }
    f->largest = g;
    if (!(g < largest_length)) FAIL(ERR_LIMIT, "centroids of length %g are too long for the filter", g);
done:
    return rc;
}

int filter_load_panels(filter *f, const float *centroids, int64_t first, int64_t end)
{
    int rc = OK;
    scratch s;
    TRY(scratch_create(&s, f));
    TRY(measure(f, &s, centroids));
    for (int64_t g = first; g < end; g++) load_panel(f, &s, g, centroids);
done:
    scratch_free(&s);
    return rc;
}

int filter_load(filter *f, const float *centroids) { return filter_load_panels(f, centroids, 0, f->n_panels); }

/* A centroid and its place along a direction. */
typedef struct placed {
    float at;
    int32_t code;
} placed;

static int by_place(const void *a, const void *b)
{
    const placed *x = a, *y = b;
    if (x->at != y->at) return x->at < y->at ? -1 : 1;
    return (x->code > y->code) - (x->code < y->code);
}

FILTER_VARIANTS static float squared_distance(const float *a, const float *b, int64_t d)
{
    float sum[16] = {0}, all = 0;
    int64_t w = 0;
    for (; w + 16 <= d; w += 16)
        for (int l = 0; l < 16; l++) sum[l] += (a[w + l] - b[w + l]) * (a[w + l] - b[w + l]);
    for (; w < d; w++) all += (a[w] - b[w]) * (a[w] - b[w]);
    for (int l = 0; l < 16; l++) all += sum[l];
    return all;
}

static const float *farthest(const float *from, const float *y, int64_t width, const placed *list, int64_t n)
{
    const float *best = from;
    float most = -1;
    for (int64_t i = 0; i < n; i++) {
        const float *one = y + list[i].code * width;
        float distance = squared_distance(from, one, width);
        if (distance > most) most = distance, best = one;
    }
    return best;
}

/* Halves, as multiples of a panel, along the line between two centroids far apart, until a panel is left. */
static void bisect(const float *y, int64_t width, placed *list, int64_t n)
{
    if (n <= PANEL8_COLUMNS) return;
    int64_t half = (n + PANEL8_COLUMNS - 1) / PANEL8_COLUMNS / 2 * PANEL8_COLUMNS;
    const float *a = farthest(y + list[0].code * width, y, width, list, n), *b = farthest(a, y, width, list, n);
    for (int64_t i = 0; i < n; i++) {
        const float *one = y + list[i].code * width;
        list[i].at = squared_distance(one, a, width) - squared_distance(one, b, width);
    }
    qsort(list, (size_t)n, sizeof *list, by_place);
    bisect(y, width, list, half);
    bisect(y, width, list + half, n - half);
}

int filter_group(filter *f, const float *centroids)
{
    int rc = OK;
    int64_t width = f->lead + f->depth;
    placed *list = NULL;
    float *x = NULL, *y = NULL;
    double squared;
    TRY(MEM_ALLOC(list, (size_t)f->k));
    TRY(MEM_ALLOC(x, (size_t)f->d));
    TRY(MEM_ALLOC(y, (size_t)(f->k * width)));
    for (int64_t c = 0; c < f->k; c++) {
        list[c].code = (int32_t)c;
        filter_centre(f, centroids + c * f->d, 1, x, &squared);
        const float *projected = filter_project(f, x, 1, y + c * width);
        if (projected != y + c * width) memcpy(y + c * width, projected, (size_t)width * sizeof *y);
    }
    bisect(y, width, list, f->k);
    for (int64_t c = 0; c < f->k; c++) {
        f->codes[c] = list[c].code;
        f->panel_of[list[c].code] = (int32_t)(c / PANEL8_COLUMNS);
    }
done:
    mem_free(&list);
    mem_free(&x);
    mem_free(&y);
    return rc;
}
