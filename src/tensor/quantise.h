/* Ranges of fp32 vectors and their rounding to 8-bit steps. One set of functions per instruction set; all give the same
 * results. Used by codebook/filter*.c. Local. */
#pragma once

#include "tensor/isa.h"

#include <stddef.h>
#include <stdint.h>

enum { QUANTISE_LEVELS = 127, QUANTISE_LANES = 16 };

typedef struct quantise_kernel {
    const char *name; /* that of `isa` */
    enum isa isa;

    /* out = x - centre (out may be x); sums[l] adds the squares of out[l], out[l + 16] ... in fp64. */
    void (*centre)(const float *x, const float *centre, int64_t n, float *out, double sums[QUANTISE_LANES]);

    /* Largest magnitude of y (n), and the squares by lanes as above. */
    float (*range)(const float *y, int64_t n, double sums[QUANTISE_LANES]);

    /* q[w] = y[w] * inverse to the nearest whole number (even on ties), at most 127 in magnitude, plus shift;
     * residuals[l] adds, by lanes, the fp32 squares of y[w] - s * (q[w] - shift); squares[l] those of q[w] - shift. */
    void (*steps)(const float *y, int64_t n, float s, float inverse, int shift, uint8_t *q,
                  float residuals[QUANTISE_LANES], int32_t squares[QUANTISE_LANES]);
} quantise_kernel;

/* Variant i, fastest first, whether or not this processor has it; NULL behind the last. */
const quantise_kernel *quantise_kernel_at(size_t i);

/* The one of isa_best(). */
const quantise_kernel *quantise_kernel_best(void);
