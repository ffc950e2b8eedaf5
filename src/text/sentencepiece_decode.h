/* Ids back to text. Local. */
#pragma once

#include "text/sentencepiece_normalize.h"

/* What the ids are of a text: all of it, or a part of it. */
typedef enum spm_share { SPM_WHOLE, SPM_FIRST_PART, SPM_LATER_PART } spm_share;

/* Text of n ids: *count bytes in *text, which is grown. `after`: rules for the text as a whole, or NULL. Only the
 * beginning of a text loses the space that encoding put there, and a part may begin or end within a character.
 * ERR_INVALID: an id that is no piece; ERR_MEMORY. */
int spm_decode(const spm_model *m, const spm_normalizer *after, spm_share share, const uint32_t *ids, size_t n,
               char **text, size_t *capacity, size_t *count);
