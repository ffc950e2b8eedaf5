/* Sequences go out in batches. The spans of a batch are sorted by shard, so that each shard is opened once a batch and
 * read in ascending order, however the documents are scattered. */
#include "sequence/materialise.h"

#include "base/memory.h"
#include "base/status.h"
#include "sequence/id_reader.h"
#include "sequence/sequence_attributes.h"
#include "sequence/span_file.h"

#include <string.h>

enum { BATCH_TOKENS = 1 << 22, BEGINS = 1 << 16 }; /* of a batch about 100 MB */

typedef struct batch {
    int64_t length, capacity; /* tokens and sequences */
    int64_t *offsets;         /* (capacity + 1) spans */
    uint32_t *tokens;         /* (capacity) */
    span *spans;
    size_t spans_capacity;
    id_request *requests;
    size_t n_requests, requests_capacity;
    uint32_t *ids;    /* (capacity, length), and so are the next four */
    uint16_t *narrow; /* NULL for ids of 32 bits */
    uint8_t *loss, *kind;
    int32_t *positions;
    int64_t *starts; /* document starts */
    size_t n_starts, starts_capacity;
    int64_t *start_offsets; /* (capacity) ends of each sequence's starts */
} batch;

static int batch_make(batch *b, int64_t length, int64_t n_sequences, int64_t batch_tokens, int id_bits)
{
    int rc = OK;
    size_t n;
    b->length = length;
    b->capacity = length < batch_tokens ? batch_tokens / length : 1;
    if (b->capacity > n_sequences) b->capacity = n_sequences;
    TRY(size_mul((size_t)b->capacity, (size_t)length, &n));
    TRY(MEM_ALLOC(b->offsets, (size_t)b->capacity + 1));
    TRY(MEM_ALLOC(b->tokens, (size_t)b->capacity));
    TRY(MEM_ALLOC(b->start_offsets, (size_t)b->capacity));
    TRY(MEM_ALLOC(b->ids, n));
    if (id_bits == 16) TRY(MEM_ALLOC(b->narrow, n));
    TRY(MEM_ALLOC(b->loss, n));
    TRY(MEM_ALLOC(b->kind, n));
    TRY(MEM_ALLOC(b->positions, n));
done:
    return rc;
}

static void batch_free(batch *b)
{
    mem_free(&b->offsets);
    mem_free(&b->tokens);
    mem_free(&b->start_offsets);
    mem_free(&b->spans);
    mem_free(&b->requests);
    mem_free(&b->ids);
    mem_free(&b->narrow);
    mem_free(&b->loss);
    mem_free(&b->kind);
    mem_free(&b->positions);
    mem_free(&b->starts);
}

/* Lay one sequence out: everything but the ids of streams, which are asked for. */
static int lay_out(batch *b, const vocabulary *v, const span *spans, int64_t n, int64_t row)
{
    int rc = OK;
    int64_t at = 0, document = 0, base = row * b->length;
    for (int64_t i = 0; i < n; i++) {
        const span *s = &spans[i];
        if (s->length < 1 || s->length > b->length - at || s->kind >= N_MODALITIES)
            FAIL(ERR_CORRUPT, "a span of %u tokens, kind %u, does not fit into its sequence", s->length, s->kind);
        if (!i && !s->begins) FAIL(ERR_CORRUPT, "a sequence does not begin with a document");
        if (s->begins) {
            TRY(MEM_GROW(b->starts, &b->starts_capacity, b->n_starts + 1));
            b->starts[b->n_starts++] = document = at;
        }
        memset(b->loss + base + at, s->loss != 0, s->length);
        memset(b->kind + base + at, s->kind, s->length);
        for (int64_t k = 0; k < s->length; k++) b->positions[base + at + k] = (int32_t)(at + k - document);
        if (s->kind == MODALITY_SPECIAL) {
            if (s->start < 0 || s->start >= N_SPECIALS || s->length != 1)
                FAIL(ERR_CORRUPT, "special %lld is not known", (long long)s->start);
            b->ids[base + at] = (uint32_t)vocabulary_special(v, (special_id)s->start);
        } else {
            TRY(MEM_GROW(b->requests, &b->requests_capacity, b->n_requests + 1));
            b->requests[b->n_requests++] = (id_request){*s, base + at};
        }
        at += s->length;
    }
    if (at != b->tokens[row])
        FAIL(ERR_CORRUPT, "a sequence of %lld tokens is said to have %u", (long long)at, b->tokens[row]);
    b->start_offsets[row] = (int64_t)b->n_starts;
done:
    return rc;
}

static int fill(batch *b, const vocabulary *v, char *const *paths, size_t n_paths, span_reader *r, int64_t first,
                int64_t n)
{
    int rc = OK;
    size_t cells = (size_t)(n * b->length);
    TRY(span_reader_bounds(r, first, n, b->offsets, b->tokens));
    int64_t n_spans = b->offsets[n] - b->offsets[0];
    if (n_spans > (int64_t)cells) FAIL(ERR_CORRUPT, "%lld sequences have more spans than tokens", (long long)n);
    TRY(MEM_GROW(b->spans, &b->spans_capacity, (size_t)n_spans));
    TRY(span_reader_read(r, b->offsets[0], n_spans, b->spans));
    uint32_t pad = (uint32_t)vocabulary_special(v, SPECIAL_PAD);
    for (size_t i = 0; i < cells; i++) b->ids[i] = pad;
    memset(b->loss, 0, cells);
    memset(b->kind, SEQUENCE_PADDING, cells);
    memset(b->positions, 0, cells * sizeof *b->positions);
    b->n_requests = b->n_starts = 0;
    for (int64_t i = 0; i < n; i++)
        TRY(lay_out(b, v, b->spans + (b->offsets[i] - b->offsets[0]), b->offsets[i + 1] - b->offsets[i], i));
    TRY(id_reader_fill(paths, n_paths, v, b->requests, b->n_requests, b->ids, cells));
    for (size_t i = 0; b->narrow && i < cells; i++) b->narrow[i] = (uint16_t)b->ids[i];
done:
    return rc;
}

static int write_batch(batch *b, h5_file *f, int64_t first, int64_t n, int64_t *starts_written)
{
    int rc = OK;
    TRY(h5_write(f, "/input_ids", first, n, b->narrow ? (void *)b->narrow : b->ids));
    TRY(h5_write(f, "/loss_mask", first, n, b->loss));
    TRY(h5_write(f, "/position_ids", first, n, b->positions));
    TRY(h5_write(f, "/modality", first, n, b->kind));
    TRY(h5_write(f, "/tokens", first, n, b->tokens));
    for (int64_t i = 0; i < n; i++) b->start_offsets[i] += *starts_written;
    TRY(h5_write(f, "/document_offsets", first + 1, n, b->start_offsets));
    TRY(h5_write(f, "/document_starts", *starts_written, (int64_t)b->n_starts, b->starts));
    *starts_written += (int64_t)b->n_starts;
done:
    return rc;
}

/* Documents and pieces in the whole file: spans with `begins`. */
static int count_starts(span_reader *r, int64_t *n)
{
    int rc = OK;
    uint8_t *begins = NULL;
    int64_t n_spans = span_reader_spans(r);
    *n = 0;
    TRY(MEM_ALLOC(begins, BEGINS));
    for (int64_t at = 0; at < n_spans; at += BEGINS) {
        int64_t k = n_spans - at < BEGINS ? n_spans - at : BEGINS;
        TRY(h5_read(span_reader_file(r), "/spans/begins", H5_U8, at, k, begins));
        for (int64_t i = 0; i < k; i++) *n += begins[i] != 0;
    }
done:
    mem_free(&begins);
    return rc;
}

static int create_output(h5_file *f, const sequence_attributes *a, const vocabulary *v, int64_t n_starts)
{
    int rc = OK;
    int64_t n = a->counts.sequences, table[2] = {n, a->length}, n_offsets = n + 1, zero = 0;
    TRY(h5_put_text(f, "/", "format", "tessera-input-ids"));
    TRY(h5_put_int(f, "/", "format_version", 1));
    TRY(h5_put_text(f, "/", "created_by", "tessera " TESSERA_VERSION));
    TRY(h5_put_int(f, "/", "length", a->length));
    TRY(h5_put_int(f, "/", "n_sequences", n));
    TRY(h5_put_int(f, "/", "n_tokens", a->counts.tokens));
    TRY(sequence_attributes_put_vocabulary(f, v));
    TRY(h5_dataset(f, "/input_ids", v->id_bits == 16 ? H5_U16 : H5_U32, 2, table, 0));
    TRY(h5_dataset(f, "/loss_mask", H5_U8, 2, table, 0));
    TRY(h5_dataset(f, "/position_ids", H5_I32, 2, table, 0));
    TRY(h5_dataset(f, "/modality", H5_U8, 2, table, 0));
    TRY(h5_dataset(f, "/tokens", H5_U32, 1, &n, 0));
    TRY(h5_dataset(f, "/document_offsets", H5_I64, 1, &n_offsets, 0));
    TRY(h5_dataset(f, "/document_starts", H5_I64, 1, &n_starts, 0));
    TRY(h5_write(f, "/document_offsets", 0, 1, &zero));
done:
    return rc;
}

int materialise(const sequence_options *o, const vocabulary *v, char *const *shard_paths, size_t n_shards,
                const char *index_path, const char *out_path, int64_t batch_tokens)
{
    int rc = OK;
    batch b = {0};
    span_reader *r = NULL;
    h5_file *f = NULL;
    sequence_attributes a;
    int64_t n_starts = 0, written = 0;
    TRY(span_reader_open(&r, index_path));
    TRY(sequence_attributes_get(span_reader_file(r), v, &a));
    int64_t n = span_reader_sequences(r);
    if (a.length != o->length || a.n_shards != (int64_t)n_shards || a.seed != o->seed)
        FAIL(ERR_MISMATCH, "%s was made with other settings", index_path);
    if (a.counts.sequences != n) FAIL(ERR_CORRUPT, "%s: n_sequences is wrong", index_path);
    TRY(batch_make(&b, a.length, n, batch_tokens, v->id_bits));
    TRY(count_starts(r, &n_starts));
    TRY(h5_create(&f, out_path, "materialise"));
    TRY(create_output(f, &a, v, n_starts));
    for (int64_t at = 0; at < n; at += b.capacity) {
        int64_t k = n - at < b.capacity ? n - at : b.capacity;
        TRY(fill(&b, v, shard_paths, n_shards, r, at, k));
        TRY(write_batch(&b, f, at, k, &written));
    }
    TRY(h5_commit(&f));
done:
    h5_abandon(&f);
    span_reader_close(&r);
    batch_free(&b);
    return rc;
}

int pack_materialise(const sequence_options *o, const vocabulary *v, char *const *shard_paths, size_t n_shards,
                     const char *index_path, const char *out_path)
{
    return materialise(o, v, shard_paths, n_shards, index_path, out_path, BATCH_TOKENS);
}
