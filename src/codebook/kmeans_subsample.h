/* Some vectors of a training, chosen by hash and copied into memory, as a training of their own: passes, updates and
 * measuring work on them as on the whole, and give the same bits on any number of ranks. */
#pragma once

#include "codebook/kmeans_job.h"

typedef struct kmeans_subsample {
    kmeans_job job;         /* over the copies; points into this struct */
    kmeans_options options; /* of the job */
    kmeans_data data;       /* this rank's training vectors, then its held-out ones, each in the order of the whole */
    char *rows;             /* (data.n_local) as the source has them */
    int64_t *numbers;       /* (data.n_local) */
    size_t capacity;
    int64_t n, n_held_out; /* of this rank */
} kmeans_subsample;

/* Take the size * seed_vectors training vectors of lowest hash (all, when there are no more), and as many held-out ones
 * at most, also those of lowest hash. Mean, scale and units are those of j, which must outlive it. A zeroed struct is
 * safe to free. ERR_STOPPED, ERR_MEMORY, and what reading returns. Collective. */
int kmeans_subsample_create(kmeans_subsample *s, kmeans_job *j);
void kmeans_subsample_free(kmeans_subsample *s); /* Local */
