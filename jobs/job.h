/* What all verbs share: command line, config, ranks, the output folder, the exit code. */
#pragma once

#include "base/hash.h"
#include "config/config.h"
#include "core/core_feature.h"
#include "core/filter_options.h"
#include "corpus/index.h"
#include "jobs/job_options.h"
#include "jobs/models.h"
#include "par/par.h"
#include "sequence/pack.h"
#include "text/tokenizer.h"
#include "work/inhand.h"
#include "work/owner.h"

#include <stdio.h>

typedef struct job {
    par p;
    /* command line */
    const char *verb;
    char **args; /* after the config or dataset */
    int n_args;
    const char *target; /* CONFIG or DATASET */
    int dry_run, overwrite, retry_environment, materialise, verbose, json;
    const char *format, *corpus_root, *write_wav, *write_png, *npy, *what, *to, *feature, *data, *start;
    const char *sequences, *split, *audio_token, *image_token;
    int64_t iters, per_tar; /* 0: not given */
    /* config */
    config *config;
    corpus_options corpus;
    output_options output;
    filter_options filter;
    audio_options audio;
    image_options image;
    sensor_options sensor;
    text_options text;
    sequence_options sequence;
    train_options train;
    run_options run;
    char *out; /* the output folder, without a slash at the end */
    models models;
    /* a life on the output folder */
    owner *owner; /* rank 0 */
    int64_t attempt;
    inhand *inhand;
    FILE *metrics; /* rank 0 */
    struct suspects *suspects;
} job;

typedef struct verb {
    const char *name, *operands, *help;
    int needs_config;
    int (*run)(job *j); /* collective; a status */
} verb;

/* Parse the command line, start MPI, read the config on rank 0 and share it, run the verb, agree, finish: the exit
 * code. */
int job_main(int argc, char **argv, const verb *verbs, size_t n_verbs);

/* The documented exit code of a status. */
int job_exit_code(int status);

/* The config of a job, at its defaults. ERR_MEMORY, ERR_INTERNAL. Local. */
int job_make_config(job *j);

/* "OUT/name" in new memory; printf form. ERR_MEMORY. */
int job_path(const job *j, char **out, const char *format, ...) __attribute__((format(printf, 3, 4)));
