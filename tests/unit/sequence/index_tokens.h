/* The joint ids that an index file stands for, read plainly and without the code under test. */
#pragma once

#include "store/h5.h"

typedef struct index_tokens {
    int64_t n_sequences;
    int64_t *offsets; /* (n_sequences + 1) first token of each sequence */
    uint32_t *ids;    /* (tokens), and so are the next three */
    uint8_t *loss, *begins, *kind;
} index_tokens;

/* Fails the running test on any error. */
void index_tokens_read(index_tokens *x, const char *index_path, char *const *shard_paths, size_t n_shards);
void index_tokens_free(index_tokens *x);

/* How many documents or pieces are exactly these ids. */
int64_t index_tokens_count(const index_tokens *x, const uint32_t *ids, int64_t n);

/* Tokens of the longest document or piece of a sequence. */
int64_t index_tokens_longest(const index_tokens *x, int64_t sequence);
