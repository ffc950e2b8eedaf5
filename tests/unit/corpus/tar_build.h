/* Tars for tests, member by member. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct tar_build {
    uint8_t *bytes;
    size_t n, capacity;
} tar_build;

/* A header block and n bytes of data with their padding. Returns the offset of the header, for tests that damage it. */
size_t tar_build_add(tar_build *t, const char *name, char type, const void *data, size_t n);

/* A regular file with this text. */
size_t tar_build_file(tar_build *t, const char *name, const char *text);

/* A pax header that says "KEY=VALUE" of the next member. */
void tar_build_pax(tar_build *t, const char *key, const char *value);

/* Make the checksum of a header right again. */
void tar_build_sum(tar_build *t, size_t header);

/* The two blocks of zeros. */
void tar_build_end(tar_build *t);
