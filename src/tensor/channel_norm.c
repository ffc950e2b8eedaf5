#include "tensor/channel_norm.h"

#include "tensor/bf16_of.h"
#include "tensor/gelu.h"
#include "tensor/isa.h"
#include "tensor/lanes.h"

#include <math.h>
#include <string.h>

void channel_norm_begin(channel_norm *c)
{
    c->n = 0;
    memset(c->sum, 0, (size_t)c->channels * sizeof *c->sum);
    memset(c->squares, 0, (size_t)c->channels * sizeof *c->squares);
}

/* Up to 16 channels at a time: their sums stay in registers while the rows go by. */
LANES_INLINE void add_some(const int n, const float *x, int64_t stride, int64_t m, const float *shift, double *sum,
                           double *squares)
{
    double s[LANES_N], q[LANES_N];
    for (int l = 0; l < n; l++) s[l] = sum[l], q[l] = squares[l];
    for (int64_t i = 0; i < m; i++, x += stride)
        for (int l = 0; l < n; l++) {
            double d = (double)x[l] - (double)shift[l];
            s[l] += d;
            q[l] += d * d;
        }
    for (int l = 0; l < n; l++) sum[l] = s[l], squares[l] = q[l];
}

LANES_INLINE void add_rows(channel_norm *c, const float *x, int64_t m)
{
    int64_t w = 0;
    for (; w + LANES_N <= c->channels; w += LANES_N)
        add_some(LANES_N, x + w, c->channels, m, c->shift + w, c->sum + w, c->squares + w);
    for (; w < c->channels; w++) add_some(1, x + w, c->channels, m, c->shift + w, c->sum + w, c->squares + w);
}

LANES_INLINE void gelu_rows(const channel_norm *c, const float *x, int64_t m, float *whole, uint16_t *half)
{
    const float *restrict mean = c->mean, *restrict scale = c->scale, *restrict bias = c->bias;
    int64_t n = c->channels;
    for (int64_t i = 0; i < m; i++, x += n)
        if (half)
            for (int64_t w = 0; w < n; w++) half[i * n + w] = bf16_of(gelu_of((x[w] - mean[w]) * scale[w] + bias[w]));
        else
            for (int64_t w = 0; w < n; w++) whole[i * n + w] = gelu_of((x[w] - mean[w]) * scale[w] + bias[w]);
}

LANES_DEFINE(add, (channel_norm * c, const float *x, int64_t m), add_rows(c, x, m))
LANES_DEFINE(apply, (const channel_norm *c, const float *x, int64_t m, float *whole, uint16_t *half),
             gelu_rows(c, x, m, whole, half))

void channel_norm_add(channel_norm *c, const float *x, int64_t m)
{
    if (c->n == 0 && m > 0) memcpy(c->shift, x, (size_t)c->channels * sizeof *x);
    c->n += m;
    add_variants[isa_best()](c, x, m);
}

void channel_norm_finish(channel_norm *c, const float *weight, const float *bias, float epsilon)
{
    for (int64_t w = 0; w < c->channels; w++) {
        double off = c->sum[w] / (double)c->n, variance = c->squares[w] / (double)c->n - off * off;
        c->mean[w] = (float)((double)c->shift[w] + off);
        c->scale[w] = (float)((double)weight[w] / sqrt((variance > 0 ? variance : 0) + (double)epsilon));
        c->bias[w] = bias[w];
    }
}

void channel_norm_gelu(const channel_norm *c, const float *x, int64_t m, float *whole, uint16_t *half)
{
    apply_variants[isa_best()](c, x, m, whole, half);
}
