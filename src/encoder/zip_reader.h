/* The files in a zip that lies in memory, one after the other. Through libarchive. Local. */
#pragma once

#include "encoder/weight_list.h"

typedef struct zip_reader {
    const char *path; /* in messages, borrowed */
    const uint8_t *bytes;
    size_t n;
    struct archive *archive;
    size_t size;          /* of the current file, bytes */
    size_t unpacked_left; /* what may still be decompressed, bytes */
} zip_reader;

typedef struct zip_entry {
    const char *name; /* until the next call */
    size_t size;
} zip_entry;

/* Start at the first file; `bytes` and `path` are borrowed. A zeroed reader is safe to close. ERR_CONFIG: not a zip;
 * ERR_MEMORY. */
int zip_reader_open(zip_reader *z, const uint8_t *bytes, size_t n, const char *path);

/* The next file, or *more = 0. ERR_CONFIG: damaged, or a size that no zip of this length can hold. */
int zip_reader_next(zip_reader *z, zip_entry *e, int *more);

/* All bytes of the current file, checked against its checksum: where they are stored, in the zip itself, else in memory
 * of `owner`. Never NULL. ERR_CONFIG: damaged, or more than 64 MiB and 16 times the zip decompressed; ERR_MEMORY. */
int zip_reader_bytes(zip_reader *z, weight_list *owner, const uint8_t **bytes);

void zip_reader_close(zip_reader *z);
