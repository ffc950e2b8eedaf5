#include "tensor/row_norm.h"

#include "tensor/bf16_of.h"
#include "tensor/isa.h"
#include "tensor/lanes.h"

#include <math.h>

typedef struct task {
    int64_t n;
    const float *weight, *bias;
    float epsilon;
} task;

LANES_INLINE float sum_of(const float *x, int64_t n)
{
    lanes sum = {0};
    int64_t w = 0;
    for (; w + LANES_N <= n; w += LANES_N) sum += lanes_load(x + w);
    for (int l = 0; w + l < n; l++) sum[l] += x[w + l];
    return lanes_sum(sum);
}

LANES_INLINE void one_row(const task *t, const float *x, float *whole, uint16_t *half)
{
    int64_t n = t->n, w = 0;
    float first = sum_of(x, n) / (float)n;
    lanes off = {0}, squares = {0};
    for (; w + LANES_N <= n; w += LANES_N) {
        lanes d = lanes_load(x + w) - first;
        off += d;
        squares += d * d;
    }
    for (int l = 0; w + l < n; l++) {
        float d = x[w + l] - first;
        off[l] += d;
        squares[l] += d * d;
    }
    double correction = (double)lanes_sum(off) / (double)n;
    double variance = (double)lanes_sum(squares) / (double)n - correction * correction;
    float scale = (float)(1 / sqrt((variance > 0 ? variance : 0) + (double)t->epsilon)), rest = (float)correction;
    const float *restrict weight = t->weight, *restrict bias = t->bias;
    if (half)
        for (w = 0; w < n; w++) {
            float y = (x[w] - first - rest) * scale * weight[w] + bias[w];
            half[w] = bf16_of(y);
            if (whole) whole[w] = y;
        }
    else
        for (w = 0; w < n; w++) whole[w] = (x[w] - first - rest) * scale * weight[w] + bias[w];
}

LANES_DEFINE(norm, (const task *t, const float *x, float *whole, uint16_t *half), one_row(t, x, whole, half))

void row_norm(const float *x, int64_t x_stride, int64_t m, int64_t n, const float *weight, const float *bias,
              float epsilon, float *whole, int64_t whole_stride, uint16_t *half, int64_t half_stride)
{
    task t = {n, weight, bias, epsilon};
    for (int64_t i = 0; i < m; i++)
        norm_variants[isa_best()](&t, x + i * x_stride, whole ? whole + i * whole_stride : NULL,
                                  half ? half + i * half_stride : NULL);
}
