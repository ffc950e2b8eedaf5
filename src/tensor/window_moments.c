#include "tensor/window_moments.h"

#include "tensor/isa.h"
#include "tensor/lanes.h"

/* Sums of up to 16 columns, and of their products with one row, about the first window: a signal that is far from zero
 * does not cancel. */
typedef struct part {
    double origin[LANES_N], row_origin, sums[LANES_N], products[LANES_N];
} part;

LANES_INLINE void add_windows(const int columns, const float *x, int64_t n, int64_t stride, int64_t row, int64_t first,
                              part *t)
{
    part p = *t;
    for (int64_t i = 0; i < n; i++, x += stride) {
        double a = (double)x[row] - p.row_origin;
        for (int l = 0; l < columns; l++) {
            double b = (double)x[first + l] - p.origin[l];
            p.sums[l] += b;
            p.products[l] += a * b;
        }
    }
    *t = p;
}

LANES_DEFINE(add16, (const float *x, int64_t n, int64_t stride, int64_t row, int64_t first, part *t),
             add_windows(LANES_N, x, n, stride, row, first, t))

/* Sixteen columns at a time may reach beyond the last windows: these go one by one, in the same order. */
static void add_row(const float *x, int64_t n, int64_t stride, int64_t size, int64_t row, int64_t first, part *t)
{
    int64_t columns = size - first < LANES_N ? size - first : LANES_N, beyond = first + LANES_N - size;
    int64_t whole = beyond <= 0 ? n : n - (beyond + stride - 1) / stride;
    *t = (part){.row_origin = (double)x[row]};
    for (int64_t l = 0; l < columns; l++) t->origin[l] = (double)x[first + l];
    if (whole > 0) add16_variants[isa_best()](x, whole, stride, row, first, t);
    for (int64_t i = whole > 0 ? whole : 0; i < n; i++)
        for (int64_t l = 0; l < columns; l++) {
            double a = (double)x[i * stride + row] - t->row_origin,
                   b = (double)x[i * stride + first + l] - t->origin[l];
            t->sums[l] += b;
            t->products[l] += a * b;
        }
}

void window_moments(const float *x, int64_t n, int64_t stride, int64_t size, double *mean, double *products)
{
    for (int64_t i = 0; i < size; i++)
        for (int64_t j = 0; j < size; j += LANES_N) {
            part t;
            add_row(x, n, stride, size, i, j, &t);
            for (int64_t l = 0; l < LANES_N && j + l < size; l++) {
                mean[j + l] = t.sums[l];
                products[i * size + j + l] = t.products[l];
            }
        }
    for (int64_t i = 0; i < size; i++)
        for (int64_t j = 0; j < size; j++) {
            double *p = products + i * size + j;
            *p = *p / (double)n - mean[i] / (double)n * (mean[j] / (double)n);
        }
    for (int64_t i = 0; i < size; i++) mean[i] = (double)x[i] + mean[i] / (double)n;
}

void window_moments_of(const double *mean, const double *products, int64_t size, const float *filter,
                       double *filter_mean, double *variance)
{
    double m = 0, v = 0;
    for (int64_t i = 0; i < size; i++) {
        double part = 0;
        m += (double)filter[i] * mean[i];
        for (int64_t j = 0; j < size; j++) part += (double)filter[j] * products[i * size + j];
        v += (double)filter[i] * part;
    }
    *filter_mean = m;
    *variance = v > 0 ? v : 0;
}
