/* Files of entries one after the other with a footer that says what they are and how many: segments, sorted runs, and
 * the parts of the index. Written once, committed, then mapped. Local. */
#pragma once

#include "base/file.h"

/* Kinds of entries, as written in the footer. */
typedef enum run_kind {
    RUN_ROWS = 1,    /* entries of row_codec.h */
    RUN_IDS = 2,     /* id_entry */
    RUN_RECORDS = 3, /* row_record: the rows of the index */
    RUN_TEXTS = 4    /* bytes: the texts of the index */
} run_kind;

/* Hash of an id and a number: the row in the manifest, or the position in the index. */
typedef struct id_entry {
    uint64_t high, low; /* XXH3-128 */
    int64_t number;
} id_entry;
int id_entry_compare(const void *a, const void *b);

/* A file that is being written. Caller: run_commit, or run_abandon; both set *w to NULL. ERR_SPACE, ERR_IO. */
typedef struct run_writer run_writer;
int run_open(run_writer **out, const char *path, run_kind kind);
int run_add(run_writer *w, const void *entry, size_t n); /* one entry (of RUN_TEXTS: one piece) */
int run_commit(run_writer **w);
void run_abandon(run_writer **w);

/* A file that is read from front to back. A zeroed one is safe to close. */
typedef struct run_reader {
    file_mapping map;
    run_kind kind;
    size_t at, end;       /* bytes */
    size_t released;      /* bytes given back */
    int64_t n_left;       /* entries after `entry` */
    const uint8_t *entry; /* the current one; NULL at the end */
    size_t entry_n;
} run_reader;

/* Map a file and check its footer; *n_bytes is without the footer. ERR_MISSING, ERR_CORRUPT, ERR_IO. */
int run_map(const char *path, run_kind kind, file_mapping *map, size_t *n_bytes, int64_t *n_entries);

/* Open at the first entry; go to the next one. ERR_CORRUPT. */
int run_reader_open(run_reader *r, const char *path, run_kind kind);
int run_reader_next(run_reader *r);
void run_reader_close(run_reader *r);
