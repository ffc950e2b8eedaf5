/* Runs of equal ids as one id and a duration ("reduced units"), and back. Sums of durations are the numbers of ids
 * before. Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Reduce n ids in place and write the length of each run; `durations` has room for n. Returns the number of runs. A run
 * of more than 2^32 - 1 ids becomes several. */
size_t run_length_reduce(uint32_t *ids, size_t n, uint32_t *durations);

/* Ids before the reduction; ERR_LIMIT when the sum overflows. */
int run_length_total(const uint32_t *durations, size_t n, size_t *total);

/* The opposite: `out` has room for run_length_total ids. */
void run_length_expand(const uint32_t *ids, const uint32_t *durations, size_t n, uint32_t *out);
