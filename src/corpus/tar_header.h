/* One header block of a tar, and the records of pax headers. What they say is not trusted. Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { TAR_BLOCK = 512, TAR_NAME_BYTES = 4096 /* longest name */ };

typedef struct tar_header {
    char type;
    int posix;       /* a ustar header */
    int64_t size;    /* of the data that follow, bytes */
    int more_sparse; /* a block with more places of an old GNU sparse file follows */
    char name[260];  /* prefix and name; zero-terminated */
} tar_header;

int tar_block_is_zero(const uint8_t block[TAR_BLOCK]);

/* ERR_FORMAT: wrong checksum, or a size that is none. */
int tar_header_parse(const uint8_t block[TAR_BLOCK], tar_header *out);

/* What a pax header says of the member after it. A zeroed struct with size -1 says nothing. */
typedef struct tar_pax {
    char *path; /* mem_free */
    int64_t size;
    int sparse;
} tar_pax;

/* ERR_FORMAT, ERR_MEMORY. */
int tar_pax_parse(const char *bytes, size_t n, tar_pax *out);
