/* The inner sum of the resampler, for several outputs at once: one set of bits on every instruction set. Local. */
#pragma once

#include "tensor/isa.h"

#include <stddef.h>

/* Taps of a filter are a multiple of the lanes; DOT_OUTPUTS sums are computed together. */
enum { DOT_LANES = 8, DOT_OUTPUTS = 4 };

/* out[i] = sum over k of h[i][k] x[i][k], k < n: eight running sums, product and sum each rounded, then the tree ((0+4)
 * + (2+6)) + ((1+5) + (3+7)). */
typedef struct resample_dot {
    const char *name;
    enum isa isa;
    void (*run)(const float *const h[DOT_OUTPUTS], const float *const x[DOT_OUTPUTS], size_t n, float out[DOT_OUTPUTS]);
} resample_dot;

/* In descending order of isa; NULL behind the last. */
const resample_dot *resample_dot_at(size_t i);
const resample_dot *resample_dot_best(void);
