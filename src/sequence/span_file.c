#include "sequence/span_file.h"

#include "base/memory.h"
#include "base/status.h"
#include "sequence/record_table.h"
#include "sequence/sequence_vectors.h"

#include <stddef.h>
#include <string.h>

enum { BUFFER = 1 << 15 };

static const record_column span_columns[] = {
    {"/spans/kind", H5_U8, offsetof(span, kind)},      {"/spans/shard", H5_U32, offsetof(span, shard)},
    {"/spans/start", H5_I64, offsetof(span, start)},   {"/spans/ids", H5_U32, offsetof(span, ids)},
    {"/spans/length", H5_U32, offsetof(span, length)}, {"/spans/loss", H5_U8, offsetof(span, loss)},
    {"/spans/begins", H5_U8, offsetof(span, begins)},
};
static const record_layout span_layout = {span_columns, sizeof span_columns / sizeof *span_columns, sizeof(span)};

#define VECTOR(field) offsetof(vector_span, field)
static const record_column vector_columns[] = {
    {"/vectors/kind", H5_U8, VECTOR(kind)},      {"/vectors/cross", H5_U8, VECTOR(cross)},
    {"/vectors/shard", H5_U32, VECTOR(shard)},   {"/vectors/start", H5_I64, VECTOR(start)},
    {"/vectors/length", H5_U32, VECTOR(length)}, {"/vectors/at", H5_U32, VECTOR(at)},
    {"/vectors/end", H5_U32, VECTOR(end)},
};
const record_layout vector_layout = {vector_columns, sizeof vector_columns / sizeof *vector_columns,
                                     sizeof(vector_span)};

struct span_writer {
    h5_file *file;
    record_writer spans, vectors;
    sequence_vectors open;                   /* of the open sequence */
    int64_t n_spans, n_vectors, n_sequences; /* announced */
    int64_t sequences_written;               /* without what the buffers hold */
    int64_t tokens;                          /* of the open sequence */
    size_t n_ended;
    int64_t offsets[BUFFER], vector_offsets[BUFFER];
    uint32_t totals[BUFFER];
};

int span_writer_open(span_writer **out, const char *path, int64_t n_spans, int64_t n_vectors, int64_t n_sequences)
{
    int rc = OK;
    span_writer *w = NULL;
    int64_t n_offsets = n_sequences + 1, zero = 0;
    *out = NULL;
    TRY(MEM_ALLOC(w, 1));
    w->n_spans = n_spans;
    w->n_vectors = n_vectors;
    w->n_sequences = n_sequences;
    TRY(h5_create(&w->file, path, "sequence"));
    TRY(h5_group(w->file, "/spans"));
    TRY(record_writer_open(&w->spans, w->file, &span_layout, n_spans));
    TRY(h5_group(w->file, "/vectors"));
    TRY(record_writer_open(&w->vectors, w->file, &vector_layout, n_vectors));
    TRY(h5_dataset(w->file, "/vectors/offsets", H5_I64, 1, &n_offsets, 0));
    TRY(h5_dataset(w->file, "/offsets", H5_I64, 1, &n_offsets, 0));
    TRY(h5_dataset(w->file, "/tokens", H5_U32, 1, &n_sequences, 0));
    TRY(h5_write(w->file, "/offsets", 0, 1, &zero));
    TRY(h5_write(w->file, "/vectors/offsets", 0, 1, &zero));
    *out = w;
    w = NULL;
done:
    span_writer_abandon(&w);
    return rc;
}

static int flush_sequences(span_writer *w)
{
    int rc = OK;
    if (!w->n_ended) return OK;
    TRY(h5_write(w->file, "/offsets", w->sequences_written + 1, (int64_t)w->n_ended, w->offsets));
    TRY(h5_write(w->file, "/vectors/offsets", w->sequences_written + 1, (int64_t)w->n_ended, w->vector_offsets));
    TRY(h5_write(w->file, "/tokens", w->sequences_written, (int64_t)w->n_ended, w->totals));
    w->sequences_written += (int64_t)w->n_ended;
    w->n_ended = 0;
done:
    return rc;
}

int span_writer_add(span_writer *w, const span *s, const vector_span *v)
{
    int rc = OK;
    if (s->begins && w->open.n) TRY(sequence_vectors_end_document(&w->open, (uint32_t)w->tokens));
    TRY(record_writer_add(&w->spans, s));
    if (v) TRY(sequence_vectors_add(&w->open, v, (uint32_t)w->tokens));
    w->tokens += s->length;
done:
    return rc;
}

int span_writer_end(span_writer *w)
{
    int rc = OK;
    size_t i = w->n_ended++;
    if (w->open.n) TRY(sequence_vectors_end_document(&w->open, (uint32_t)w->tokens));
    for (size_t k = 0; k < w->open.n; k++) TRY(record_writer_add(&w->vectors, &w->open.list[k]));
    sequence_vectors_clear(&w->open);
    w->offsets[i] = record_writer_count(&w->spans);
    w->vector_offsets[i] = record_writer_count(&w->vectors);
    w->totals[i] = (uint32_t)w->tokens;
    w->tokens = 0;
    if (w->n_ended == BUFFER) TRY(flush_sequences(w));
done:
    return rc;
}

h5_file *span_writer_file(span_writer *w) { return w->file; }

int span_writer_commit(span_writer **pw)
{
    int rc = OK;
    span_writer *w = *pw;
    TRY(record_writer_flush(&w->spans));
    TRY(record_writer_flush(&w->vectors));
    TRY(flush_sequences(w));
    if (w->spans.n_written != w->n_spans || w->vectors.n_written != w->n_vectors ||
        w->sequences_written != w->n_sequences)
        FAIL(ERR_INTERNAL, "an index of %lld spans, %lld vectors, %lld sequences got %lld, %lld, %lld",
             (long long)w->n_spans, (long long)w->n_vectors, (long long)w->n_sequences, (long long)w->spans.n_written,
             (long long)w->vectors.n_written, (long long)w->sequences_written);
    TRY(h5_commit(&w->file));
done:
    span_writer_abandon(pw);
    return rc;
}

void span_writer_abandon(span_writer **pw)
{
    if (!*pw) return;
    h5_abandon(&(*pw)->file);
    record_writer_free(&(*pw)->spans);
    record_writer_free(&(*pw)->vectors);
    sequence_vectors_free(&(*pw)->open);
    mem_free(pw);
}

struct span_reader {
    h5_file *file;
    int64_t n_spans, n_vectors, n_sequences;
};

static int expect(h5_file *f, const char *path, int64_t *n)
{
    int rc = OK, n_dims;
    int64_t dims[3];
    h5_type type;
    if (!h5_has(f, path)) FAIL(ERR_CORRUPT, "%s is missing", path);
    TRY(h5_shape(f, path, &type, &n_dims, dims));
    if (n_dims != 1) FAIL(ERR_CORRUPT, "%s has %d dimensions, not 1", path, n_dims);
    *n = dims[0];
done:
    return rc;
}

/* Offsets of the sequences into n records. */
static int check_end(const span_reader *r, const char *path, int64_t n)
{
    int rc = OK;
    int64_t n_offsets = 0, last = -1;
    TRY(expect(r->file, path, &n_offsets));
    if (n_offsets != r->n_sequences + 1) FAIL(ERR_CORRUPT, "%s and /tokens do not fit", path);
    TRY(h5_read(r->file, path, H5_I64, r->n_sequences, 1, &last));
    if (last != n) FAIL(ERR_CORRUPT, "%s does not end at the number of records", path);
done:
    return rc;
}

static int open_tables(span_reader *r, const char *path)
{
    int rc = OK;
    TRY(h5_open(&r->file, path));
    TRY(record_table_count(r->file, &span_layout, &r->n_spans));
    TRY(record_table_count(r->file, &vector_layout, &r->n_vectors));
    TRY(expect(r->file, "/tokens", &r->n_sequences));
    TRY(check_end(r, "/offsets", r->n_spans));
    TRY(check_end(r, "/vectors/offsets", r->n_vectors));
done:
    return rc;
}

int span_reader_open(span_reader **out, const char *path)
{
    int rc = OK;
    span_reader *r = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(r, 1));
    TRY(open_tables(r, path));
    *out = r;
    r = NULL;
done:
    span_reader_close(&r);
    return rc;
}

void span_reader_close(span_reader **pr)
{
    if (!*pr) return;
    h5_close(&(*pr)->file);
    mem_free(pr);
}

int64_t span_reader_sequences(const span_reader *r) { return r->n_sequences; }
int64_t span_reader_spans(const span_reader *r) { return r->n_spans; }
int64_t span_reader_vectors(const span_reader *r) { return r->n_vectors; }
h5_file *span_reader_file(span_reader *r) { return r->file; }

static int read_offsets(span_reader *r, const char *path, int64_t first, int64_t n, int64_t most, int64_t *offsets)
{
    int rc = OK;
    TRY(h5_read(r->file, path, H5_I64, first, n + 1, offsets));
    for (int64_t i = 0; i < n; i++)
        if (offsets[i] < 0 || offsets[i + 1] < offsets[i] || offsets[i + 1] > most)
            FAIL(ERR_CORRUPT, "%s of sequence %lld are not in order", path, (long long)(first + i));
done:
    return rc;
}

int span_reader_bounds(span_reader *r, int64_t first, int64_t n, int64_t *offsets, int64_t *vector_offsets,
                       uint32_t *tokens)
{
    int rc = OK;
    if (offsets) TRY(read_offsets(r, "/offsets", first, n, r->n_spans, offsets));
    if (vector_offsets) TRY(read_offsets(r, "/vectors/offsets", first, n, r->n_vectors, vector_offsets));
    if (tokens) TRY(h5_read(r->file, "/tokens", H5_U32, first, n, tokens));
done:
    return rc;
}

int span_reader_read(span_reader *r, int64_t first, int64_t n, span *out)
{
    return record_table_read(r->file, &span_layout, first, n, out);
}

int span_reader_read_vectors(span_reader *r, int64_t first, int64_t n, vector_span *out)
{
    return record_table_read(r->file, &vector_layout, first, n, out);
}
