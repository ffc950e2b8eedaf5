#include "sequence/span_file.h"

#include "base/memory.h"
#include "base/status.h"

enum { BUFFER = 1 << 15 };

/* The same columns of spans for writing and reading. */
typedef struct columns {
    uint8_t kind[BUFFER], loss[BUFFER], begins[BUFFER];
    uint32_t shard[BUFFER], length[BUFFER];
    int64_t start[BUFFER];
} columns;

enum { N_COLUMNS = 6 };
static const struct {
    const char *path;
    h5_type type;
} layout[N_COLUMNS] = {
    {"/spans/kind", H5_U8},    {"/spans/shard", H5_U32}, {"/spans/start", H5_I64},
    {"/spans/length", H5_U32}, {"/spans/loss", H5_U8},   {"/spans/begins", H5_U8},
};

static void *column(columns *c, int i)
{
    void *const all[N_COLUMNS] = {c->kind, c->shard, c->start, c->length, c->loss, c->begins};
    return all[i];
}

struct span_writer {
    h5_file *file;
    int64_t n_spans, n_sequences;             /* announced */
    int64_t spans_written, sequences_written; /* without what the buffers hold */
    int64_t tokens;                           /* of the open sequence */
    size_t n_buffered, n_ended;
    columns buffer;
    int64_t offsets[BUFFER];
    uint32_t totals[BUFFER];
};

int span_writer_open(span_writer **out, const char *path, int64_t n_spans, int64_t n_sequences)
{
    int rc = OK;
    span_writer *w = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(w, 1));
    w->n_spans = n_spans;
    w->n_sequences = n_sequences;
    TRY(h5_create(&w->file, path, "sequence"));
    TRY(h5_group(w->file, "/spans"));
    for (int i = 0; i < N_COLUMNS; i++) TRY(h5_dataset(w->file, layout[i].path, layout[i].type, 1, &n_spans, 0));
    int64_t n_offsets = n_sequences + 1, zero = 0;
    TRY(h5_dataset(w->file, "/offsets", H5_I64, 1, &n_offsets, 0));
    TRY(h5_dataset(w->file, "/tokens", H5_U32, 1, &n_sequences, 0));
    TRY(h5_write(w->file, "/offsets", 0, 1, &zero));
    *out = w;
    w = NULL;
done:
    span_writer_abandon(&w);
    return rc;
}

static int flush_spans(span_writer *w)
{
    int rc = OK;
    if (!w->n_buffered) return OK;
    for (int i = 0; i < N_COLUMNS; i++)
        TRY(h5_write(w->file, layout[i].path, w->spans_written, (int64_t)w->n_buffered, column(&w->buffer, i)));
    w->spans_written += (int64_t)w->n_buffered;
    w->n_buffered = 0;
done:
    return rc;
}

static int flush_sequences(span_writer *w)
{
    int rc = OK;
    if (!w->n_ended) return OK;
    TRY(h5_write(w->file, "/offsets", w->sequences_written + 1, (int64_t)w->n_ended, w->offsets));
    TRY(h5_write(w->file, "/tokens", w->sequences_written, (int64_t)w->n_ended, w->totals));
    w->sequences_written += (int64_t)w->n_ended;
    w->n_ended = 0;
done:
    return rc;
}

int span_writer_add(span_writer *w, const span *s)
{
    int rc = OK;
    size_t i = w->n_buffered++;
    w->buffer.kind[i] = s->kind;
    w->buffer.shard[i] = s->shard;
    w->buffer.start[i] = s->start;
    w->buffer.length[i] = s->length;
    w->buffer.loss[i] = s->loss;
    w->buffer.begins[i] = s->begins;
    w->tokens += s->length;
    if (w->n_buffered == BUFFER) TRY(flush_spans(w));
done:
    return rc;
}

int span_writer_end(span_writer *w)
{
    int rc = OK;
    size_t i = w->n_ended++;
    w->offsets[i] = w->spans_written + (int64_t)w->n_buffered;
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
    TRY(flush_spans(w));
    TRY(flush_sequences(w));
    if (w->spans_written != w->n_spans || w->sequences_written != w->n_sequences)
        FAIL(ERR_INTERNAL, "an index of %lld spans in %lld sequences got %lld in %lld", (long long)w->n_spans,
             (long long)w->n_sequences, (long long)w->spans_written, (long long)w->sequences_written);
    TRY(h5_commit(&w->file));
done:
    span_writer_abandon(pw);
    return rc;
}

void span_writer_abandon(span_writer **pw)
{
    if (!*pw) return;
    h5_abandon(&(*pw)->file);
    mem_free(pw);
}

struct span_reader {
    h5_file *file;
    int64_t n_spans, n_sequences;
    columns buffer;
};

static int expect(h5_file *f, const char *path, int64_t *n)
{
    int rc = OK, n_dims;
    h5_type type;
    int64_t dims[3] = {0};
    if (!h5_has(f, path)) FAIL(ERR_CORRUPT, "%s is missing", path);
    TRY(h5_shape(f, path, &type, &n_dims, dims));
    if (n_dims != 1) FAIL(ERR_CORRUPT, "%s has %d dimensions, not 1", path, n_dims);
    *n = dims[0];
done:
    return rc;
}

static int open_columns(span_reader *r, const char *path)
{
    int rc = OK;
    int64_t n, last = -1;
    TRY(h5_open(&r->file, path));
    TRY(expect(r->file, layout[0].path, &r->n_spans));
    for (int i = 1; i < N_COLUMNS; i++) {
        TRY(expect(r->file, layout[i].path, &n));
        if (n != r->n_spans)
            FAIL(ERR_CORRUPT, "%s: %s has another length than %s", path, layout[i].path, layout[0].path);
    }
    TRY(expect(r->file, "/tokens", &r->n_sequences));
    TRY(expect(r->file, "/offsets", &n));
    if (n != r->n_sequences + 1) FAIL(ERR_CORRUPT, "%s: /offsets and /tokens do not fit", path);
    TRY(h5_read(r->file, "/offsets", H5_I64, r->n_sequences, 1, &last));
    if (last != r->n_spans) FAIL(ERR_CORRUPT, "%s: /offsets does not end at the number of spans", path);
done:
    return rc;
}

int span_reader_open(span_reader **out, const char *path)
{
    int rc = OK;
    span_reader *r = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(r, 1));
    TRY(open_columns(r, path));
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
h5_file *span_reader_file(span_reader *r) { return r->file; }

int span_reader_bounds(span_reader *r, int64_t first, int64_t n, int64_t *offsets, uint32_t *tokens)
{
    int rc = OK;
    if (offsets) {
        TRY(h5_read(r->file, "/offsets", H5_I64, first, n + 1, offsets));
        for (int64_t i = 0; i < n; i++)
            if (offsets[i] < 0 || offsets[i + 1] < offsets[i] || offsets[i + 1] > r->n_spans)
                FAIL(ERR_CORRUPT, "/offsets of sequence %lld are not in order", (long long)(first + i));
    }
    if (tokens) TRY(h5_read(r->file, "/tokens", H5_U32, first, n, tokens));
done:
    return rc;
}

int span_reader_read(span_reader *r, int64_t first, int64_t n, span *out)
{
    int rc = OK;
    while (n > 0) {
        int64_t k = n < BUFFER ? n : BUFFER;
        columns *c = &r->buffer;
        for (int i = 0; i < N_COLUMNS; i++)
            TRY(h5_read(r->file, layout[i].path, layout[i].type, first, k, column(c, i)));
        for (int64_t i = 0; i < k; i++)
            out[i] = (span){.start = c->start[i],
                            .shard = c->shard[i],
                            .length = c->length[i],
                            .kind = c->kind[i],
                            .loss = c->loss[i],
                            .begins = c->begins[i]};
        out += k;
        first += k;
        n -= k;
    }
done:
    return rc;
}
