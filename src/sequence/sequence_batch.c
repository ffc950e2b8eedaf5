#include "sequence/sequence_batch.h"

#include "base/memory.h"
#include "base/status.h"
#include "sequence/id_reader.h"

#include <string.h>

static int make_tables(sequence_batch *b, int64_t tokens)
{
    int rc = OK;
    size_t n;
    int64_t n_sequences = span_reader_sequences(b->reader);
    b->length = b->attributes.length;
    b->capacity = b->length < tokens ? tokens / b->length : 1;
    if (b->capacity > n_sequences) b->capacity = n_sequences;
    TRY(size_mul((size_t)b->capacity, (size_t)b->length, &n));
    TRY(MEM_ALLOC(b->offsets, (size_t)b->capacity + 1));
    TRY(MEM_ALLOC(b->vector_offsets, (size_t)b->capacity + 1));
    TRY(MEM_ALLOC(b->tokens, (size_t)b->capacity));
    TRY(MEM_ALLOC(b->start_offsets, (size_t)b->capacity));
    TRY(MEM_ALLOC(b->ids, n));
    TRY(MEM_ALLOC(b->loss, n));
    TRY(MEM_ALLOC(b->kind, n));
    TRY(MEM_ALLOC(b->positions, n));
done:
    return rc;
}

int sequence_batch_open(sequence_batch *b, const sequence_set *set, const char *index_path, int64_t tokens)
{
    int rc = OK;
    const sequence_options *o = set->options;
    *b = (sequence_batch){.set = set};
    TRY(span_reader_open(&b->reader, index_path));
    TRY(sequence_attributes_get(span_reader_file(b->reader), set->words, &b->attributes));
    if (b->attributes.length != o->length || b->attributes.n_shards != (int64_t)set->n_shards ||
        b->attributes.seed != o->seed)
        FAIL(ERR_MISMATCH, "%s was made with other settings", index_path);
    if (b->attributes.counts.sequences != span_reader_sequences(b->reader))
        FAIL(ERR_CORRUPT, "%s: n_sequences is wrong", index_path);
    TRY(literal_table_make(&b->literals, NULL));
    TRY(literal_table_load(&b->literals, span_reader_file(b->reader)));
    TRY(make_tables(b, tokens));
done:
    if (rc != OK) sequence_batch_close(b);
    return rc;
}

void sequence_batch_close(sequence_batch *b)
{
    span_reader_close(&b->reader);
    literal_table_free(&b->literals);
    mem_free(&b->offsets);
    mem_free(&b->vector_offsets);
    mem_free(&b->tokens);
    mem_free(&b->spans);
    mem_free(&b->vectors);
    mem_free(&b->ids);
    mem_free(&b->loss);
    mem_free(&b->kind);
    mem_free(&b->positions);
    mem_free(&b->starts);
    mem_free(&b->start_offsets);
    mem_free(&b->requests);
    *b = (sequence_batch){0};
}

int64_t sequence_batch_total(const sequence_batch *b) { return span_reader_sequences(b->reader); }

/* Specials and literals at once; ids of streams are asked for. `at`: index into the tables. */
static int put_ids(sequence_batch *b, const span *s, int64_t at)
{
    int rc = OK;
    if (s->kind == MODALITY_SPECIAL) {
        if (s->start < 0 || s->start >= N_SPECIALS) FAIL(ERR_CORRUPT, "special %lld is not known", (long long)s->start);
        uint32_t id = (uint32_t)vocabulary_special(b->set->words, (special_id)s->start);
        for (uint32_t k = 0; k < s->length; k++) b->ids[at + k] = id;
    } else if (s->kind == SPAN_LITERAL) {
        int64_t n = b->literals.offsets[b->literals.n];
        if (s->start < 0 || s->start > n || s->length > n - s->start)
            FAIL(ERR_CORRUPT, "literals %lld + %u are not there", (long long)s->start, s->length);
        memcpy(b->ids + at, b->literals.ids + s->start, s->length * sizeof *b->ids);
    } else {
        TRY(MEM_GROW(b->requests, &b->requests_capacity, b->n_requests + 1));
        b->requests[b->n_requests++] = (id_request){*s, at};
    }
done:
    return rc;
}

/* Lay one sequence out. */
static int lay_out(sequence_batch *b, const span *spans, int64_t n, int64_t row)
{
    int rc = OK;
    int64_t at = 0, document = 0, base = row * b->length;
    for (int64_t i = 0; i < n; i++) {
        const span *s = &spans[i];
        if (s->length < 1 || s->length > b->length - at || s->kind > SPAN_LITERAL)
            FAIL(ERR_CORRUPT, "a span of %u tokens, kind %u, does not fit into its sequence", s->length, s->kind);
        if (!i && !s->begins) FAIL(ERR_CORRUPT, "a sequence does not begin with a document");
        if (s->begins) {
            TRY(MEM_GROW(b->starts, &b->starts_capacity, b->n_starts + 1));
            b->starts[b->n_starts++] = document = at;
        }
        memset(b->loss + base + at, s->loss != 0, s->length);
        memset(b->kind + base + at, s->kind == SPAN_LITERAL ? MODALITY_TEXT : s->kind, s->length);
        for (int64_t k = 0; k < s->length; k++) b->positions[base + at + k] = (int32_t)(at + k - document);
        TRY(put_ids(b, s, base + at));
        at += s->length;
    }
    if (at != b->tokens[row])
        FAIL(ERR_CORRUPT, "a sequence of %lld tokens is said to have %u", (long long)at, b->tokens[row]);
    b->start_offsets[row] = (int64_t)b->n_starts;
done:
    return rc;
}

/* <vector> tokens are of the modality of what they stand for. */
static int lay_out_vectors(sequence_batch *b, const vector_span *v, int64_t n, int64_t row)
{
    int rc = OK;
    uint32_t id = (uint32_t)vocabulary_special(b->set->words, SPECIAL_VECTOR);
    for (int64_t i = 0; i < n; i++) {
        if (v[i].kind >= N_STREAMS || v[i].at >= v[i].end || v[i].end > b->tokens[row] ||
            (!v[i].cross && v[i].end - v[i].at != v[i].length))
            FAIL(ERR_CORRUPT, "vectors at %u .. %u do not fit into their sequence", v[i].at, v[i].end);
        for (uint32_t at = v[i].at; !v[i].cross && at < v[i].end; at++) {
            if (b->ids[row * b->length + at] != id) FAIL(ERR_CORRUPT, "token %u has vectors but is no <vector>", at);
            b->kind[row * b->length + at] = v[i].kind;
        }
    }
done:
    return rc;
}

static void clear(sequence_batch *b, size_t cells)
{
    uint32_t pad = (uint32_t)vocabulary_special(b->set->words, SPECIAL_PAD);
    for (size_t i = 0; i < cells; i++) b->ids[i] = pad;
    memset(b->loss, 0, cells);
    memset(b->kind, SEQUENCE_PADDING, cells);
    memset(b->positions, 0, cells * sizeof *b->positions);
    b->n_requests = b->n_starts = 0;
}

static int read_spans(sequence_batch *b, int64_t first, int64_t n)
{
    int rc = OK;
    TRY(span_reader_bounds(b->reader, first, n, b->offsets, b->vector_offsets, b->tokens));
    int64_t n_spans = b->offsets[n] - b->offsets[0], n_vectors = b->vector_offsets[n] - b->vector_offsets[0];
    if (n_spans > n * b->length || n_vectors > n * b->length)
        FAIL(ERR_CORRUPT, "%lld sequences have more spans than tokens", (long long)n);
    TRY(MEM_GROW(b->spans, &b->spans_capacity, (size_t)n_spans));
    TRY(span_reader_read(b->reader, b->offsets[0], n_spans, b->spans));
    TRY(MEM_GROW(b->vectors, &b->vectors_capacity, (size_t)n_vectors));
    TRY(span_reader_read_vectors(b->reader, b->vector_offsets[0], n_vectors, b->vectors));
done:
    return rc;
}

int sequence_batch_read(sequence_batch *b, int64_t first, int64_t n)
{
    int rc = OK;
    size_t cells = (size_t)(n * b->length);
    if (n > b->capacity) FAIL(ERR_INTERNAL, "a batch of %lld sequences", (long long)n);
    b->n = n;
    TRY(read_spans(b, first, n));
    clear(b, cells);
    for (int64_t i = 0; i < n; i++) {
        TRY(lay_out(b, b->spans + (b->offsets[i] - b->offsets[0]), b->offsets[i + 1] - b->offsets[i], i));
        TRY(lay_out_vectors(b, b->vectors + (b->vector_offsets[i] - b->vector_offsets[0]),
                            b->vector_offsets[i + 1] - b->vector_offsets[i], i));
    }
    TRY(id_reader_fill(b->set->shards, b->set->n_shards, b->set->words, b->requests, b->n_requests, b->ids, cells));
done:
    return rc;
}
