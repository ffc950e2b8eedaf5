/* Word and character models: each word (a space and what follows it) or character is one piece. Local. */
#pragma once

#include "text/sentencepiece_cut.h"
#include "text/sentencepiece_index.h"
#include "text/sentencepiece_trie.h"

/* Cut n bytes of plain text. `index` holds the pieces that text may become. */
void spm_cut_words(const spm_index *index, const char *text, size_t n, spm_ids *out);

/* The same by characters; user-defined pieces (`kept`) stay whole. */
void spm_cut_chars(const spm_index *index, const spm_trie *kept, const char *text, size_t n, spm_ids *out);
