/* The steps of a training, as kmeans_fit takes them. Everything here that is Collective ends in one agreement of all
 * ranks: a rank that fails or is asked to stop skips its own work but takes part in the next sum, which carries the
 * news. */
#pragma once

#include "codebook/kmeans.h"
#include "codebook/kmeans_bounds.h"
#include "codebook/kmeans_rows.h"
#include "codebook/kmeans_sums.h"
#include "codebook/kmeans_vectors.h"
#include "par/par_node.h"

typedef struct kmeans_job {
    par *p;
    par_node *node; /* sums in two levels; panels once per node */
    const kmeans_data *data;
    const kmeans_options *o;
    int (*stop)(void *user);
    void *user;
    kmeans_rows rows;
    kmeans_vectors vectors; /* to train from */
    float *mean;            /* (d) of the training vectors, rounded */
    int64_t n_train, n_held_out;
    double largest;       /* squared length of the longest vector, or of the longest centroid of options->start */
    double spread;        /* sum of squared distances of the training vectors to `mean` */
    double scale;         /* power of two: a squared distance times it is below 2^84 */
    double units;         /* of sums, see kmeans_sums.h */
    uint64_t fingerprint; /* of the training vectors */
} kmeans_job;

/* What is kept of an iteration. */
typedef struct kmeans_step {
    double inertia; /* before the update */
    double changed; /* share of the vectors whose code differs from that of the pass before; 1 in the first */
    int64_t filled; /* empty clusters that the update filled */
} kmeans_step;

/* What a checkpoint holds. */
typedef struct kmeans_state {
    int64_t seeding;      /* number of the seeding in progress; kmeans_seedings when the start is there */
    int64_t n_seeds;      /* seeds of it chosen so far, in `current` */
    double best;          /* least inertia of the seedings before it, whose centroids are in `previous` */
    int64_t iteration;    /* updates done */
    float *current;       /* (k, d) */
    float *previous;      /* (k, d) before the last update */
    kmeans_step *history; /* (iteration) */
    size_t history_capacity;
} kmeans_state;

/* What passes over the training vectors know. */
typedef struct kmeans_pass {
    kmeans_sums sums;
    uint32_t *codes; /* (vectors.n) of the latest pass */
    int64_t n_done;  /* passes; 0: there are no codes yet */
    int64_t n_bounded;
    kmeans_bounds *bounds; /* for the first n_bounded vectors; NULL on all ranks: none */
    void *panels;          /* of the filter, shared by the ranks of the node */
    double *farthest;      /* (k) of this rank: largest squared distance in the cluster, -1 in an empty one */
    int64_t *number;       /* (k) the vector that has it, the first on ties */
    double *inertias;      /* (k) of all ranks: sum of squared distances in the cluster */
    int64_t *limbs;        /* (k, 3) of inertias while they are added up, and a flag */
    double inertia;
    int64_t changed; /* vectors whose code differs from that of the pass before */
} kmeans_pass;

/* Ranks hold ascending ranges without gaps; ERR_INVALID. Collective. */
int kmeans_check_ranges(par *p, const kmeans_data *data);

/* Counts, mean, longest vector, spread, fingerprint; all values are finite. Collective. */
int kmeans_survey(kmeans_job *j);

/* j->spread: the sum of squared distances of the training vectors to j->mean. A rank whose `mine` is not OK only takes
 * part in the agreement. Collective. */
int kmeans_spread(kmeans_job *j, int mine);

/* Seedings that the settings ask for: at least 1. Local. */
int64_t kmeans_seedings(const kmeans_options *o);

/* Lloyd iterations on the subsample after each seeding. */
enum { KMEANS_START_ITERATIONS = 5 };

/* The centroids that training starts from, s->current, from where s left it (kmeans.h says how they are found).
 * Checkpoints are committed to `folder` unless it is NULL, also when this is stopped. Collective. */
int kmeans_start(kmeans_job *j, kmeans_state *s, const char *folder);

/* The start in words. Local. */
void kmeans_start_text(const kmeans_job *j, char *text, size_t size);

/* Choose seeds among all training vectors of j, from number *n_seeds on, (k, d), by greedy k-means++ with the draws of
 * this seeding; counts *n_seeds up, so that ERR_STOPPED keeps what is done. `keep` (may be NULL) is called on rank 0
 * after each seed; a result other than OK ends it for all. When no vector differs from the seeds, the rest are copies
 * of the first. Unless the metric is L2, seeds have unit length and directions are compared. Collective. */
int kmeans_seed(kmeans_job *j, int64_t seeding, float *seeds, int64_t *n_seeds, int (*keep)(void *user), void *user);

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
void kmeans_pass_free(kmeans_pass *a, kmeans_job *j); /* Collective (node) */

/* Assign all training vectors: codes, sums, inertia, changed. A rank whose `mine` is not OK only takes part in the
 * agreement. Collective. */
int kmeans_pass_run(kmeans_job *j, kmeans_pass *a, const float *centroids, int mine);

/* Choose the filter for the passes to come by measuring on some vectors of rank 0, and make the bounds; a->bounds stays
 * NULL where whole products are faster, or memory is short. Cannot change a result. Collective. */
int kmeans_tune(kmeans_job *j, kmeans_pass *a, const float *centroids);

/* The exact distance of every training vector to the centroid of its code: their sum, and farthest, number and
 * inertias. Collective. */
int kmeans_distances(kmeans_job *j, kmeans_pass *a, const float *centroids, double *sum);

/* Sum of the squared distances of the vectors in the sums to their centroids, from the sums alone: exact to about 2^-46
 * of the spread. Local. */
double kmeans_inertia(const kmeans_job *j, const kmeans_sums *sums, const float *centroids);

/* Centroids (k, d), which equal `before`, those of the pass, move to the means (scaled to unit length unless the metric
 * is L2). E empty clusters split the E clusters of largest inertia that have more than one vector (ties: lowest
 * number), each one: they begin at 1/64 of the way from its mean to its farthest vector (ties: lowest number). Without
 * such clusters a centroid stays. *n_filled says how many moved. Collective. */
int kmeans_update(kmeans_job *j, kmeans_pass *a, const float *before, float *centroids, int64_t *n_filled);

/* Inertia of the held-out vectors. Collective. */
int kmeans_measure(kmeans_job *j, const float *centroids, double *inertia_held_out);
