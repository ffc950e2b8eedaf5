/* Text before it is cut: character rules, spaces, and the mark of a space. Local. */
#pragma once

#include "text/sentencepiece_charsmap.h"
#include "text/sentencepiece_trie.h"

typedef struct spm_normalizer {
    spm_rules rules;
    int space_is_suffix;
    spm_charsmap map;
    const spm_trie *kept;      /* user-defined pieces, which stay as they are; NULL: none */
    unsigned char starts[256]; /* whether a rule or a kept piece begins with this byte */
    unsigned char plain[256];  /* whether this byte is a character that stays */
} spm_normalizer;

/* The caller frees it with spm_normalizer_free, also after an error. ERR_CONFIG: damaged. */
int spm_normalizer_create(spm_normalizer *z, const char *path, const spm_rules *rules, int space_is_suffix,
                          const spm_trie *kept);
void spm_normalizer_free(spm_normalizer *z);

/* Plain form of n bytes: *count bytes in *out, which is grown. ERR_MEMORY. */
int spm_normalize(const spm_normalizer *z, const char *text, size_t n, char **out, size_t *capacity, size_t *count);
