/* One matrix of fp16 or fp32 values, n rows of d, from files of any origin. Local.
 *
 * FILE.npy; FILE.h5 (one dataset of two dimensions, FILE.h5:/NAME where there are several); or a folder: the .npy, .h5
 * and .hdf5 files in it, in the order of their names, one below the other, all of one width and type (FOLDER:/NAME
 * names the dataset of each .h5). Arrays that lie whole in their file are mapped and read in place; chunked or
 * compressed datasets are read in pieces of whole chunks. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct matrix matrix;
typedef enum matrix_type { MATRIX_F16, MATRIX_F32 } matrix_type;

/* Look at all files; no row is read. Files without rows in a folder are left out. ERR_MISSING, ERR_FORMAT and
 * ERR_CORRUPT (damaged, or no matrix), ERR_UNSUPPORTED (big-endian, Fortran order, fp64, integers ...: the message says
 * what to do), ERR_LIMIT, ERR_MEMORY, ERR_IO; messages name the file. Caller: matrix_close. */
int matrix_open(matrix **out, const char *path);
void matrix_close(matrix **m);

int64_t matrix_rows(const matrix *m);
int64_t matrix_width(const matrix *m);
matrix_type matrix_value_type(const matrix *m);
size_t matrix_row_bytes(const matrix *m);

/* *rows: rows i .. i+n-1, (n, d) values of the matrix's type, aligned: in `buffer`, which has room for them, or in
 * memory of the matrix that stays as it is until the next call. `m` is a matrix (void: a callback of k-means).
 * ERR_CORRUPT, ERR_MEMORY, ERR_IO, ERR_INTERNAL (no such rows). */
int matrix_read(void *m, int64_t i, int64_t n, void *buffer, const void **rows);

/* Whether each of the rows i .. end-1, read alone, is given in memory that stays as it is until matrix_close. */
int matrix_in_place(const matrix *m, int64_t i, int64_t end);

/* The file (and dataset) of row i, owned by the matrix, and the number of the row in it. */
void matrix_where(const matrix *m, int64_t i, const char **name, int64_t *row);

/* Pages of mapped files that were read in order leave this process again: for matrices larger than memory. */
void matrix_forget_read(matrix *m);

/* Keep up to so many bytes of what was read in pieces, so that passes over it and single rows are read once. */
void matrix_keep_pieces(matrix *m, size_t bytes);

/* What tells this matrix from others without reading it: shape, type, names below the folder, datasets, sizes of the
 * files; with `samples` above 0 also the values of so many rows, spread evenly. Not the path. As matrix_read. */
int matrix_identity(matrix *m, int64_t samples, uint64_t *hash);

/* The first of the rows i .. end-1 that has a value which is not finite; -1: none. As matrix_read. */
int matrix_find_not_finite(matrix *m, int64_t i, int64_t end, int64_t *row);

/* Whether n values, fp16 or fp32, are all finite. */
int matrix_is_finite(matrix_type type, const void *values, size_t n);
