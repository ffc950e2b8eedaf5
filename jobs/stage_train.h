/* What of the codebooks is to be trained: shared by sampling and training. */
#pragma once

#include "jobs/stages.h"

typedef struct training {
    stages *s;
    int train[N_MEDIA];          /* a codebook is to be trained */
    int train_pca;               /* the projection of patches too */
    int sample[N_MEDIA];         /* its sample is needed */
    int measure;                 /* so are mean and deviation of the sensors in it */
    uint64_t hash[N_MEDIA];      /* of what the sample parts depend on */
    uint64_t measured_hash;      /* of the moments of sensors: hash before it has them too */
    uint64_t book_hash[N_MEDIA]; /* of what the codebooks, and the projection, depend on */
} training;

/* The name under which the moments of the sensor sample are kept, beside those of the streams. */
extern const char measured_name[];

/* Commit the sample's features of all units; with `measure` the moments of its sensor recordings instead. Collective.
 */
int stage_sample(const training *t, int measure);

/* Mean and deviation per channel of the sensor sample, from moments that are committed first: s->moments, and hash of
 * the sensor sample. Collective. */
int stage_measure(training *t);

/* Whether this sample lacks a row that could not be read, for reasons outside its bytes. Local. */
int stage_sample_unread(const job *j, const char *name, uint64_t hash);
