/* Examples to the datasets of one shard, in two equal passes: the first counts, the second writes. Local. */
#pragma once

#include "shards/example_sum.h"
#include "shards/shard_column.h"
#include "shards/string_table.h"

/* A run of equal ids that the next piece of the row may still make longer. */
typedef struct shard_run {
    uint32_t id, duration; /* duration 0: none */
} shard_run;

typedef struct shard_stream_columns {
    shard_column ids, offsets, durations, grid, vectors, vector_offsets, xxh3, seconds;
    shard_run run;
    /* of the row in hand */
    int64_t row_ids, row_vectors;
    int32_t row_grid[2];
    uint64_t row_xxh3;
    double row_seconds;
    uint64_t row_ids_sum, row_durations_sum, row_vectors_sum; /* second pass only */
} shard_stream_columns;

enum { SHARD_COLUMNS = 2 * N_EXAMPLE_TEXTS + 4 + 8 * N_STREAMS };

typedef struct shard_builder {
    const shard_options *options;
    shard_column text[N_EXAMPLE_TEXTS], text_offsets[N_EXAMPLE_TEXTS]; /* or codes, without offsets */
    string_table table[N_EXAMPLE_TEXTS];
    shard_column row, order, starts_group, checksum;
    uint64_t row_sum; /* of the row in hand; second pass only */
    shard_stream_columns stream[N_STREAMS];
    shard_column *columns[SHARD_COLUMNS]; /* those in use, in the order of the file */
    int n_columns;
    shard_counts counts; /* examples, ids, streams, seconds */
} shard_builder;

/* Begin to count. The options are borrowed. Caller: shard_builder_free, also on error. */
int shard_builder_open(shard_builder *b, const shard_options *o);
void shard_builder_free(shard_builder *b);

/* End of the first pass: attributes, groups, tables and datasets of the file; then the same rows again. */
int shard_builder_create(shard_builder *b, h5_file *file);

/* An example: begin, its streams (text, image, sensor, then audio; audio again for each piece), end. ERR_INTERNAL when
 * it does not fit the options: an id that the codebook does not have, durations missing, another width ... */
int shard_builder_begin(shard_builder *b, const example *e, int starts_group);
int shard_builder_stream(shard_builder *b, stream_kind s, const example_stream *part);
int shard_builder_end(shard_builder *b);

/* End of the second pass: write what waits. */
int shard_builder_finish(shard_builder *b);
