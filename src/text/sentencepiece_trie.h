/* Pieces as a trie in one array: the child of a node by byte c is at base ^ c, and says whose child it is. Local. */
#pragma once

#include "text/sentencepiece_model.h"

typedef struct spm_unit {
    uint32_t base;   /* base ^ c stays in the same block of 256 units */
    uint32_t parent; /* SPM_NONE: free */
    uint32_t id;     /* the piece that ends here, or SPM_NONE */
    float score;     /* of that piece */
} spm_unit;

typedef struct spm_trie {
    spm_unit *units; /* the root is the first */
    size_t n, capacity;
} spm_trie;

/* Build from n pieces (ids), which must differ in their texts; ids are sorted by text on the way. n = 0: an empty trie.
 * The caller frees it with spm_trie_free, also after an error. ERR_MEMORY. */
int spm_trie_build(spm_trie *t, const spm_model *m, uint32_t *ids, size_t n);
void spm_trie_free(spm_trie *t);

/* The child of node `at` by byte c, or 0, which is no child. */
static inline uint32_t spm_trie_step(const spm_trie *t, uint32_t at, unsigned char c)
{
    const uint32_t next = t->units[at].base ^ c;
    return t->units[next].parent == at ? next : 0;
}

/* Bytes of the longest piece that the text begins with, and its id; 0 when there is none. Of pieces that begin with one
 * another only the first 64 count. */
size_t spm_trie_longest(const spm_trie *t, const char *text, size_t n, uint32_t *id);
