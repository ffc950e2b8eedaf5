/* Text to ids: the bytes of the text, or what a tokenizer file says. Local. */
#pragma once

#include "config/options.h"

typedef enum text_tokenizer_choice {
    TOKENIZER_BYTES,
    TOKENIZER_AUTO /* then the kinds, see tokenizer.c */
} text_tokenizer_choice;

typedef struct text_options {
    int tokenizer;      /* text_tokenizer_choice, or a kind */
    char *path;         /* its file; NULL or "": none */
    char *specials;     /* special tokens of a tiktoken file */
    char *pattern;      /* how a tiktoken file cuts text */
    int special_tokens; /* 1: those that stand in a text become their ids */
    int64_t max_bytes;  /* ERR_LIMIT above; 0: none */
} text_options;
extern const option_table text_options_table;

typedef struct text_tokenizer text_tokenizer;

/* ERR_CONFIG (names key and file), ERR_MEMORY. Caller: text_tokenizer_free (NULL-safe). */
int text_tokenizer_create(text_tokenizer **out, const text_options *o);
void text_tokenizer_free(text_tokenizer **t);

/* "bytes", "bpe", ...; SHA-256 of its files, "" for bytes; its ids are 0 .. size - 1. */
const char *text_tokenizer_name(const text_tokenizer *t);
const char *text_tokenizer_sha256(const text_tokenizer *t);
int64_t text_tokenizer_size(const text_tokenizer *t);

/* Ids of its own begin and end tokens, -1 where there is none. */
int64_t text_tokenizer_begin(const text_tokenizer *t);
int64_t text_tokenizer_end(const text_tokenizer *t);

/* ids for n bytes; *ids is grown as needed (mem_grow), *count set. ERR_LIMIT, ERR_INVALID when the text is not UTF-8.
 */
int text_tokenizer_encode(text_tokenizer *t, const char *bytes, size_t n, uint32_t **ids, size_t *capacity,
                          size_t *count);

/* Text of ids below size; *text is grown as needed, *count set. It may begin or end within a character. ERR_MEMORY. */
int text_tokenizer_decode(const text_tokenizer *t, const uint32_t *ids, size_t n, char **text, size_t *capacity,
                          size_t *count);

/* The same of neighbouring ids that are not all of a text; `later`: others of it come before them. The bytes of all
 * parts, one after the other, are those of the whole; a later part keeps spaces that the whole loses where none but
 * spaces come before it, and rules by which a SentencePiece model changes a text after decoding (few have any) see each
 * part by itself. */
int text_tokenizer_decode_part(const text_tokenizer *t, int later, const uint32_t *ids, size_t n, char **text,
                               size_t *capacity, size_t *count);

/* Bytes of one id, for people; n = 0 when the id has none. They last until the next call. */
const char *text_tokenizer_piece(text_tokenizer *t, uint32_t id, size_t *n);
