/* Scores of one row against all centroids: turn products into scores, find the least, list those up to a limit. One set
 * of functions per instruction set; all give the same results. Used by assigner.c and its test. Local. */
#pragma once

#include "tensor/isa.h"

#include <stddef.h>
#include <stdint.h>

typedef struct score_scan {
    const char *name; /* that of `isa` */
    enum isa isa;

    /* values[j] = norms[j] - 2 * values[j] - factor * lengths[j] (each operation rounded), no NaN; returns the least of
     * the k. */
    float (*least)(const float *norms, const float *lengths, float factor, int64_t k, float *values);

    /* The least of the k values, none a NaN. */
    float (*lowest)(const float *values, int64_t k);

    /* The j of all values[j] <= limit, ascending, into codes (room for k); returns how many. */
    int64_t (*up_to)(const float *values, int64_t k, float limit, uint32_t *codes);
} score_scan;

/* Variant i, fastest first, whether or not this processor has it; NULL behind the last. */
const score_scan *score_scan_at(size_t i);

/* The one of isa_best(). */
const score_scan *score_scan_best(void);
