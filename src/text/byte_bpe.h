/* A tokenizer whose model is byte-pair encoding: what tokenizer.json and tiktoken files become. Text goes through added
 * tokens, the normalizer, the second set of added tokens, the splits, then the model. All Local. */
#pragma once

#include "text/added_tokens.h"
#include "text/bpe.h"
#include "text/normalizer.h"
#include "text/text_split.h"

typedef struct byte_bpe {
    bpe model;
    added_tokens raw; /* found in the text as it is */
    normalizer normalizer;
    added_tokens normalized; /* found after it */
    text_split split;
    uint8_t *special; /* by id */
    size_t special_capacity;
    int parse_specials; /* special tokens are found in text */
    int64_t begin, end; /* -1: none */
    uint32_t **ids;     /* of the call */
    size_t *capacity, *count;
} byte_bpe;

/* Empty, with begin and end -1. ERR_MEMORY. Caller: byte_bpe_free (NULL-safe). */
int byte_bpe_create(byte_bpe **out);
void byte_bpe_free(byte_bpe **b);

/* Mark an id that has a piece as special. ERR_MEMORY. */
int byte_bpe_set_special(byte_bpe *b, uint32_t id);

/* When all is filled in. ERR_MEMORY. */
int byte_bpe_prepare(byte_bpe *b);

/* Whether special tokens that stand in a text become their ids (1) or are text like other text (0, after create). */
void byte_bpe_parse_specials(byte_bpe *b, int parse);

/* As in tokenizer_kind.h. */
int64_t byte_bpe_size(const void *state);
int byte_bpe_encode(void *state, const char *text, size_t n, uint32_t **ids, size_t *capacity, size_t *count);
int byte_bpe_decode(const void *state, const uint32_t *ids, size_t n, char **text, size_t *capacity, size_t *count);
const char *byte_bpe_piece(const void *state, uint32_t id, size_t *n);
int64_t byte_bpe_begin(const void *state);
int64_t byte_bpe_end(const void *state);
void byte_bpe_close(void **state);
