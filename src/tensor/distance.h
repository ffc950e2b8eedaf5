/* Squared distances in fp64 in one fixed order, the same bits on every processor: what decides which centroid is
 * nearest. 32 lanes; lane l adds the squares of elements l, l + 32, ... by fused multiply-adds in ascending order from
 * zero; then lanes l and l + 16 are added, l and l + 8, 4, 2, 1. All Local. */
#pragma once

#include "tensor/isa.h"

#include <stddef.h>
#include <stdint.h>

typedef struct distance_kernel {
    const char *name; /* that of `isa` */
    enum isa isa;
    double (*floats)(const float *x, const float *c, int64_t d);
    double (*halves)(const uint16_t *x, const float *c, int64_t d); /* x in half precision */

    /* The same in fp32, for a first look: 64 lanes, folded alike. Off by at most distance_quick_error of the result,
     * which is relative, since all terms are positive (and 2^-120 where they underflow). */
    float (*quick_floats)(const float *x, const float *c, int64_t d);
    float (*quick_halves)(const uint16_t *x, const float *c, int64_t d);
} distance_kernel;

/* A difference and a square are rounded, then d / 64 additions in a lane and 6 to fold the lanes. */
static inline double distance_quick_error(int64_t d) { return (double)(d / 64 + 12) * 0x1p-24 * 1.01; }

/* Kernel i, fastest first, whether or not this processor has it; NULL behind the last. */
const distance_kernel *distance_kernel_at(size_t i);

/* The one of isa_best(). */
const distance_kernel *distance_kernel_best(void);
