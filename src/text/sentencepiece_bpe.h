/* BPE models: the neighbours whose piece has the highest score merge first, the leftmost of equals. Local. */
#pragma once

#include "text/sentencepiece_cut.h"
#include "text/sentencepiece_heap.h"
#include "text/sentencepiece_merges.h"
#include "text/sentencepiece_trie.h"

typedef struct spm_bpe {
    const spm_model *model;
    const spm_trie *kept; /* user-defined pieces */
    spm_merges merges;
    spm_heap heap;
    int has_unused;            /* pieces that merge, and come apart again at the end */
    int split_before_space;    /* no piece has a space behind another character */
    int split_behind_space;    /* no piece has another character behind a space */
    unsigned char starts[256]; /* whether a user-defined piece begins with this byte */
    uint32_t *parts;           /* of the word in hand */
    uint32_t *begins;          /* where each part begins in the text, and the end of the last */
    size_t n, n_parts, n_begins;
} spm_bpe;

/* The model, the index (all pieces are in it) and `kept` must outlive it. The caller frees it with spm_bpe_free, also
 * after an error. ERR_MEMORY. */
int spm_bpe_create(spm_bpe *b, const spm_model *m, const spm_index *index, const spm_trie *kept);
void spm_bpe_free(spm_bpe *b);

/* Cut n bytes of plain text, n < 2^31. ERR_MEMORY. */
int spm_bpe_cut(spm_bpe *b, const char *text, size_t n, spm_ids *out);
