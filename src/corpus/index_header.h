/* index.json: what an index is, committed last. Without it there is no index. Local. */
#pragma once

#include "base/hash.h"
#include "corpus/index.h"

typedef struct index_header {
    char build[17]; /* in the names of the files */
    char manifest[HASH128_HEX], hash[HASH128_HEX];
    char *root;
    char **split_names;    /* (n_splits) */
    int64_t *split_starts; /* (n_splits + 1) */
    int n_splits;
    int64_t n_ids, text_bytes;
    corpus_totals totals; /* totals.rows: rows of the index */
} index_header;

/* Names and starts for the splits of the options, all starts 0. Caller: index_header_free. ERR_CONFIG, ERR_MEMORY. */
int index_header_make(const corpus_options *o, index_header *out);
void index_header_free(index_header *h);

/* ERR_MISSING, ERR_CORRUPT, ERR_IO, ERR_MEMORY; ERR_SPACE. */
int index_header_read(const char *folder, index_header *out);
int index_header_write(const char *folder, const index_header *h);

/* Whether the index of this build is there. */
int index_is_committed(const char *folder, const char *build);

/* Path of a file of the index ("rows", "texts", "ids"). Caller: mem_free. */
int index_file_path(char **path, const char *folder, const char *build, const char *what);
