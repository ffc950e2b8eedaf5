#include "tensor/row_softmax.h"

#include "tensor/bf16_of.h"
#include "tensor/exp_of.h"
#include "tensor/isa.h"
#include "tensor/lanes.h"

LANES_INLINE float largest_of(const float *x, int64_t n)
{
    float most = x[0];
    int64_t w = 0;
    if (n >= LANES_N) {
        lanes m = lanes_load(x);
        for (w = LANES_N; w + LANES_N <= n; w += LANES_N) m = lanes_greater(lanes_load(x + w), m);
        for (int l = 0; l < LANES_N; l++) most = m[l] > most ? m[l] : most;
    }
    for (; w < n; w++) most = x[w] > most ? x[w] : most;
    return most;
}

LANES_INLINE void one_row(float *x, int64_t n, float scale, float *result, uint16_t *half)
{
    float most = largest_of(x, n);
    lanes sum = {0};
    int64_t w;
    for (w = 0; w < n; w++) x[w] = exp_of((x[w] - most) * scale);
    for (w = 0; w + LANES_N <= n; w += LANES_N) sum += lanes_load(x + w);
    for (int l = 0; w + l < n; l++) sum[l] += x[w + l];
    *result = lanes_sum(sum);
    for (w = 0; half && w < n; w++) half[w] = bf16_of(x[w]);
}

LANES_INLINE void divide_row(float *x, int64_t n, float sum, uint16_t *half)
{
    if (half)
        for (int64_t w = 0; w < n; w++) half[w] = bf16_of(x[w] / sum);
    else
        for (int64_t w = 0; w < n; w++) x[w] /= sum;
}

LANES_DEFINE(softmax, (float *x, int64_t n, float scale, float *result, uint16_t *half),
             one_row(x, n, scale, result, half))
LANES_DEFINE(divide, (float *x, int64_t n, float sum, uint16_t *half), divide_row(x, n, sum, half))

void row_softmax(float *x, int64_t stride, int64_t m, int64_t n, float scale, float *sums)
{
    for (int64_t i = 0; i < m; i++) softmax_variants[isa_best()](x + i * stride, n, scale, sums + i, NULL);
}

void row_softmax_half(float *x, int64_t stride, int64_t m, int64_t n, float scale, float *sums, uint16_t *half,
                      int64_t half_stride)
{
    for (int64_t i = 0; i < m; i++)
        softmax_variants[isa_best()](x + i * stride, n, scale, sums + i, half + i * half_stride);
}

void row_divide(float *x, int64_t stride, int64_t m, int64_t n, const float *sums, uint16_t *half, int64_t half_stride)
{
    for (int64_t i = 0; i < m; i++)
        divide_variants[isa_best()](x + i * stride, n, sums[i], half ? half + i * half_stride : NULL);
}
