#include "codebook/filter_parts.h"

#include "base/memory.h"
#include "base/status.h"

#include <math.h>
#include <string.h>

int64_t filter_row_bytes(const filter *f)
{
    return (f->layout.words * 4 + 63) / 64 * 64 + f->layout.n_floats * (int64_t)sizeof(float) + (int64_t)sizeof(double);
}

int filter_rows_create(filter_rows *r, const filter *f, int64_t capacity)
{
    int rc = OK;
    size_t size;
    *r = (filter_rows){.capacity = capacity, .n_floats = f->layout.n_floats};
    r->pitch = f->layout.words * 4;
    if (r->pitch > 64) r->pitch = (r->pitch + 63) / 64 * 64;
    TRY(size_mul((size_t)capacity, (size_t)r->pitch, &size));
    TRY(MEM_RESERVE(r->bytes, size));
    TRY(size_mul((size_t)capacity, (size_t)r->n_floats, &size));
    TRY(MEM_RESERVE(r->floats, size));
    TRY(MEM_RESERVE(r->squared, (size_t)capacity));
    TRY(MEM_ALLOC(r->x, (size_t)(FILTER_BLOCK * f->d)));
    TRY(MEM_ALLOC(r->y, (size_t)(FILTER_BLOCK * (f->lead + f->depth))));
done:
    if (rc != OK) filter_rows_free(r);
    return rc;
}

void filter_rows_free(filter_rows *r)
{
    mem_free(&r->bytes);
    mem_free(&r->floats);
    mem_free(&r->squared);
    mem_free(&r->x);
    mem_free(&r->y);
    *r = (filter_rows){0};
}

static double sum_of(const double lanes[QUANTISE_LANES])
{
    double sum = 0;
    for (int l = 0; l < QUANTISE_LANES; l++) sum += lanes[l];
    return sum;
}

void filter_centre(const filter *f, const float *x, int64_t n, float *X, double *squared)
{
    double sums[QUANTISE_LANES];
    for (int64_t i = 0; i < n; i++) {
        f->quantise->centre(x + i * f->d, f->centre, f->d, X + i * f->d, sums);
        squared[i] = sum_of(sums);
    }
}

const float *filter_project(const filter *f, const float *X, int64_t n, float *y)
{
    if (!f->basis) return X;
    panel_multiply(f->basis, X, n, y);
    return y;
}

float filter_range(const filter *f, const float *y, int64_t n, double *squared)
{
    double sums[QUANTISE_LANES];
    float most = f->quantise->range(y, n, sums);
    *squared = sum_of(sums);
    return most;
}

double filter_round(const filter *f, const float *y, int64_t n, float s, int shift, uint8_t *q, int64_t *squared)
{
    float residuals[QUANTISE_LANES];
    int32_t squares[QUANTISE_LANES];
    double all = 0;
    f->quantise->steps(y, n, s, s > 0 ? 1 / s : 0, shift, q, residuals, squares);
    *squared = 0;
    for (int l = 0; l < QUANTISE_LANES; l++) all += residuals[l], *squared += squares[l];
    /* s * whole and the difference are rounded: each residual is too small by at most 2^-24 (127 s + |residual|), over
     * n values by sqrt(n) times that; and a lane of the sum has n / 16 additions */
    double off = sqrt((double)n) * 127.5 * (double)s * 0x1p-23;
    double length = sqrt(all * (1 + (double)(n / 16 + 8) * 0x1p-22)) + off;
    return length * length;
}

double filter_outside(const filter *f, double whole, double inside)
{
    if (!f->has_tail) return 0;
    double least = whole - inside;
    return (least > 0 ? least : 0) + (2.2 * f->projection + 2 * f->delta + 0x1p-22) * whole;
}

static void set_one(filter_rows *r, const filter *f, int64_t i, const float *y, double squared)
{
    float *floats = r->floats + i * r->n_floats;
    double lead, rest;
    int64_t steps;
    filter_range(f, y, f->lead, &lead);
    float most = filter_range(f, y + f->lead, f->depth, &rest), s = most < FILTER_LEAST ? 0 : most / QUANTISE_LEVELS;
    uint8_t *q = r->bytes + i * r->pitch;
    double residual = filter_round(f, y + f->lead, f->depth, s, 128, q, &steps);
    memset(q + f->depth, 128, (size_t)(r->pitch - f->depth));
    const double up = 1 + 0x1p-20;
    floats[0] = -2 * s;
    floats[FILTER_RESIDUAL] = (float)(sqrt(residual) * up);
    floats[FILTER_LENGTH] = (float)(sqrt(rest) * up);
    if (f->basis) floats[FILTER_WHOLE] = (float)(sqrt(squared) * up);
    if (f->has_tail) floats[filter_tail_at(f)] = (float)(sqrt(filter_outside(f, squared, lead + rest)) * up);
    memcpy(floats + filter_lead_at(f), y, (size_t)f->lead * sizeof *y);
}

void filter_rows_set(filter_rows *r, const filter *f, int64_t at, const float *x, int64_t n)
{
    double squared[FILTER_BLOCK];
    int64_t width = f->lead + f->depth;
    for (int64_t i = 0; i < n; i += FILTER_BLOCK) {
        int64_t m = n - i < FILTER_BLOCK ? n - i : FILTER_BLOCK;
        filter_centre(f, x + i * f->d, m, r->x, squared);
        const float *y = filter_project(f, r->x, m, r->y);
        for (int64_t v = 0; v < m; v++) {
            set_one(r, f, at + i + v, y + v * width, squared[v]);
            r->squared[at + i + v] = f->distance->floats(x + (i + v) * f->d, f->centre, f->d);
        }
    }
}
