#include "sequence/sequence_print.h"

#include "base/memory.h"
#include "base/status.h"
#include "sequence/sequence_batch.h"
#include "sequence/split_shards.h"
#include "sequence/token_name.h"

#include <inttypes.h>
#include <string.h>

enum { SHOWN = 8 }; /* ids of a run of media that are shown */

static void print_names(FILE *out, const sequence_set *set, const span *s, const uint32_t *ids)
{
    int text = s->kind == MODALITY_TEXT || s->kind == SPAN_LITERAL;
    uint32_t n = text || s->length <= SHOWN ? s->length : SHOWN;
    char name[TOKEN_NAME];
    for (uint32_t i = 0; i < n; i++) {
        token_name(set, ids[i], name);
        fputs(name, out);
    }
    if (n < s->length) fputs(" ...", out);
}

static int print_example(FILE *out, split_shards *shards, uint32_t shard, stream_kind s, int64_t start, int vectors)
{
    int rc = OK;
    char *id = NULL, *role = NULL;
    shard_reader *r;
    int32_t rows = 0, columns = 0;
    TRY(split_shards_open(shards, shard, &r));
    int64_t e = shard_reader_holder(r, s, start, vectors);
    TRY(shard_reader_text(r, EXAMPLE_ID, e, &id));
    TRY(shard_reader_text(r, EXAMPLE_ROLE, e, &role));
    if (s == STREAM_IMAGE) TRY(shard_reader_grid(r, e, &rows, &columns));
    fprintf(out, "   (%s%s%s", id, *role ? ", " : "", role);
    if (rows > 1) fprintf(out, ", %d x %d", rows, columns);
    fputc(')', out);
done:
    mem_free(&id);
    mem_free(&role);
    return rc;
}

typedef struct printing {
    FILE *out;
    const sequence_set *set;
    split_shards shards;
    sequence_batch b;
    int64_t vector; /* the next one */
} printing;

/* Vectors of the token at `at`, if it has some. */
static int print_vectors(printing *x, int64_t at)
{
    int rc = OK;
    if (x->vector == x->b.vector_offsets[1] - x->b.vector_offsets[0]) goto done;
    const vector_span *v = &x->b.vectors[x->vector];
    if (v->at != at) goto done;
    x->vector++;
    fprintf(x->out, "  %u vectors of %s", v->length, stream_name((stream_kind)v->kind));
    if (v->cross) fprintf(x->out, ", attended to from %u to %u", v->at, v->end - 1);
    TRY(print_example(x->out, &x->shards, v->shard, (stream_kind)v->kind, v->start, 1));
done:
    return rc;
}

static int print_span(printing *x, const span *s, int64_t at, const uint32_t *ids)
{
    int rc = OK;
    fprintf(x->out, "%7" PRId64 " %6u  %-8s %s  ", at, s->length,
            s->kind == SPAN_LITERAL ? "template" : modality_name((modality)s->kind), s->loss ? "      " : "no loss");
    print_names(x->out, x->set, s, ids);
    if (s->ids > s->length) fprintf(x->out, "  runs of %u ids", s->ids);
    TRY(print_vectors(x, at));
    if (s->kind < N_STREAMS) TRY(print_example(x->out, &x->shards, s->shard, (stream_kind)s->kind, s->start, 0));
    fputc('\n', x->out);
done:
    return rc;
}

int sequence_print(FILE *out, const sequence_set *set, const char *index_path, int64_t sequence)
{
    int rc = OK;
    printing x = {.out = out, .set = set};
    int64_t at = 0;
    TRY(sequence_batch_open(&x.b, set, index_path, 1));
    int64_t n = sequence_batch_total(&x.b);
    if (sequence < 0 || sequence >= n)
        FAIL(ERR_USAGE, "%s has sequences 0 to %" PRId64 ", not %" PRId64, index_path, n - 1, sequence);
    TRY(split_shards_make(&x.shards, set->shards, set->n_shards));
    TRY(sequence_batch_read(&x.b, sequence, 1));
    fprintf(out, "sequence %" PRId64 ": %u tokens\n", sequence, x.b.tokens[0]);
    for (int64_t i = 0; i < x.b.offsets[1] - x.b.offsets[0]; at += x.b.spans[i++].length) {
        if (x.b.spans[i].begins) fputc('\n', out);
        TRY(print_span(&x, &x.b.spans[i], at, x.b.ids + at));
    }
done:
    split_shards_free(&x.shards);
    sequence_batch_close(&x.b);
    return rc;
}
