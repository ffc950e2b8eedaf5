/* Tar files (POSIX ustar) of plain files that belong to nobody and have no time: the same content gives the same bytes.
 * Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Opened under a temporary name and committed ("export"); close and abandon free *t and set it to NULL. ERR_SPACE,
 * ERR_IO, ERR_MEMORY. */
typedef struct tar_writer tar_writer;
int tar_writer_open(tar_writer **out, const char *path);
int tar_writer_commit(tar_writer **t);
void tar_writer_abandon(tar_writer **t);

/* Announce a member of `size` bytes, then give them in any pieces. ERR_LIMIT: a name above 100 bytes, or 8 GiB.
 * ERR_INTERNAL: the member before is not complete, or this one has more. */
int tar_writer_begin(tar_writer *t, const char *name, int64_t size);
int tar_writer_add(tar_writer *t, const void *bytes, size_t n);
