/* Byte-pair encoding of one piece of text: its bytes or characters as ids, then merges. All Local. */
#pragma once

#include "text/merge_table.h"
#include "text/piece_table.h"

typedef struct bpe_cache bpe_cache;

typedef struct bpe {
    piece_table pieces; /* indexed: those that text can become; others stand there for decoding */
    merge_table merges;
    int by_character;      /* else by byte */
    int whole_first;       /* a piece that is in the vocabulary is one id, whatever the merges say */
    int byte_fallback;     /* by character: bytes of unknown characters */
    int fuse_unknown;      /* unknown characters in a row are one id */
    int64_t unknown;       /* id of what is unknown; -1: it is left out */
    int64_t byte_ids[256]; /* of each byte (by character: of <0xHH>); -1: none */
    const uint8_t *barred; /* by id, may be NULL: whole pieces that must not be found (special tokens) */
    bpe_cache *cache;      /* of short words */
} bpe;

/* After `pieces` is filled: find the ids of bytes, make the cache. ERR_MEMORY. */
int bpe_prepare(bpe *b);

/* Append the ids of one piece of n bytes of UTF-8 at *count. ERR_MEMORY. */
int bpe_encode(bpe *b, const char *text, size_t n, uint32_t **ids, size_t *capacity, size_t *count);

void bpe_free(bpe *b);
