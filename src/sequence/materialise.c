#include "sequence/materialise.h"

#include "base/memory.h"
#include "base/status.h"
#include "sequence/record_table.h"
#include "sequence/sequence_batch.h"

enum { BATCH_TOKENS = 1 << 22, BEGINS = 1 << 16 }; /* of a batch about 100 MB */

typedef struct output {
    h5_file *file;
    record_writer vectors;
    uint16_t *narrow; /* NULL for ids of 32 bits */
    int64_t starts_written;
} output;

static int write_batch(output *out, sequence_batch *b, int64_t first)
{
    int rc = OK;
    h5_file *f = out->file;
    size_t cells = (size_t)(b->n * b->length);
    for (size_t i = 0; out->narrow && i < cells; i++) out->narrow[i] = (uint16_t)b->ids[i];
    TRY(h5_write(f, "/input_ids", first, b->n, out->narrow ? (void *)out->narrow : b->ids));
    TRY(h5_write(f, "/loss_mask", first, b->n, b->loss));
    TRY(h5_write(f, "/position_ids", first, b->n, b->positions));
    TRY(h5_write(f, "/modality", first, b->n, b->kind));
    TRY(h5_write(f, "/tokens", first, b->n, b->tokens));
    for (int64_t i = 0; i < b->n; i++) b->start_offsets[i] += out->starts_written;
    TRY(h5_write(f, "/document_offsets", first + 1, b->n, b->start_offsets));
    TRY(h5_write(f, "/document_starts", out->starts_written, (int64_t)b->n_starts, b->starts));
    out->starts_written += (int64_t)b->n_starts;
    TRY(h5_write(f, "/vectors/offsets", first + 1, b->n, b->vector_offsets + 1));
    for (int64_t i = 0; i < b->vector_offsets[b->n] - b->vector_offsets[0]; i++)
        TRY(record_writer_add(&out->vectors, &b->vectors[i]));
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

static int create_output(output *out, const sequence_batch *b, int64_t n_starts)
{
    int rc = OK;
    h5_file *f = out->file;
    const vocabulary *v = b->set->words;
    const sequence_attributes *a = &b->attributes;
    int64_t n = a->counts.sequences, table[2] = {n, a->length}, n_offsets = n + 1, zero = 0;
    TRY(h5_put_text(f, "/", "format", "tessera-input-ids"));
    TRY(h5_put_int(f, "/", "format_version", 2));
    TRY(h5_put_text(f, "/", "created_by", "tessera " TESSERA_VERSION));
    TRY(h5_put_int(f, "/", "length", a->length));
    TRY(h5_put_int(f, "/", "n_sequences", n));
    TRY(h5_put_int(f, "/", "n_tokens", a->counts.tokens));
    TRY(sequence_attributes_put_vocabulary(f, v));
    TRY(sequence_attributes_put_specials(f, b->set->options));
    TRY(h5_dataset(f, "/input_ids", v->id_bits == 16 ? H5_U16 : H5_U32, 2, table, 0));
    TRY(h5_dataset(f, "/loss_mask", H5_U8, 2, table, 0));
    TRY(h5_dataset(f, "/position_ids", H5_I32, 2, table, 0));
    TRY(h5_dataset(f, "/modality", H5_U8, 2, table, 0));
    TRY(h5_dataset(f, "/tokens", H5_U32, 1, &n, 0));
    TRY(h5_dataset(f, "/document_offsets", H5_I64, 1, &n_offsets, 0));
    TRY(h5_dataset(f, "/document_starts", H5_I64, 1, &n_starts, 0));
    TRY(h5_write(f, "/document_offsets", 0, 1, &zero));
    TRY(h5_group(f, "/vectors"));
    TRY(record_writer_open(&out->vectors, f, &vector_layout, span_reader_vectors(b->reader)));
    TRY(h5_dataset(f, "/vectors/offsets", H5_I64, 1, &n_offsets, 0));
    TRY(h5_write(f, "/vectors/offsets", 0, 1, &zero));
done:
    return rc;
}

int materialise(const sequence_set *set, const char *index_path, const char *out_path, int64_t batch_tokens)
{
    int rc = OK;
    sequence_batch b = {0};
    output out = {0};
    int64_t n_starts = 0;
    TRY(sequence_batch_open(&b, set, index_path, batch_tokens));
    TRY(count_starts(b.reader, &n_starts));
    if (set->words->id_bits == 16) TRY(MEM_ALLOC(out.narrow, (size_t)(b.capacity * b.length)));
    TRY(h5_create(&out.file, out_path, "materialise"));
    TRY(create_output(&out, &b, n_starts));
    for (int64_t at = 0, n = sequence_batch_total(&b); at < n; at += b.capacity) {
        TRY(sequence_batch_read(&b, at, n - at < b.capacity ? n - at : b.capacity));
        TRY(write_batch(&out, &b, at));
    }
    TRY(record_writer_flush(&out.vectors));
    TRY(h5_commit(&out.file));
done:
    h5_abandon(&out.file);
    record_writer_free(&out.vectors);
    mem_free(&out.narrow);
    sequence_batch_close(&b);
    return rc;
}

int pack_materialise(const sequence_set *set, const char *index_path, const char *out_path)
{
    return materialise(set, index_path, out_path, BATCH_TOKENS);
}
