/* Text to ids. `bytes`: id = byte of the UTF-8 text. Local. */
#pragma once

#include "config/options.h"

typedef struct text_options {
    int tokenizer;     /* bytes */
    int64_t max_bytes; /* ERR_LIMIT above; 0: none */
} text_options;
extern const option_table text_options_table;

typedef struct text_tokenizer text_tokenizer;
int text_tokenizer_create(text_tokenizer **out, const text_options *o);
void text_tokenizer_free(text_tokenizer **t);
const char *text_tokenizer_name(const text_tokenizer *t);
int64_t text_tokenizer_size(const text_tokenizer *t);

/* ids for n bytes; *ids is grown as needed (mem_grow), *count set. ERR_LIMIT, ERR_INVALID when the text is not UTF-8.
 */
int text_tokenizer_encode(text_tokenizer *t, const char *bytes, size_t n, uint32_t **ids, size_t *capacity,
                          size_t *count);
