/* Rules "these bytes become those" as models hold them: a double array of 32-bit units (Darts-clone) whose values are
 * places in a block of zero-terminated texts. Local. */
#pragma once

#include "text/sentencepiece_model.h"

typedef struct spm_charsmap {
    uint32_t *units;
    size_t n;
    const char *texts; /* borrowed from the model; the last byte is zero */
    size_t n_texts;
    unsigned char starts[256]; /* whether a rule begins with this byte */
} spm_charsmap;

/* Read and check the map of a model, which must outlive it; an empty one has no rules. The caller frees it with
 * spm_charsmap_free, also after an error. ERR_CONFIG: damaged. */
int spm_charsmap_read(spm_charsmap *c, const char *path, spm_text map);
void spm_charsmap_free(spm_charsmap *c);

/* Bytes of the longest rule that the text begins with, and what they become; 0 when there is none. Of rules that begin
 * with one another only the first 32 count. */
size_t spm_charsmap_match(const spm_charsmap *c, const char *text, size_t n, spm_text *becomes);
