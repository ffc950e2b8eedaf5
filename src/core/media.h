/* The bytes of a row's media: opened, checked against the index, in memory or behind a file descriptor. Neighbouring
 * rows of one file (segments of a recording) share its bytes and its hash. Local. */
#pragma once

#include "base/source.h"
#include "corpus/row.h"

/* Which bytes of which state of which file; what was written to since then is another state. */
typedef struct media_identity {
    uint64_t name; /* hash of the path: not all file systems have an inode for each file */
    uint64_t device, inode;
    int64_t mtime_ns, ctime_ns;
    int64_t start, size; /* bytes of the file */
} media_identity;

typedef struct media_block media_block; /* bytes of a file, in use by several media */

typedef struct media {
    int used;          /* the row has this medium */
    int status;        /* OK, or why it cannot be read (item or environment) */
    char message[256]; /* of the status */
    media_identity identity;
    byte_source source;
    media_block *block; /* a share of it; NULL when the file is larger than the limit for memory */
    int fd;             /* owned; -1 when in memory */
} media;

/* Open one medium of a row below `root`. Files up to `memory_limit` bytes are read whole, unless `before`, a medium
 * that was opened earlier (NULL: none), has the same bytes in memory: they are shared then. Status and message go into
 * *out: ERR_MISSING, ERR_CHANGED (size or time differ from the index), ERR_ENVIRONMENT; a job error (ERR_MEMORY) is
 * returned. Caller: media_close. */
int media_open(const char *root, const corpus_row *row, media_kind kind, int64_t memory_limit, const media *before,
               media *out);
void media_close(media *m);

/* Bytes that this medium took beside those of `before`. */
int64_t media_new_bytes(const media *m, const media *before);

/* Put a share of the bytes of `m` in place of what *kept holds: a `before` that lasts. Of a medium that is not in
 * memory nothing is kept; what a row lacks changes nothing. Shares may be closed in several threads. Caller:
 * media_close. */
void media_keep(media *kept, const media *m);

/* XXH3 of the bytes of a medium. *last has those that were hashed before and stands for them; a zeroed struct has none.
 * ERR_ENVIRONMENT, ERR_CHANGED. */
typedef struct media_hashed {
    media_identity identity;
    int is_there;
    uint64_t hash;
} media_hashed;
int media_hash(const media *m, media_hashed *last, uint64_t *hash);
