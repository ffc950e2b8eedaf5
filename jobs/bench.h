/* The benchmarks of `tessera bench NAME`: each prints a table on stdout, or JSON with --json. A new one is a function
 * here, a file jobs/bench_NAME.c and a line of the table in bench.c. */
#pragma once

#include "jobs/job.h"

typedef struct benchmark {
    const char *name, *help;
    int (*run)(job *j); /* Collective; a status */
} benchmark;

/* Speed of the matrix products of src/tensor at the shapes of the encoders and of k-means. ERR_MEMORY, ERR_IO. */
int bench_kernel(job *j);

/* k-means: --data, --start, --iters (see jobs/bench_kmeans.c). ERR_USAGE, ERR_CONFIG, ERR_MEMORY, ERR_IO. */
int bench_kmeans(job *j);

/* The picture job stage by stage: --data FOLDER, --start CODEBOOK. As bench_kmeans. */
int bench_image(job *j);

/* Sound: resampling and features, and with --data FILES... decoding by format and the whole path. As bench_kmeans. */
int bench_audio(job *j);

/* An encoder: --data FOLDER of a model. As bench_kmeans. */
int bench_encoder(job *j);

/* Seconds on a clock that only goes forward. Local. */
double bench_now(void);

/* GFLOP/s of fp32 multiply-adds at best, in the next tenth of a second. Local. */
double bench_peak(void);
