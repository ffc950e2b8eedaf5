/* Merging of a long run of parts: pairs in a heap, n log n for n parts. And with it the pieces that are not in use,
 * which merge like others, and come apart at the end as they were last seen to be made, anywhere in the text. Local. */
#pragma once

#include "text/sentencepiece_merges.h"

typedef struct spm_heap_pair {
    uint64_t order; /* rank << 32 | left part: the lowest merges first */
    uint32_t right, id;
} spm_heap_pair;

typedef struct spm_heap_part {
    uint32_t id;             /* as in spm_merge */
    uint32_t begin, end;     /* in the text; equal once it went into another */
    uint32_t previous, next; /* SPM_NONE: none */
} spm_heap_part;

typedef struct spm_origin {
    uint32_t left, right; /* parts that last made this piece */
    uint64_t text;        /* in which text that was */
} spm_origin;

typedef struct spm_heap {
    spm_heap_part *parts;
    spm_heap_pair *pairs;
    size_t n_parts, n_pairs, parts_room, pairs_room;
    spm_origin *origins; /* per piece; NULL: all pieces are in use */
    uint64_t text;       /* number of the text in hand, from 1 on */
} spm_heap;

/* With n_origins = 0 no origins are kept. The caller frees it with spm_heap_free. ERR_MEMORY. */
int spm_heap_create(spm_heap *h, size_t n_origins);
void spm_heap_free(spm_heap *h);

/* Merge h->parts[0 .. n_parts), whose id, begin and end are set, and link what is left: the first stays the first.
 * `m` says which pieces are not in use. ERR_MEMORY. */
int spm_heap_merge(spm_heap *h, const spm_merges *g, const spm_model *m);
