#include "tensor/channel_norm.h"

#include "tensor/bf16_of.h"
#include "tensor/gelu.h"
#include "tensor/isa.h"
#include "tensor/lanes.h"

LANES_INLINE void one_row(const float *restrict x, int64_t n, const float *restrict mean, const float *restrict scale,
                          const float *restrict bias, float *restrict whole, uint16_t *restrict half)
{
    if (half)
        for (int64_t w = 0; w < n; w++) half[w] = bf16_of(gelu_of((x[w] - mean[w]) * scale[w] + bias[w]));
    else
        for (int64_t w = 0; w < n; w++) whole[w] = gelu_of((x[w] - mean[w]) * scale[w] + bias[w]);
}

LANES_DEFINE(row,
             (const float *x, int64_t n, const float *mean, const float *scale, const float *bias, float *whole,
              uint16_t *half),
             one_row(x, n, mean, scale, bias, whole, half))

void channel_norm_gelu(const float *x, int64_t m, int64_t channels, const float *mean, const float *scale,
                       const float *bias, float *whole, uint16_t *half)
{
    for (int64_t i = 0; i < m; i++)
        row_variants[isa_best()](x + i * channels, channels, mean, scale, bias, whole ? whole + i * channels : NULL,
                                 half ? half + i * channels : NULL);
}
