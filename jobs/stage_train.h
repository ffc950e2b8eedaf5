/* What of the codebooks is to be trained: shared by sampling and training. */
#pragma once

#include "jobs/stages.h"

typedef struct training {
    stages *s;
    int train_audio, train_image;                        /* a codebook is to be trained */
    int train_pca;                                       /* the projection too */
    int sample_image;                                    /* train_image or train_pca */
    uint64_t audio_hash, image_hash;                     /* of what the sample parts depend on */
    uint64_t audio_book_hash, image_book_hash, pca_hash; /* of what the codebooks depend on */
} training;

/* Commit the sample's features of all units. Collective. */
int stage_sample(const training *t);

/* Whether this sample lacks a row that could not be read, for reasons outside its bytes. Local. */
int stage_sample_unread(const job *j, const char *name, uint64_t hash);
