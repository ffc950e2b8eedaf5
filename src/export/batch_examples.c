#include "export/batch_examples.h"

#include "base/memory.h"
#include "base/status.h"

#include <stdlib.h>
#include <string.h>

/* Of a span, or of vectors. */
typedef struct lookup {
    int64_t start;
    uint32_t shard, length;
    uint8_t kind, vectors;
    size_t to; /* index into spans or vectors */
} lookup;

void batch_examples_free(batch_examples *x)
{
    mem_free(&x->spans);
    mem_free(&x->vectors);
    mem_free(&x->texts);
    mem_free(&x->lookups);
    *x = (batch_examples){0};
}

static int by_shard(const void *pa, const void *pb)
{
    const lookup *a = pa, *b = pb;
    if (a->shard != b->shard) return a->shard < b->shard ? -1 : 1;
    return (a->start > b->start) - (a->start < b->start);
}

static int list_lookups(batch_examples *x, const sequence_batch *b)
{
    int rc = OK;
    size_t n_spans = (size_t)(b->offsets[b->n] - b->offsets[0]);
    size_t n_vectors = (size_t)(b->vector_offsets[b->n] - b->vector_offsets[0]);
    TRY(MEM_GROW(x->spans, &x->spans_capacity, n_spans));
    TRY(MEM_GROW(x->vectors, &x->vectors_capacity, n_vectors));
    TRY(MEM_GROW(x->lookups, &x->lookups_capacity, n_spans + n_vectors));
    x->n_lookups = x->n_texts = 0;
    for (size_t i = 0; i < n_spans; i++) {
        const span *s = &b->spans[i];
        if (s->kind < N_STREAMS) x->lookups[x->n_lookups++] = (lookup){s->start, s->shard, s->length, s->kind, 0, i};
    }
    for (size_t i = 0; i < n_vectors; i++) {
        const vector_span *v = &b->vectors[i];
        x->lookups[x->n_lookups++] = (lookup){v->start, v->shard, v->length, v->kind, 1, i};
    }
    qsort(x->lookups, x->n_lookups, sizeof *x->lookups, by_shard);
done:
    return rc;
}

static int keep_text(batch_examples *x, shard_reader *r, example_text t, int64_t example, size_t *at)
{
    int rc = OK;
    char *text = NULL;
    TRY(shard_reader_text(r, t, example, &text));
    size_t n = strlen(text) + 1;
    TRY(MEM_GROW(x->texts, &x->texts_capacity, x->n_texts + n));
    memcpy(x->texts + x->n_texts, text, n);
    *at = x->n_texts;
    x->n_texts += n;
done:
    mem_free(&text);
    return rc;
}

static int find_one(batch_examples *x, shard_reader *r, const lookup *l, int with_text)
{
    int rc = OK;
    example_reference *to = l->vectors ? &x->vectors[l->to] : &x->spans[l->to];
    stream_kind s = (stream_kind)l->kind;
    if (l->start < 0 || l->start >= (l->vectors ? shard_reader_vectors(r, s) : shard_reader_ids(r, s)))
        FAIL(ERR_CORRUPT, "there is no %s %lld in a shard", stream_name(s), (long long)l->start);
    int64_t e = shard_reader_holder(r, s, l->start, l->vectors);
    int64_t own = l->vectors ? shard_reader_vector_offset(r, s, e) : shard_reader_offset(r, s, e);
    *to = (example_reference){.from = l->start - own};
    TRY(keep_text(x, r, EXAMPLE_ID, e, &to->id));
    TRY(keep_text(x, r, EXAMPLE_GROUP, e, &to->group));
    if (!with_text || s != STREAM_TEXT || to->from || l->start + l->length != shard_reader_offset(r, s, e + 1))
        goto done;
    TRY(keep_text(x, r, EXAMPLE_TEXT, e, &to->text));
    to->whole_text = 1;
done:
    return rc;
}

int batch_examples_find(batch_examples *x, const sequence_batch *b, int with_text)
{
    int rc = OK;
    shard_reader *r = NULL;
    TRY(list_lookups(x, b));
    for (size_t i = 0; i < x->n_lookups; i++) {
        const lookup *l = &x->lookups[i];
        if (l->shard >= b->set->n_shards) FAIL(ERR_CORRUPT, "shard %u is not there", l->shard);
        if (!i || l->shard != x->lookups[i - 1].shard) {
            shard_reader_close(&r);
            TRY(shard_reader_open(&r, b->set->shards[l->shard]));
        }
        TRY(find_one(x, r, l, with_text));
    }
done:
    shard_reader_close(&r);
    return rc;
}
