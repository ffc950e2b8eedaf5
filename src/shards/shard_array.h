/* A whole dataset of a shard as an array, mapped or loaded. Local. */
#pragma once

#include "base/file.h"
#include "store/h5.h"

typedef struct shard_array {
    const void *values; /* (n, width) of the asked type */
    int64_t n;
    void *owned; /* the values when they are loaded */
} shard_array;

/* Use a dataset where it lies in the mapped file: one dimension (width 0) or rows of `width` values; it must have n
 * rows unless n is -1. values stays NULL when that cannot be: compressed, kept as another type, empty. `m` maps the
 * file and outlives the array. ERR_MISSING, ERR_CORRUPT. Caller: shard_array_close. */
int shard_array_map(shard_array *a, h5_file *f, const file_mapping *m, const char *path, h5_type type, int64_t width,
                    int64_t n);

/* The same, but what cannot be mapped is loaded, converted to the type: values is never NULL. ERR_MEMORY too. */
int shard_array_open(shard_array *a, h5_file *f, const file_mapping *m, const char *path, h5_type type, int64_t width,
                     int64_t n);
void shard_array_close(shard_array *a);

/* Test that int64 offsets start at 0, never fall, and end at `total`. ERR_CORRUPT: *bad is the first that is wrong. */
int shard_array_check_offsets(const shard_array *a, const char *path, int64_t total, int64_t *bad);
