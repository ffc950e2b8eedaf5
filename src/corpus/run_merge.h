/* External sort: sorted runs become one sorted stream. Memory: one cursor a run. Local. */
#pragma once

#include "corpus/run_file.h"

typedef struct run_merge_job {
    const char *folder, *stem; /* of the runs STEM-00000/000000.run ... */
    run_kind kind;             /* RUN_ROWS or RUN_IDS */
    int64_t n_runs, width;     /* more runs than `width` (at least 2) are merged in rounds */
    int (*sink)(void *user, const uint8_t *entry, size_t n);
    void *sink_user;
    int (*tick)(void *user); /* may be NULL; called now and then; not OK stops */
    void *tick_user;
} run_merge_job;

enum { RUNS_PER_FOLDER = 4096 };

/* Path of run i, and the same for a run that is to be written: its folder is made. Caller: mem_free. ERR_MEMORY;
 * ERR_SPACE, ERR_IO. */
int run_path(char **path, const char *folder, const char *stem, int64_t i);
int run_path_make(char **path, const char *folder, const char *stem, int64_t i);

/* Give all entries in order to the sink. Runs of later rounds are committed beside the first ones, under names that say
 * width and round, and used again when they are there. ERR_MISSING, ERR_CORRUPT, ERR_SPACE, ERR_IO, ERR_MEMORY, or what
 * sink or tick returned. */
int run_merge(const run_merge_job *job);
