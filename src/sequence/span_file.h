/* The index file of one block: spans in columns, the vectors that stand in the sequences, and where each sequence
 * begins. Local.
 *
 *   /spans/kind u8, shard u32, start i64, ids u32, length u32, loss u8, begins u8   (n_spans)
 *   /offsets i64 (n_sequences + 1)   first span of each sequence, and the end
 *   /tokens u32 (n_sequences)        tokens without padding
 *   /vectors/...                     sequence/vector_span.h
 *   /literals/...                    sequence/literal_table.h, put there by the caller */
#pragma once

#include "sequence/vector_span.h"
#include "shards/shard.h"
#include "store/h5.h"
#include "tokens/vocabulary.h"

/* pack.h says what the fields mean. */
typedef struct span {
    int64_t start;
    uint32_t shard, ids, length;
    uint8_t kind, loss, begins;
} span;

/* Write: spans in order, with the vectors of those tokens that stand for some (else NULL); each sequence closed with
 * end; then attributes and literals through the file; then commit ("sequence"), which wants exactly the sizes announced
 * (ERR_INTERNAL). Both free *w. ERR_SPACE, ERR_IO, ERR_MEMORY. */
typedef struct span_writer span_writer;
int span_writer_open(span_writer **out, const char *path, int64_t n_spans, int64_t n_vectors, int64_t n_sequences);
int span_writer_add(span_writer *w, const span *s, const vector_span *v);
int span_writer_end(span_writer *w);
h5_file *span_writer_file(span_writer *w);
int span_writer_commit(span_writer **w);
void span_writer_abandon(span_writer **w);

/* Read. ERR_MISSING, ERR_CORRUPT (not such a file, sizes that do not fit, offsets out of order). */
typedef struct span_reader span_reader;
int span_reader_open(span_reader **out, const char *path);
void span_reader_close(span_reader **r);
int64_t span_reader_sequences(const span_reader *r);
int64_t span_reader_spans(const span_reader *r);
int64_t span_reader_vectors(const span_reader *r);
h5_file *span_reader_file(span_reader *r);

/* Sequences first .. first + n - 1: offsets of spans and of vectors (n + 1), tokens (n); each may be NULL. */
int span_reader_bounds(span_reader *r, int64_t first, int64_t n, int64_t *offsets, int64_t *vector_offsets,
                       uint32_t *tokens);

/* Spans or vectors first .. first + n - 1 into `out`, (n). */
int span_reader_read(span_reader *r, int64_t first, int64_t n, span *out);
int span_reader_read_vectors(span_reader *r, int64_t first, int64_t n, vector_span *out);

/* The tables, for who copies them. */
struct record_layout;
extern const struct record_layout vector_layout;
