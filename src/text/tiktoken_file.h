/* tiktoken rank files: a line per token, its bytes in base64 and its rank, which is its id. The pattern that cuts text
 * and the special tokens stand elsewhere. All Local. */
#pragma once

#include "text/byte_bpe.h"
#include "text/tokenizer_kind.h"

extern const tokenizer_kind tiktoken_kind;

/* How text is cut: "gpt2", "llama3", "qwen", "cl100k", "o200k", or a regular expression, of which the matches alone are
 * kept. Call once after open. ERR_CONFIG, ERR_MEMORY. */
int tiktoken_set_pattern(byte_bpe *b, const char *pattern);

/* Special tokens from JSON: {"<|name|>": id, ...}, or tokenizer_config.json with its "added_tokens_decoder".
 * ERR_CONFIG, ERR_MEMORY. */
int tiktoken_add_specials(byte_bpe *b, const char *path, const uint8_t *bytes, size_t n);
