/* Which two neighbours of a BPE model merge into which piece: pieces and characters as numbers, so that no text is
 * looked at while merging. Local. */
#pragma once

#include "text/sentencepiece_index.h"

/* A part of a text while it is merged: a piece (its id), or a character that is no piece but part of one (numbers from
 * the count of pieces on); SPM_NONE for any other character, which never merges. */
typedef struct spm_merge {
    uint64_t pair; /* left part << 32 | right part; UINT64_MAX: free */
    uint32_t id;   /* the piece that they make */
    uint32_t rank; /* 0 merges first; equal for equal scores */
} spm_merge;

typedef struct spm_char_slot {
    uint64_t key; /* bytes of a character and their count; 0: free */
    uint32_t part;
} spm_char_slot;

typedef struct spm_merges {
    spm_merge *slots;
    size_t n_slots; /* a power of two */
    spm_char_slot *chars;
    size_t n_chars; /* a power of two */
    size_t n_known; /* characters in it */
    uint32_t ascii[128];
} spm_merges;

/* The caller frees it with spm_merges_free, also after an error. ERR_MEMORY. */
int spm_merges_create(spm_merges *g, const spm_model *m, const spm_index *index);
void spm_merges_free(spm_merges *g);

/* The part that a character of 1 to 4 bytes is. */
uint32_t spm_merges_char(const spm_merges *g, const char *bytes, size_t n);

/* What two parts merge into, or NULL. */
static inline const spm_merge *spm_merges_find(const spm_merges *g, uint32_t left, uint32_t right)
{
    const uint64_t pair = (uint64_t)left << 32 | right;
    size_t at = (pair * 0x9E3779B97F4A7C15u) >> 32 & (g->n_slots - 1);
    for (; g->slots[at].pair != UINT64_MAX; at = (at + 1) & (g->n_slots - 1))
        if (g->slots[at].pair == pair) return &g->slots[at];
    return NULL;
}
