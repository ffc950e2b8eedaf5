/* The steps of a training, as kmeans_fit takes them. Everything here that is Collective ends in one agreement of all
 * ranks: a rank that fails or is asked to stop skips its own work but takes part in the next sum, which carries the
 * news. */
#pragma once

#include "codebook/kmeans.h"
#include "codebook/kmeans_rows.h"
#include "codebook/kmeans_sums.h"

typedef struct kmeans_job {
    par *p;
    const kmeans_data *data;
    const kmeans_options *o;
    int (*stop)(void *user);
    void *user;
    kmeans_rows rows;
    float *mean; /* (d) of the training vectors, rounded */
    int64_t n_train, n_held_out;
    double largest;       /* squared length of the longest vector, or of the longest centroid of options->start */
    double scale;         /* power of two: a squared distance times it is below 2^84 */
    uint64_t fingerprint; /* of the training vectors */
} kmeans_job;

/* What a checkpoint holds. */
typedef struct kmeans_state {
    int64_t n_seeds;   /* centroids chosen so far; k once seeding is done */
    int64_t iteration; /* updates done */
    int64_t filled;    /* empty clusters that the last update filled */
    float *current;    /* (k, d) */
    float *previous;   /* (k, d) before the last update */
    double *history;   /* (iteration) inertia before each update */
    size_t history_capacity;
} kmeans_state;

/* Result of one pass over the training vectors. */
typedef struct kmeans_pass {
    kmeans_sums sums;
    uint32_t *codes; /* (n_local) of the latest pass; held-out vectors have none */
    int has_codes;
    double *farthest; /* (k) largest squared distance in the cluster, -1 in an empty one: of this rank, then of all */
    int64_t *number;  /* (k) the vector that has it, the first on ties */
    double inertia;
    int64_t changed; /* vectors whose code differs from that of the pass before */
} kmeans_pass;

/* Ranks hold ascending ranges without gaps; ERR_INVALID. Collective. */
int kmeans_check_ranges(par *p, const kmeans_data *data);

/* Counts, mean, longest vector, fingerprint; all values are finite and ranks hold ascending ranges. Collective. */
int kmeans_survey(kmeans_job *j);

/* Choose seeds from number *n_seeds on, (k, d), by greedy k-means++; counts *n_seeds up, so that ERR_STOPPED keeps what
 * is done. When no vector differs from the seeds, the rest are copies of the first. Collective. */
int kmeans_seed(kmeans_job *j, float *seeds, int64_t *n_seeds);

/* A zeroed struct is safe to free. ERR_MEMORY. Local. */
int kmeans_state_create(kmeans_state *s, int64_t k, int64_t d);
void kmeans_state_free(kmeans_state *s);
int kmeans_state_reserve(kmeans_state *s); /* room for one more entry of the history */

/* Read the checkpoint in `folder` if there is one; ERR_MISMATCH when it belongs to other settings or vectors,
 * ERR_CORRUPT. Collective. */
int kmeans_state_load(kmeans_job *j, const char *folder, kmeans_state *s);

/* Commit the checkpoint. ERR_SPACE, ERR_IO. Local (rank 0). */
int kmeans_state_save(const kmeans_job *j, const char *folder, const kmeans_state *s);

/* A zeroed struct is safe to free. ERR_MEMORY. Local. */
int kmeans_pass_create(kmeans_pass *a, const kmeans_job *j);
void kmeans_pass_free(kmeans_pass *a);

/* Assign all training vectors: sums, codes, inertia, changed. A rank whose `mine` is not OK only takes part in the
 * agreement. Collective. */
int kmeans_pass_run(kmeans_job *j, kmeans_pass *a, const float *centroids, int mine);

/* Move the centroids (k, d) to the means. E empty clusters take the E vectors with the largest distance (ties: lowest
 * number) of clusters that keep another vector, at most one per cluster; without such vectors a centroid stays.
 * *n_filled says how many did. Collective. */
int kmeans_update(kmeans_job *j, kmeans_pass *a, float *centroids, int64_t *n_filled);

/* Inertia of the held-out vectors, and variance of the training vectors. Collective. */
int kmeans_measure(kmeans_job *j, const float *centroids, double *inertia_held_out, double *variance);
