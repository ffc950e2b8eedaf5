/* The index file of one block: spans in columns, and where each sequence begins. Local.
 *
 *   /spans/kind u8, shard u32, start i64, length u32, loss u8, begins u8   (n_spans)
 *   /offsets i64 (n_sequences + 1)   first span of each sequence, and the end
 *   /tokens u32 (n_sequences)        tokens without padding */
#pragma once

#include "shards/shard.h"
#include "store/h5.h"
#include "tokens/vocabulary.h"

/* pack.h says what the fields mean. */
typedef struct span {
    int64_t start;
    uint32_t shard, length;
    uint8_t kind, loss, begins;
} span;

/* Write: spans in order, each sequence closed with end; then attributes through the file; then commit ("sequence"),
 * which wants exactly the sizes announced (ERR_INTERNAL). Both free *w. ERR_SPACE, ERR_IO, ERR_MEMORY. */
typedef struct span_writer span_writer;
int span_writer_open(span_writer **out, const char *path, int64_t n_spans, int64_t n_sequences);
int span_writer_add(span_writer *w, const span *s);
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
h5_file *span_reader_file(span_reader *r);

/* Sequences first .. first + n - 1: offsets (n + 1), tokens (n); either may be NULL. */
int span_reader_bounds(span_reader *r, int64_t first, int64_t n, int64_t *offsets, uint32_t *tokens);

/* Spans first .. first + n - 1 into `out`, (n). */
int span_reader_read(span_reader *r, int64_t first, int64_t n, span *out);
