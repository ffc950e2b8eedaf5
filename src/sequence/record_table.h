/* Records in columns: a dataset of an index file per field of a struct. Written in order through a buffer. Local. */
#pragma once

#include "store/h5.h"

typedef struct record_column {
    const char *path;
    h5_type type;
    size_t offset; /* of the field in the record; it has the type's size */
} record_column;

typedef struct record_layout {
    const record_column *columns;
    size_t n_columns, record_size;
} record_layout;

typedef struct record_writer {
    h5_file *file;
    const record_layout *layout;
    uint8_t *records; /* that wait */
    void *column;
    size_t n_waiting;
    int64_t n_written;
} record_writer;

/* Create the datasets for n records; add them; then flush. free is safe on a zeroed one. ERR_SPACE, ERR_IO, ERR_MEMORY.
 */
int record_writer_open(record_writer *w, h5_file *f, const record_layout *layout, int64_t n);
int record_writer_add(record_writer *w, const void *record);
int record_writer_flush(record_writer *w);
void record_writer_free(record_writer *w);
int64_t record_writer_count(const record_writer *w); /* added so far */

/* Number of records; ERR_CORRUPT when the columns do not fit together. */
int record_table_count(h5_file *f, const record_layout *layout, int64_t *n);

/* Records first .. first + n - 1. ERR_CORRUPT, ERR_MEMORY. */
int record_table_read(h5_file *f, const record_layout *layout, int64_t first, int64_t n, void *records);
