/* A long list of 64-bit words in chunks, so that growing copies nothing. A zeroed list is empty. Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { WORD_LIST_CHUNK = 1 << 16 };

typedef struct word_list {
    int64_t **chunks;
    size_t n_chunks, chunks_capacity;
    int64_t n; /* words; may be set back to drop the last ones */
} word_list;

int word_list_add(word_list *l, int64_t word); /* ERR_MEMORY */
void word_list_free(word_list *l);

static inline int64_t *word_list_at(const word_list *l, int64_t i)
{
    return &l->chunks[i / WORD_LIST_CHUNK][i % WORD_LIST_CHUNK];
}
