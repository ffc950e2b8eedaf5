/* What the files matrix*.c share. Local. */
#pragma once

#include "base/file.h"
#include "store/h5.h"
#include "store/matrix.h"

typedef struct matrix_part {
    char *path;    /* of the file */
    char *name;    /* of the file, seen from the folder; "" for a single file */
    char *dataset; /* NULL: .npy */
    char *shown;   /* in messages: path, or path:/dataset */
    int64_t first; /* row of the matrix */
    int64_t n;     /* rows */
    int64_t bytes; /* of the file */
    file_mapping map;
    const uint8_t *values; /* (n, d) in the mapped file; NULL: a dataset that HDF5 reads */
    int64_t piece_rows;    /* of such a dataset: rows that are read at a time */
    uint8_t **pieces;      /* of such a dataset: those that are kept; NULL as a whole or one by one: not there */
} matrix_part;

/* How many pieces a part has that HDF5 reads. */
int64_t matrix_pieces(const matrix_part *p);

/* A zeroed struct is safe. */
void matrix_part_free(matrix_part *p);

struct matrix {
    matrix_type type;
    int64_t n, d;
    size_t row_bytes;
    matrix_part *parts; /* none is empty */
    size_t n_parts, capacity;
    size_t hint; /* part of the latest row */
    /* pieces of datasets that HDF5 reads: the first ones that come are kept, up to a limit; one more is at hand */
    h5_file *file;
    const matrix_part *file_part; /* whose file that is */
    size_t keep_limit, kept_bytes;
    uint8_t *piece;
    size_t piece_capacity;
    const matrix_part *piece_part; /* NULL: none is at hand */
    int64_t piece_number;
    /* pages that were read in order */
    int forget;
    int64_t next;      /* the row after the latest ones */
    int64_t forgotten; /* rows before this one are */
};

/* Of a piece, unless chunks are larger, and the most; what is forgotten at a time. */
enum { MATRIX_PIECE_BYTES = 2 << 20, MATRIX_PIECE_LIMIT = 64 << 20, MATRIX_FORGET_BYTES = 8 << 20 };
