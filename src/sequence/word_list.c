#include "sequence/word_list.h"

#include "base/memory.h"
#include "base/status.h"

#include <string.h>

int word_list_add(word_list *l, int64_t word)
{
    int rc = OK;
    if (l->n == (int64_t)l->n_chunks * WORD_LIST_CHUNK) {
        TRY(MEM_GROW(l->chunks, &l->chunks_capacity, l->n_chunks + 1));
        TRY(MEM_ALLOC(l->chunks[l->n_chunks], WORD_LIST_CHUNK));
        l->n_chunks++;
    }
    *word_list_at(l, l->n++) = word;
done:
    return rc;
}

void word_list_free(word_list *l)
{
    for (size_t i = 0; i < l->n_chunks; i++) mem_free(&l->chunks[i]);
    mem_free(&l->chunks);
    memset(l, 0, sizeof *l);
}
