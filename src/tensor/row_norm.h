/* Layer normalisation of rows: y = (x - mean) / sqrt(variance + epsilon) * weight + bias, population variance (Ba et
 * al. 2016, arXiv:1607.06450). Sums over 16 lanes; the variance is taken about a first mean and corrected by what that
 * one is off. A row's numbers depend on nothing else, and are the same on every instruction set. Local. */
#pragma once

#include <stdint.h>

/* x (m, n), rows x_stride apart; weight and bias (n). Results go to `whole` (NULL: not wanted; may be x) and, rounded,
 * to `half` as bf16 (NULL: not wanted), rows whole_stride and half_stride apart. */
void row_norm(const float *x, int64_t x_stride, int64_t m, int64_t n, const float *weight, const float *bias,
              float epsilon, float *whole, int64_t whole_stride, uint16_t *half, int64_t half_stride);
