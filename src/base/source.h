/* Bytes that can be read at any offset: a block of memory, or a range of an open file (a whole file, a tar member).
 * Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct byte_source {
    const uint8_t *bytes; /* not NULL: in memory, borrowed */
    int fd;               /* else read from here, borrowed */
    int64_t start, size;  /* of the range, bytes */
} byte_source;

byte_source source_of_memory(const void *bytes, size_t n);
byte_source source_of_file(int fd, int64_t start, int64_t size);

/* Read up to n bytes at `offset` of the range; *got < n only at its end. ERR_ENVIRONMENT when the system call fails
 * (EIO, ESTALE ...). */
int source_read(const byte_source *s, int64_t offset, void *out, size_t n, size_t *got);

/* XXH3 (64 bits) of the whole range, reading files in blocks. ERR_ENVIRONMENT, ERR_CHANGED when the file is shorter
 * than the range. */
int source_hash(const byte_source *s, uint64_t *hash);
