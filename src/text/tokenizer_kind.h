/* What every kind of tokenizer file offers; tokenizer.c holds the table of kinds. All Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct tokenizer_kind {
    const char *label; /* "bpe", "tiktoken", "sentencepiece" */
    /* Whether these are the bytes of such a file. */
    int (*detect)(const uint8_t *bytes, size_t n);
    /* `path` for messages only; `bytes` may go after the call. ERR_CONFIG names what is not supported. */
    int (*open)(void **state, const char *path, const uint8_t *bytes, size_t n);
    void (*close)(void **state);
    int64_t (*size)(const void *state); /* ids are 0 .. size - 1 */
    /* Ids of n bytes of valid UTF-8 without special tokens put around: *count ids in *ids, grown with mem_grow. */
    int (*encode)(void *state, const char *text, size_t n, uint32_t **ids, size_t *capacity, size_t *count);
    /* Text of ids, *text grown. */
    int (*decode)(const void *state, const uint32_t *ids, size_t n, char **text, size_t *capacity, size_t *count);
    /* Bytes of one id, for people; not zero-terminated. */
    const char *(*piece)(const void *state, uint32_t id, size_t *n);
    /* Ids of its own begin and end tokens, -1 where there is none. */
    int64_t (*begin)(const void *state);
    int64_t (*end)(const void *state);
    /* Text of ids that are not all of a text (text/tokenizer.h); NULL: decode does it. */
    int (*decode_part)(const void *state, int later, const uint32_t *ids, size_t n, char **text, size_t *capacity,
                       size_t *count);
} tokenizer_kind;
