#include "sequence/sequence_vectors.h"

#include "base/memory.h"
#include "base/status.h"
#include "sequence/cross_ranges.h"
#include "shards/example.h"

void sequence_vectors_free(sequence_vectors *s)
{
    mem_free(&s->list);
    mem_free(&s->starts);
    mem_free(&s->ends);
    mem_free(&s->which);
    *s = (sequence_vectors){0};
}

void sequence_vectors_clear(sequence_vectors *s) { s->n = s->document = 0; }

int sequence_vectors_add(sequence_vectors *s, const vector_span *v, uint32_t at)
{
    int rc = OK;
    TRY(MEM_GROW(s->list, &s->capacity, s->n + 1));
    s->list[s->n] = *v;
    s->list[s->n].at = at;
    s->list[s->n].end = at + v->length; /* of a marker: settled at the end of the document */
    s->n++;
done:
    return rc;
}

/* Markers of pictures and of sound have ranges of their own. */
static void settle(sequence_vectors *s, uint8_t kind, uint32_t end)
{
    size_t n = 0;
    for (size_t i = s->document; i < s->n; i++) {
        if (!s->list[i].cross || s->list[i].kind != kind) continue;
        s->starts[n] = s->list[i].at;
        s->which[n++] = i;
    }
    cross_ranges(s->starts, n, end, s->ends);
    for (size_t i = 0; i < n; i++) s->list[s->which[i]].end = s->ends[i];
}

int sequence_vectors_end_document(sequence_vectors *s, uint32_t end)
{
    int rc = OK;
    if (s->capacity > s->scratch) {
        mem_free(&s->starts);
        mem_free(&s->ends);
        mem_free(&s->which);
        s->scratch = 0;
        TRY(MEM_ALLOC(s->starts, s->capacity));
        TRY(MEM_ALLOC(s->ends, s->capacity));
        TRY(MEM_ALLOC(s->which, s->capacity));
        s->scratch = s->capacity;
    }
    for (int k = 0; k < N_STREAMS && s->document < s->n; k++) settle(s, (uint8_t)k, end);
    s->document = s->n;
done:
    return rc;
}
