/* The bytes of a row's media: opened, checked against the index, in memory or behind a file descriptor. Local. */
#pragma once

#include "base/source.h"
#include "corpus/row.h"

typedef struct media {
    int used;          /* the row has this medium */
    int status;        /* OK, or why it cannot be read (item or environment) */
    char message[256]; /* of the status */
    byte_source source;
    uint8_t *bytes; /* owned; NULL when the file is larger than the limit for memory */
    int fd;         /* owned; -1 when in memory */
} media;

/* Open one medium of a row below `root`. Files up to `memory_limit` bytes are read whole. Status and message go into
 * *out: ERR_MISSING, ERR_CHANGED (size or time differ from the index), ERR_ENVIRONMENT; a job error (ERR_MEMORY) is
 * returned. Caller: media_close. */
int media_open(const char *root, const corpus_row *row, media_kind kind, int64_t memory_limit, media *out);
void media_close(media *m);
