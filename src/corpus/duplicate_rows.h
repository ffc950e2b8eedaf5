/* Rows whose id an earlier row has, in a sparse file of one number a row: holes, and so no space, where there are none.
 * Local. */
#pragma once

#include "corpus/run_merge.h"

typedef struct duplicate_rows {
    char *path; /* a temporary name */
    int fd;
    int64_t n_rows, n_duplicates;
    id_entry first; /* first row with the latest id */
    int any;        /* there was an id */
    file_mapping map;
} duplicate_rows;

/* Find them with a merge of the sorted (id, row) runs that the job names. Caller: duplicate_rows_close, which removes
 * the file and may be called on error too. ERR_SPACE, ERR_IO, ERR_MEMORY, or as run_merge. */
int duplicate_rows_find(duplicate_rows *d, const run_merge_job *ids, int64_t n_rows);
void duplicate_rows_close(duplicate_rows *d);

/* The first row with the id of this row; -1 if it is this one. */
int64_t duplicate_rows_first(const duplicate_rows *d, int64_t row);
