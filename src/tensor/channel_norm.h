/* Normalisation of each channel over time (GroupNorm with one channel per group): mean and population variance in fp64,
 * rows added in ascending order, so that the cut into blocks does not matter. Local. */
#pragma once

#include <stdint.h>

/* All arrays are the caller's. */
typedef struct channel_norm {
    int64_t channels, n;        /* n: rows so far */
    double *sum, *squares;      /* (channels), of x - shift */
    float *shift;               /* (channels) the first row: sums about it do not cancel */
    float *mean, *scale, *bias; /* (channels), once finished */
} channel_norm;

void channel_norm_begin(channel_norm *c);
/* x (m, channels), the next rows. */
void channel_norm_add(channel_norm *c, const float *x, int64_t m);
/* At least one row has come. */
void channel_norm_finish(channel_norm *c, const float *weight, const float *bias, float epsilon);

/* gelu((x - mean) / sqrt(variance + epsilon) * weight + bias) for x (m, channels), to `whole` or to `half` as bf16 (the
 * other is NULL). */
void channel_norm_gelu(const channel_norm *c, const float *x, int64_t m, float *whole, uint16_t *half);
