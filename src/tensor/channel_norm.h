/* What follows the statistics of a normalisation over time (GroupNorm with one channel per group), with GELU. Local. */
#pragma once

#include <stdint.h>

/* gelu((x - mean) * scale + bias) for x (m, channels), to `whole` or, as bf16, to `half` (the other is NULL); mean,
 * scale, bias (channels). The same bits on every instruction set. */
void channel_norm_gelu(const float *x, int64_t m, int64_t channels, const float *mean, const float *scale,
                       const float *bias, float *whole, uint16_t *half);
