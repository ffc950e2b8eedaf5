/* Best-fit decreasing bin packing (Ding and others, Fewer Truncations Improve Language Modeling, arXiv 2404.10830).
 * Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define BEST_FIT_NONE UINT32_MAX

/* Place n items into bins of `capacity` tokens: the longest first, equal ones in their order here, each into the open
 * bin with the least room that is enough (of several the one filled last), else into a new bin.
 *
 *   lengths   (n) tokens, 0..capacity; items of length 0 are left out
 *   bin       out, (n): number of the item's bin in order of opening; BEST_FIT_NONE for those left out
 *   n_bins    out
 *
 * Time n log capacity, memory 8 n + 4 capacity bytes. ERR_INTERNAL (a length above capacity), ERR_LIMIT (2^32 - 1 items
 * or more), ERR_MEMORY. */
int best_fit(const uint32_t *lengths, size_t n, uint32_t capacity, uint32_t *bin, size_t *n_bins);
