/* Merges of byte-pair encoding: which two neighbours become one, and which pair comes first. All Local. */
#pragma once

#include "text/piece_table.h"

enum { MERGES_MAX = (1 << 22) - 2 };

typedef struct merge_table {
    uint64_t *slots; /* left id, right id, rank: 21 + 21 + 22 bits; all ones: empty */
    size_t n_slots, used;
    uint32_t *merged; /* by rank: the id that the pair becomes */
    size_t n_merged, merged_capacity;
    /* room for words that are too long for a plain search */
    uint64_t *heap;
    int64_t *before, *after;
    uint32_t *ranks; /* of each symbol and the one after it */
    size_t heap_capacity, before_capacity, after_capacity, ranks_capacity;
} merge_table;

/* Let left + right become `id`, as the next rank; of the same pair the last counts. ERR_CONFIG with too many,
 * ERR_MEMORY. */
int merge_table_add(merge_table *t, uint32_t left, uint32_t right, uint32_t id);

/* The same for ranks that are ids: each way to cut each indexed piece in two indexed pieces is a pair. ERR_MEMORY,
 * ERR_CONFIG. */
int merge_table_add_all(merge_table *t, const piece_table *pieces);

/* Merge n ids in place, lowest rank first, leftmost of equals; *n is the new number. O(n log n). ERR_MEMORY. */
int merge_table_run(merge_table *t, uint32_t *ids, size_t *n);

void merge_table_free(merge_table *t);
