/* Ids back to text. Local. */
#pragma once

#include "text/sentencepiece_normalize.h"

/* Text of n ids: *count bytes in *text, which is grown. `after`: rules for the text as a whole, or NULL. ERR_INVALID:
 * an id that is no piece; ERR_MEMORY. */
int spm_decode(const spm_model *m, const spm_normalizer *after, const uint32_t *ids, size_t n, char **text,
               size_t *capacity, size_t *count);
