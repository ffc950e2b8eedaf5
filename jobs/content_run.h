/* The contents of a shard's examples as one sorted run of (hash, position), in bounded memory: what is too much is
 * sorted in pieces, which are merged. Local. */
#pragma once

#include "base/hash.h"
#include "corpus/run_merge.h"

typedef struct content_run content_run;

/* FOLDER/STEM-number.run; at most `most` entries are held in memory. ERR_MEMORY. Caller: content_run_free. */
int content_run_open(content_run **out, const char *folder, const char *stem, int64_t number, size_t most);
void content_run_free(content_run **r);

int content_run_add(content_run *r, hash128 content, int64_t position);

/* Sort and commit (fault points "index.*", as all runs); pieces are removed. ERR_SPACE, ERR_IO, ERR_MEMORY. */
int content_run_commit(content_run *r);
