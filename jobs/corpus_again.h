/* The corpus of a finished dataset, looked up again: its index lives in the state, which is gone, so the manifest is
 * read anew, without opening media. */
#pragma once

#include "jobs/job.h"

typedef struct corpus_again {
    corpus_index *index;
    char *folder; /* temporary */
} corpus_again;

/* Fills j's options with those of the latest run on `dataset` (logs/runs.jsonl), with --corpus as the path where it is
 * given, and makes the index in a temporary folder. ERR_CONFIG when the log or the corpus is not there. Local. Caller:
 * corpus_again_close. */
int corpus_again_open(corpus_again *c, job *j, const char *dataset);
void corpus_again_close(corpus_again *c);
