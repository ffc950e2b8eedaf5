/* What the sequences of a job are made from, for those who pack, check, print and export them. Local. */
#pragma once

#include "jobs/job.h"
#include "sequence/pack.h"

#include <jansson.h>

typedef struct sequence_job {
    const job *j;
    vocabulary words;
    text_tokenizer *text; /* the job's, or own; NULL: its file is not at hand */
    text_tokenizer *own;
    int64_t audio_window;
} sequence_job;

/* From the options of the job, the vocabulary, and the member "streams" of dataset.json. ERR_MEMORY. Caller:
 * sequence_job_close, safe on a zeroed one. */
int sequence_job_open(sequence_job *s, const job *j, const vocabulary *words, const json_t *streams);
void sequence_job_close(sequence_job *s);

/* The sequences of one split; number 0 is the one whose documents have weights. Borrows the paths and *s. */
sequence_set sequence_job_set(const sequence_job *s, int split, char *const *shards, size_t n_shards);

/* OUT/sequences/NAME/SPLIT-00000-of-00003.h5 relative to OUT; `kind` comes before the split ("" or "tokens-"). */
int sequence_file_name(char **out, const char *set, const char *kind, const char *split, int64_t block, int64_t n);

/* The settings that a set of sequences of a finished dataset was made with become those of the job; the
 * tokenizer is the dataset's copy, if it has one. ERR_CORRUPT, ERR_MEMORY. */
int sequence_job_load(job *j, const char *dataset, const char *set);
