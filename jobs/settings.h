/* What work in an output folder was made from, compared with what the config asks for now. */
#pragma once

#include "jobs/job.h"

/* Facts that are content but no keys: lines "name: value". */
typedef struct settings {
    char *resolved; /* config.resolved.yaml */
    char *facts;    /* versions, manifest, contents of frozen codebooks and matrices */
    char manifest[33];
    char codebook[N_MEDIA][65]; /* SHA-256 of frozen codebooks; "" when trained */
    char projection[33];        /* hash of a given matrix; "" else */
} settings;

/* From the config and the files that it names. ERR_CONFIG. Local. Caller: settings_free. */
int settings_make(const job *j, settings *out);
void settings_free(settings *s);

/* Compare with resolved text and facts written earlier: the lowest scope with a difference (SCOPE_RUN: none) and what
 * differs, one line each (mem_free). Local. ERR_CORRUPT. */
int settings_compare(const job *j, const settings *s, const char *resolved, const char *facts, option_scope *first,
                     char **differences);

/* 64-bit hash of what a stage depends on: `scopes` 0 .. last, only keys with this prefix, "train." and (but for
 * the prefix "train.") "filter." when it is not "", and `more`. Local. */
int settings_hash(const job *j, option_scope last, const char *prefix, const char *more, uint64_t *hash);
