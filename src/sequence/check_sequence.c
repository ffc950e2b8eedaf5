#include "sequence/check_sequence.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "sequence/cross_ranges.h"
#include "sequence/sequence_vectors.h"
#include "sequence/span_file.h"

#include <inttypes.h>
#include <string.h>

enum { SEQUENCES = 1 << 12, KEY_LITERALS = 7, KEY_RUNS = 8 };

typedef struct checking {
    sequence_check *c;
    const char *file;
    const literal_table *literals; /* of the file */
    int64_t sequence;
    const span *spans;
    int64_t n;
    const vector_span *vectors;
    int64_t n_vectors, vector; /* the next one that a token should have */
    uint32_t tokens;
    sequence_vectors wanted; /* their ranges, worked out once more */
    int64_t at, owner;       /* owner: shard of the document at hand, -1: not known yet */
} checking;

void tally_literals(tally *t, const literal_table *l, int64_t start, int64_t length)
{
    t->literals += length;
    for (int64_t i = start; i < start + length; i++) t->literal_sum += rng_bits(KEY_LITERALS, l->ids[i], 0);
}

void tally_runs(tally *t, const span *s)
{
    uint64_t where = rng_bits(KEY_RUNS, (uint64_t)s->shard << 8 | s->kind, (uint64_t)s->start);
    t->run_sum += rng_bits(where, s->ids, s->length);
}

static void fault(checking *x, const char *what)
{
    check_report_add(&x->c->report, "%s: sequence %" PRId64 ": %s", x->file, x->sequence, what);
}

static void take_owner(checking *x, uint32_t shard)
{
    if (x->owner >= 0 && x->owner != shard)
        check_report_add(&x->c->report, "%s: sequence %" PRId64 ": a document in shards %" PRId64 " and %u", x->file,
                         x->sequence, x->owner, shard);
    x->owner = shard;
}

static void cover(checking *x, uint8_t kind, uint32_t shard, int64_t start, uint32_t length)
{
    sequence_check *c = x->c;
    if (!coverage_add(&c->covered, shard, (stream_kind)kind, start, length))
        check_report_add(&c->report, "%s: sequence %" PRId64 ": %s %" PRId64 " + %u are outside shard %u", x->file,
                         x->sequence, stream_name((stream_kind)kind), start, length, shard);
    else
        c->found.counts.ids[kind] += length;
    take_owner(x, shard);
}

/* The vectors of a <vector>, <image>, <audio> or <sensor> token: the next ones of the table. */
static int check_vectors(checking *x, const span *s)
{
    int rc = OK;
    sequence_check *c = x->c;
    int slot = s->start == SPECIAL_VECTOR;
    if (!slot && s->start != SPECIAL_IMAGE && s->start != SPECIAL_AUDIO && s->start != SPECIAL_SENSOR) return OK;
    if (x->vector == x->n_vectors) {
        fault(x, "a token without its vectors");
        return OK;
    }
    const vector_span *v = &x->vectors[x->vector++];
    if (v->kind >= N_STREAMS || v->shard >= c->shards.n || !c->template.uses[v->kind] ||
        c->template.form[v->kind] != (slot ? FORM_VECTORS : FORM_CROSS) || v->cross != !slot || v->at != x->at ||
        (slot && v->length != s->length)) {
        fault(x, "vectors that are not those of their token");
        return OK;
    }
    TRY(sequence_vectors_add(&x->wanted, v, (uint32_t)x->at));
    cover(x, v->kind, v->shard, v->start, v->length);
done:
    return rc;
}

static int check_special(checking *x, const span *s)
{
    if (s->start < 0 || s->start >= N_SPECIALS || s->shard || (s->length != 1 && s->start != SPECIAL_VECTOR)) {
        fault(x, "a special that is none");
        return OK;
    }
    x->c->found.specials[s->start] += s->length;
    return check_vectors(x, s);
}

static int check_span(checking *x, const span *s)
{
    int rc = OK;
    sequence_check *c = x->c;
    const int reduced = s->kind < N_STREAMS && c->template.reduces[s->kind];
    const int fits = reduced ? s->ids >= s->length : s->ids == s->length;
    if (s->begins) {
        if (x->wanted.n) TRY(sequence_vectors_end_document(&x->wanted, (uint32_t)x->at));
        x->owner = -1;
    }
    c->found.pieces += s->begins != 0;
    c->found.no_loss += s->loss ? 0 : s->length;
    if (s->loss > 1 || s->begins > 1) fault(x, "a flag above 1");
    if (!fits) fault(x, "a span of another number of tokens than it has ids");
    if (s->kind == MODALITY_SPECIAL) return check_special(x, s);
    if (s->kind == SPAN_LITERAL) {
        int64_t n = x->literals->offsets[x->literals->n];
        if (s->shard || s->start < 0 || s->start > n || s->length > n - s->start)
            fault(x, "a literal that is not there");
        else
            tally_literals(&c->found, x->literals, s->start, s->length);
        return OK;
    }
    if (s->kind >= N_STREAMS || !c->template.uses[s->kind] || c->template.form[s->kind] != FORM_IDS ||
        s->shard >= c->shards.n)
        check_report_add(&c->report, "%s: sequence %" PRId64 ": no stream %u of shard %u", x->file, x->sequence,
                         s->kind, s->shard);
    else if (fits)
        cover(x, s->kind, s->shard, s->start, s->ids);
    if (reduced) tally_runs(&c->found, s);
done:
    return rc;
}

/* What the table says of the range of each marker. */
static int check_ranges(checking *x)
{
    int rc = OK;
    if (x->wanted.n) TRY(sequence_vectors_end_document(&x->wanted, (uint32_t)x->at));
    if (x->vector != x->n_vectors) fault(x, "vectors without a token");
    for (size_t i = 0; i < x->wanted.n && x->wanted.n == (size_t)x->n_vectors; i++)
        if (x->wanted.list[i].end != x->vectors[i].end)
            check_report_add(&x->c->report,
                             "%s: sequence %" PRId64 ": the range of the vectors at %u ends at %u, not %u", x->file,
                             x->sequence, x->vectors[i].at, x->vectors[i].end, x->wanted.list[i].end);
    sequence_vectors_clear(&x->wanted);
done:
    return rc;
}

static int check_sequence(checking *x)
{
    int rc = OK;
    sequence_check *c = x->c;
    x->at = x->vector = 0;
    x->owner = -1;
    if (!x->n || !x->spans[0].begins) fault(x, "does not begin with a document");
    for (int64_t i = 0; i < x->n; i++) {
        TRY(check_span(x, &x->spans[i]));
        x->at += x->spans[i].length;
    }
    TRY(check_ranges(x));
    if (x->at != x->tokens || x->at > c->set->options->length)
        check_report_add(&c->report,
                         "%s: sequence %" PRId64 ": spans of %" PRId64 " tokens, said to be %u of at most %" PRId64,
                         x->file, x->sequence, x->at, x->tokens, c->set->options->length);
    c->found.counts.sequences++;
    c->found.counts.tokens += x->at;
done:
    return rc;
}

/* Buffers for some sequences. */
typedef struct buffers {
    int64_t *offsets, *vector_offsets;
    uint32_t *tokens;
    span *spans;
    vector_span *vectors;
    size_t spans_capacity, vectors_capacity;
} buffers;

static int check_one(checking *x, span_reader *r, buffers *b, int64_t i, int64_t sequence)
{
    int rc = OK;
    int64_t most = x->c->set->options->length;
    x->n = b->offsets[i + 1] - b->offsets[i];
    x->n_vectors = b->vector_offsets[i + 1] - b->vector_offsets[i];
    if (x->n > most || x->n_vectors > most)
        FAIL(ERR_CORRUPT, "a sequence of %" PRId64 " spans, %" PRId64 " vectors", x->n, x->n_vectors);
    TRY(MEM_GROW(b->spans, &b->spans_capacity, (size_t)x->n));
    TRY(MEM_GROW(b->vectors, &b->vectors_capacity, (size_t)x->n_vectors));
    TRY(span_reader_read(r, b->offsets[i], x->n, b->spans));
    TRY(span_reader_read_vectors(r, b->vector_offsets[i], x->n_vectors, b->vectors));
    x->spans = b->spans;
    x->vectors = b->vectors;
    x->tokens = b->tokens[i];
    x->sequence = sequence;
    TRY(check_sequence(x));
done:
    return rc;
}

int check_sequences(sequence_check *c, const char *file, span_reader *r)
{
    int rc = OK;
    literal_table literals = {0};
    checking x = {.c = c, .file = file, .literals = &literals};
    buffers b = {0};
    int64_t n = span_reader_sequences(r);
    TRY(literal_table_make(&literals, NULL));
    TRY(literal_table_load(&literals, span_reader_file(r)));
    TRY(MEM_ALLOC(b.offsets, SEQUENCES + 1));
    TRY(MEM_ALLOC(b.vector_offsets, SEQUENCES + 1));
    TRY(MEM_ALLOC(b.tokens, SEQUENCES));
    for (int64_t at = 0; at < n; at += SEQUENCES) {
        int64_t k = n - at < SEQUENCES ? n - at : SEQUENCES;
        TRY(span_reader_bounds(r, at, k, b.offsets, b.vector_offsets, b.tokens));
        for (int64_t i = 0; i < k; i++) TRY(check_one(&x, r, &b, i, at + i));
    }
done:
    literal_table_free(&literals);
    sequence_vectors_free(&x.wanted);
    mem_free(&b.offsets);
    mem_free(&b.vector_offsets);
    mem_free(&b.tokens);
    mem_free(&b.spans);
    mem_free(&b.vectors);
    return rc;
}
