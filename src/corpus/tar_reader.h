/* The members of a tar, one after the other: of the archive only headers and the bytes asked for are read, what lies
 * between them is skipped. Known: v7, ustar, pax and GNU headers (long names, sizes of any length, sparse files).
 * Local. */
#pragma once

#include "base/source.h"

typedef enum tar_type {
    TAR_FILE,
    TAR_FOLDER,
    TAR_LINK,   /* hard or symbolic */
    TAR_SPARSE, /* its data are not one piece */
    TAR_SPECIAL /* device, pipe, or of a type that is not known */
} tar_type;

typedef struct tar_member {
    const char *name; /* as it is; until the next call */
    tar_type type;
    int64_t offset, size; /* of the data in the archive */
    int cut;              /* the archive ends before the data do */
} tar_member;

/* A source that is read must outlive the reader. ERR_MEMORY. Caller: tar_reader_close. */
typedef struct tar_reader tar_reader;
int tar_reader_open(tar_reader **out, const byte_source *source);
void tar_reader_close(tar_reader **t);

/* The next member; *got = 0 at the end. ERR_FORMAT: what follows is no header (it is the same at the next call);
 * ERR_ENVIRONMENT, ERR_MEMORY. */
int tar_reader_next(tar_reader *t, tar_member *m, int *got);

/* Let the next call give the latest member again. */
void tar_reader_back(tar_reader *t);

/* The data of a whole file in new memory with a final zero byte. Caller: mem_free. ERR_ENVIRONMENT, ERR_MEMORY. */
int tar_reader_content(tar_reader *t, const tar_member *m, char **bytes);

/* At the end: whether the mark of the end was missing, and the bytes behind it (padding is up to 1 MiB). */
int tar_reader_lacks_end(const tar_reader *t);
int64_t tar_reader_rest(const tar_reader *t);

/* Name of the way in which these first bytes of a file are compressed ("gzip"); NULL: in none that is known. */
const char *tar_compression(const uint8_t *head, size_t n);
