/* One dataset of a shard that grows row by row. It is filled twice in the same way: first without a file, where it only
 * counts, then into a dataset of that size. What waits is a fixed number of bytes. Local. */
#pragma once

#include "shards/shard_layout.h"

typedef struct shard_column {
    char path[SHARD_PATH];
    h5_type type;
    int64_t width;    /* values per row of a table; 0: one dimension */
    int deflate;      /* level; 0: not compressed */
    int64_t n;        /* rows so far, of this pass */
    int64_t declared; /* rows of the dataset */
    uint32_t max;     /* largest number of shard_column_add_ids */
    h5_file *file;    /* NULL: counting */
    uint8_t *buffer;
    size_t row_bytes, used; /* used: bytes that wait */
} shard_column;

/* Begin the second pass: create the dataset with the rows counted. Type, width and deflate are set before. */
int shard_column_create(shard_column *c, h5_file *file);

/* n rows of the column's type. */
int shard_column_add(shard_column *c, const void *rows, int64_t n);

/* n numbers, narrowed when the column is H5_U16. ERR_INTERNAL when one does not fit. */
int shard_column_add_ids(shard_column *c, const uint32_t *ids, size_t n);

/* Write what waits; ERR_INTERNAL when the two passes differ. */
int shard_column_finish(shard_column *c);
void shard_column_free(shard_column *c);
