/* Lower bounds in half precision, many at a time: which are at most a limit, and packing new ones rounded down. One set
 * of functions per instruction set; all give the same results. Used by codebook/kmeans_bounds.c and its test. Local. */
#pragma once

#include "tensor/isa.h"

#include <stddef.h>
#include <stdint.h>

typedef struct bound_scan {
    const char *name; /* that of `isa` */
    enum isa isa;

    /* Whether bounds[g] - moved[g] <= limit (in fp32) for any g < n. */
    int (*any)(const uint16_t *bounds, const float *moved, int64_t n, float limit);

    /* Those g, ascending, into which (room for n + 16); returns how many. */
    int64_t (*below)(const uint16_t *bounds, const float *moved, int64_t n, float limit, uint32_t *which);

    /* out[i] = (sqrt(max(0, base[i] + least[i])) * down + moved) * down * unit, as a half rounded towards zero; down =
     * 1 - 2^-20 makes up for the roundings. */
    void (*pack8)(const float base[8], const float least[8], float moved, float unit, uint16_t out[8]);
} bound_scan;

/* Variant i, fastest first, whether or not this processor has it; NULL behind the last. */
const bound_scan *bound_scan_at(size_t i);

/* The one of isa_best(). */
const bound_scan *bound_scan_best(void);

/* x, not below zero, as a half rounded towards zero. */
uint16_t bound_pack(float x);
