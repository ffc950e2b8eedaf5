/* NumPy .npy files (written as format version 1.0, C order; versions 2 and 3 are read too). Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct npy_array {
    char type[8]; /* "<f4", "<f2", "|u1" ... */
    int n_dims;
    int64_t dims[4];
    const uint8_t *data; /* in the parsed bytes, all there; at a multiple of 64 as NumPy writes */
} npy_array;

/* Bytes of one value of a type that is read; 0: it is not one. */
size_t npy_type_size(const char *type);

/* Parse a mapped file. ERR_FORMAT, ERR_UNSUPPORTED (Fortran order, big-endian, objects). */
int npy_parse(const uint8_t *bytes, size_t n, npy_array *out);

/* The same from the first n bytes of a file of `total` bytes, which are all of it or at least those that
 * npy_start_bytes says: the values begin at byte *start, and out->data is NULL. */
int npy_parse_start(const uint8_t *bytes, size_t n, uint64_t total, npy_array *out, size_t *start);

/* From the first NPY_HEAD bytes of a file: how many come before the values, at most NPY_START_LIMIT. */
enum { NPY_HEAD = 12, NPY_START_LIMIT = (1 << 20) + NPY_HEAD };
size_t npy_start_bytes(const uint8_t head[NPY_HEAD]);

/* Commit an array to a file. ERR_SPACE, ERR_IO. */
int npy_write(const char *path, const char *type, int n_dims, const int64_t *dims, const void *data, const char *what);

/* The header alone, for streams: bytes in new memory (mem_free). */
int npy_header(const char *type, int n_dims, const int64_t *dims, char **bytes, size_t *n);
