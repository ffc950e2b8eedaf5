/* A training up to where its first centroids are chosen. A failed check ends the job. */
#pragma once

#include "codebook/kmeans_subsample.h"
#include "training_set.h"

typedef struct stage {
    kmeans_data data;
    kmeans_job job;
    kmeans_subsample part;
} stage;

/* Survey and subsample; o must outlive it. Collective. */
void stage_open(stage *s, par *p, const training_set *set, const kmeans_options *o);
void stage_close(stage *s);
