/* The stages of a job on one output folder, in order. Each first looks at what is committed and does only the rest. All
 * are Collective and return the same status on all ranks. */
#pragma once

#include "codebook/codebook.h"
#include "core/projection.h"
#include "core/row_example.h"
#include "core/sample.h"
#include "jobs/coded_stream.h"
#include "jobs/settings.h"
#include "shards/shard.h"
#include "tokens/vocabulary.h"
#include "work/unit_table.h"

typedef struct stages {
    job *j;
    settings settings; /* rank 0 */
    int complete;      /* the dataset is there and current: nothing to do */
    int finished;      /* this life completed the dataset; nothing in the state is needed any more */
    int repack;        /* the dataset is there, but its sequences are to be made anew */
    corpus_index *index;
    unit_table *units;
    codebook book[N_MEDIA]; /* k = 0: not used */
    double *moments;        /* of sensors: mean and deviation per channel (2, channels) in the sample; NULL: not used */
    projection *image_map;  /* NULL: none */
    core *core;
    uint64_t tokens_hash;
    shard_options shard; /* of all shards */
    vocabulary words;
} stages;

/* Take the output folder, compare settings, remove what is stale, note the run, collect the rows in hand of a dead
 * life. */
int stages_begin(stages *s, job *j);

/* Give it back; `status` of the job goes into logs/runs.jsonl. Safe after a failed begin on all ranks. */
void stages_end(stages *s, int status);

int stage_index(stages *s);
int stage_units(stages *s);
int stage_units_hash(const stages *s, uint64_t *hash); /* of what the table of units depends on; Local */
int stage_codebooks(stages *s);
int stage_tokenize(stages *s);
int stage_pack(stages *s);
int stage_finish(stages *s);

/* Remove the state of a complete dataset, unless it is to be kept. Rank 0, Local. */
int stage_clear(stages *s);

/* Run all stages up to `last` ("index", "train", "tokenize", "pack", "finish") between begin and end. */
int stages_run(job *j, const char *last);

/* The projection of patches, from the file that is given or from what training committed. Local. */
int stage_load_projection(stages *s);

/* The models that tokenizing needs, from what training committed or from frozen files, and what follows from them: the
 * core, the shard options, the hash of the tokens, the vocabulary. Rank 0 also copies frozen codebooks into the
 * dataset. Local. */
int stage_load_models(stages *s);

/* Paths: numbered files in folders of at most 4096 entries: "state/parts/0003/00012345.part". Local. */
int stage_numbered_path(const job *j, const char *folder, int64_t number, const char *suffix, char **out);

/* The folders that stage_numbered_path needs for numbers 0 .. n - 1. Local. */
int stage_make_folders(const job *j, const char *folder, int64_t n);

/* Path of shard i of the table. Local. */
int stage_shard_path(const stages *s, int64_t shard, char **out);

/* Counts of a shard as committed in state/shards. ERR_MISSING. Local. */
int stage_read_counts(const stages *s, int64_t shard, shard_counts *out);
int stage_counts_of(const char *path, shard_counts *out); /* a file of counts; ERR_CORRUPT */
int stage_write_counts(const stages *s, int64_t shard, const shard_counts *c);
