/* Plain text to ids: what all algorithms share. Local. */
#pragma once

#include "text/sentencepiece_model.h"

/* Ids as they are found. Each stands for at least one byte of the plain text, so there is room from the start. */
typedef struct spm_ids {
    const spm_model *model;
    uint32_t *ids;
    size_t n;
    int after_unknown;
} spm_ids;

/* Add the id of a stretch of text; SPM_NONE where no piece is known: its bytes with byte_fallback, else the unknown
 * piece, once for several in a row. */
void spm_ids_add(spm_ids *o, uint32_t id, const char *bytes, size_t n);
