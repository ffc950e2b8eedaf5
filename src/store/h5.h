/* HDF5 files with one writer, committed by rename. Only this folder calls HDF5. Local.
 *
 * The same content gives the same bytes: object times off, fixed library-version bounds, datasets of full size in the
 * order of the calls, contiguous unless compressed, strong close, no locking. One thread at a time may call. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef enum h5_type { H5_U8, H5_U16, H5_U32, H5_U64, H5_I8, H5_I16, H5_I32, H5_I64, H5_F16, H5_F32, H5_F64 } h5_type;
size_t h5_type_size(h5_type t);

typedef struct h5_file h5_file;

/* Create under a temporary name beside `path`; commit flushes, closes, fsyncs and renames (`what` names fault points);
 * abandon removes. Both free *f and set it to NULL (commit also on error). ERR_SPACE, ERR_IO. */
int h5_create(h5_file **out, const char *path, const char *what);
int h5_commit(h5_file **f);
void h5_abandon(h5_file **f);

/* Open read-only. ERR_MISSING, ERR_CORRUPT (not HDF5, truncated). */
int h5_open(h5_file **out, const char *path);
void h5_close(h5_file **f);

/* Open what lies in memory, of any origin; the bytes must outlive it, and one such file is open at a time. Errors speak
 * of "the file". ERR_CORRUPT, ERR_MEMORY. */
int h5_open_bytes(h5_file **out, const void *bytes, size_t n);

/* Whether a dataset of a foreign file is one that is safe to read: reached by hard links, its values in the file itself
 * and not elsewhere, its chunks of at most `chunk_limit` bytes. Checked before it is opened for reading. ERR_MISSING,
 * ERR_UNSUPPORTED, ERR_LIMIT, ERR_CORRUPT, with messages that depend on the bytes alone. */
int h5_check_foreign(h5_file *f, const char *path, size_t chunk_limit);

int h5_group(h5_file *f, const char *path);

/* A dataset of n_dims (1..3) dimensions, created at full size. deflate 0: contiguous, unfiltered; 1..9: chunked,
 * shuffle + deflate. An empty dataset (a zero dimension) is allowed. */
int h5_dataset(h5_file *f, const char *path, h5_type type, int n_dims, const int64_t *dims, int deflate);

/* Write rows first .. first + n - 1 (along the first dimension). Rows of one dataset are written in ascending order, of
 * a compressed one without gaps; rows never written are zero. */
int h5_write(h5_file *f, const char *path, int64_t first, int64_t n, const void *values);

/* Create and write a whole dataset of one dimension. */
int h5_put(h5_file *f, const char *path, h5_type type, int64_t n, const void *values);

/* Shape of a dataset; ERR_MISSING. */
int h5_shape(h5_file *f, const char *path, h5_type *type, int *n_dims, int64_t dims[3]);
int h5_has(h5_file *f, const char *path);

/* Read rows into a buffer of the asked type (converted by HDF5 when it differs). ERR_CORRUPT when out of range. */
int h5_read(h5_file *f, const char *path, h5_type type, int64_t first, int64_t n, void *values);

/* Offset in the file of a contiguous, unfiltered dataset, so that it can be mapped; -1 when it has none. */
int h5_file_offset(h5_file *f, const char *path, int64_t *offset);

/* What a file of any origin holds. `path` and `type_name` ("float32", "big-endian int16", "text") are for people too.
 */
typedef struct h5_entry {
    char *path;
    int n_dims; /* -1: more than 3, or none that can be known */
    int64_t dims[3];
    int is_number;      /* one of h5_type, in either byte order */
    int is_float;       /* floating point of any size and order */
    int is_plain;       /* one of h5_type, as this folder writes it: IEEE or integer, little-endian */
    h5_type type;       /* when it is plain */
    int64_t chunk_rows; /* rows of a chunk; 0: not in chunks */
    char type_name[32];
} h5_entry;

/* One dataset. ERR_MISSING, ERR_CORRUPT. Caller: h5_entry_free; a zeroed struct is safe. */
int h5_describe(h5_file *f, const char *path, h5_entry *out);
void h5_entry_free(h5_entry *e);

/* Rows first .. first + n - 1 of a dataset of a foreign file (h5_check_foreign) with numbers in one or two dimensions,
 * as h5_describe found it; in its own type and the byte order of memory. Chunks may be deflated, shuffled and have
 * checksums. ERR_CORRUPT, also where a chunk was never written; ERR_UNSUPPORTED for other filters; ERR_MEMORY. */
int h5_read_foreign(h5_file *f, const h5_entry *e, int64_t first, int64_t n, void *values);

/* All datasets, in the order of their paths; each once, by a hard link. Caller: h5_list_free. ERR_CORRUPT. */
int h5_list(h5_file *f, h5_entry **out, size_t *n);
void h5_list_free(h5_entry **entries, size_t n);

/* Attributes of a group, dataset or "/": fixed-length UTF-8 texts, int64 and fp64 scalars. */
int h5_put_text(h5_file *f, const char *object, const char *name, const char *text);
int h5_put_int(h5_file *f, const char *object, const char *name, int64_t value);
int h5_put_real(h5_file *f, const char *object, const char *name, double value);
int h5_get_text(h5_file *f, const char *object, const char *name, char **text); /* caller: mem_free */
int h5_get_int(h5_file *f, const char *object, const char *name, int64_t *value);
int h5_get_real(h5_file *f, const char *object, const char *name, double *value);

/* "1.10.8": identity of bytes holds per version of the library. */
const char *h5_version(void);
