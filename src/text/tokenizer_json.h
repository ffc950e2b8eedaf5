/* tokenizer.json: what its parts say. "truncation", "padding" and "decoder" are not looked at: texts are neither cut
 * nor filled. All Local. */
#pragma once

#include "text/byte_bpe.h"
#include "text/tokenizer_kind.h"

#include <jansson.h>

extern const tokenizer_kind bpe_kind;

/* Parts of the file; each refuses types and settings that it does not know. ERR_CONFIG, ERR_MEMORY. */
int tokenizer_json_normalizer(byte_bpe *b, const json_t *part);
int tokenizer_json_split(byte_bpe *b, const json_t *part);
int tokenizer_json_frame(byte_bpe *b, const json_t *part);                           /* post_processor: begin and end */
int tokenizer_json_model(byte_bpe *b, const json_t *part);                           /* after the splits */
int tokenizer_json_added(byte_bpe *b, const json_t *part, const json_t *vocabulary); /* after normalizer and model */

/* Text of a key, "" if there is none; whether a key is true, with what counts when it is missing. */
const char *tokenizer_json_text(const json_t *part, const char *key);
int tokenizer_json_true(const json_t *part, const char *key, int missing);

/* ERR_CONFIG when `part` has another key than these (ends with NULL). */
int tokenizer_json_keys(const json_t *part, const char *what, const char *const *keys);
