/* Unigram models: the cut of a text whose pieces have the highest sum of scores. Local. */
#pragma once

#include "text/sentencepiece_cut.h"
#include "text/sentencepiece_trie.h"

typedef struct spm_path {
    float score;    /* of the best cut that ends here */
    uint32_t start; /* of its last piece; SPM_NONE: no cut ends here */
    uint32_t id;    /* SPM_NONE: unknown */
} spm_path;

typedef struct spm_unigram {
    spm_trie trie;
    float unknown_score;
    spm_path *paths;
    size_t capacity;
} spm_unigram;

/* The caller frees it with spm_unigram_free, also after an error. ERR_CONFIG: damaged; ERR_MEMORY. */
int spm_unigram_create(spm_unigram *u, const char *path, const spm_model *m);
void spm_unigram_free(spm_unigram *u);

/* Cut n bytes of plain text, n < 2^31. ERR_MEMORY. */
int spm_unigram_cut(spm_unigram *u, const char *text, size_t n, spm_ids *out);
