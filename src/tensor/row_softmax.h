/* Softmax of rows as attention wants it: exp(scale (x - maximum)) of each number and the sum of these, by which the
 * caller divides what it makes of them. Sums over 16 lanes in fp32. A row's numbers depend on nothing else, and are the
 * same on every instruction set. Local. */
#pragma once

#include <stdint.h>

/* x (m, n), rows `stride` apart, in place; sums (m). scale > 0. */
void row_softmax(float *x, int64_t stride, int64_t m, int64_t n, float scale, float *sums);

/* The same, but the exponentials go to `half` as bf16 (the sums are of the unrounded ones); x is scratch. */
void row_softmax_half(float *x, int64_t stride, int64_t m, int64_t n, float scale, float *sums, uint16_t *half,
                      int64_t half_stride);

/* Rows divided by their sums: x (m, n), in place or, with `half`, there as bf16. */
void row_divide(float *x, int64_t stride, int64_t m, int64_t n, const float *sums, uint16_t *half, int64_t half_stride);
