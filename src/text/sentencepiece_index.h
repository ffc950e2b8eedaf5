/* Pieces by their text: a hash table. Local. */
#pragma once

#include "text/sentencepiece_model.h"

typedef struct spm_index {
    const spm_model *model;
    uint32_t *slots; /* ids; SPM_NONE: free */
    size_t mask;
} spm_index;

/* Ready for all pieces of a model, which must outlive it; none in it yet. The caller frees it with spm_index_free. */
int spm_index_create(spm_index *x, const spm_model *m);
void spm_index_free(spm_index *x);

/* Put piece `id` in; 0 when its text is there already, else 1. */
int spm_index_add(spm_index *x, uint32_t id);

/* The piece of this text, or SPM_NONE. */
uint32_t spm_index_find(const spm_index *x, const char *bytes, size_t n);
