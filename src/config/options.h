/* Tables that describe a struct of options: one entry gives the YAML key, the --set key, type, range, default, help,
 * and whether the key is content (and of which stage) or run. The module that uses the options defines struct and
 * table. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef enum option_type {
    OPTION_BOOL,    /* int: 0 or 1 */
    OPTION_INT,     /* int64_t */
    OPTION_REAL,    /* double */
    OPTION_ENUM,    /* int: index into `names` */
    OPTION_BYTES,   /* int64_t, written 512, 64KiB, 2GiB, 500MB */
    OPTION_SECONDS, /* double, written 30, 30s, 10m, 4h */
    OPTION_TEXT,    /* char *, owned by the config; never NULL ("" when not set) */
    OPTION_LIST     /* option_list: texts in order */
} option_type;

typedef struct option_list {
    char **texts;
    size_t n;
} option_list;

/* What a change of the key means. Content keys enter config.resolved.yaml and the hash of their stage. */
typedef enum option_scope {
    SCOPE_INDEX,     /* which rows, in which order */
    SCOPE_CODEBOOK,  /* features and training */
    SCOPE_TOKENS,    /* how rows become tokens and shards */
    SCOPE_SEQUENCES, /* how tokens become sequences */
    SCOPE_RUN        /* how the job runs: changes no byte of the dataset */
} option_scope;
enum { N_CONTENT_SCOPES = SCOPE_RUN };

typedef struct option_entry { /* the tag leaves "struct option" to getopt.h */
    const char *key;          /* full dotted path, "audio.codebook.size" */
    option_type type;
    option_scope scope;
    size_t offset;            /* of the field in the module's struct */
    const char *default_text; /* as it would be written in YAML */
    double min, max;          /* of numbers; both 0: no range */
    const char *const *names; /* OPTION_ENUM: valid names, ends with NULL */
    const char *help;         /* meaning and unit, one sentence, no full stop */
} option;

typedef struct option_table {
    const option *options;
    size_t n;
} option_table;

#define OPTION_TABLE(array)                                                                                            \
    {                                                                                                                  \
        (array), sizeof(array) / sizeof *(array)                                                                       \
    }
