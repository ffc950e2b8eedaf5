/* Which examples equal another one, and which of them is the first: a sparse file of one number for each position of
 * the index, and so no space where there are no duplicates. Local. */
#pragma once

#include "corpus/run_merge.h"

typedef struct duplicate_map_job {
    run_merge_job keys; /* sorted (hash of content, position); the sink is not used */
    int64_t n_positions;
    uint64_t hash; /* of what the map depends on */
    /* Row of the manifest at a position: of equal examples the least one is the first. Status. */
    int (*row)(void *user, int64_t position, int64_t *row);
    void *user;
} duplicate_map_job;

/* Make and commit it (fault points "duplicates.*"). ERR_SPACE, ERR_IO, ERR_MEMORY, or as run_merge and `row`. */
int duplicate_map_make(const char *path, const duplicate_map_job *job, int64_t *n_duplicates);

/* A zeroed one is safe to close. ERR_MISSING (none, or for something else), ERR_CORRUPT. */
typedef struct duplicate_map {
    file_mapping map;
    int64_t n;
} duplicate_map;
int duplicate_map_open(duplicate_map *m, const char *path, uint64_t hash);
void duplicate_map_close(duplicate_map *m);

/* Position of the example that the one here is a duplicate of; -1: it is none. ERR_CORRUPT. */
int duplicate_map_first(const duplicate_map *m, int64_t position, int64_t *first);
