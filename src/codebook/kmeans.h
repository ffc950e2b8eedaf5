/* Distributed k-means (Lloyd) whose result does not depend on the number of ranks: integer sums, keyed random numbers,
 * exact assignment.
 *
 * Start: greedy k-means++ (Arthur, Vassilvitskii, SODA 2007) on a subsample, the size * seed_vectors training vectors
 * of lowest hash. Each seed is the best of 2 + ln K draws; of 5 above 4096 codes and of 3 above 8192, so that the work
 * stays within bounds. Several seedings differ in their draws; each is followed by 5 iterations on the subsample and
 * measured by the inertia of the held-out vectors of lowest hash, at most as many as the subsample has (of the
 * subsample itself where none are held out). The least wins, the earliest on ties, and training goes on from its
 * centroids. A single seeding is followed by the same iterations when there are at least 4 training vectors per vector
 * of the subsample, so that they cost little; otherwise training starts from the seeds themselves. */
#pragma once

#include "codebook/codebook.h"
#include "config/options.h"
#include "par/par.h"

typedef enum kmeans_type { KMEANS_HALF, KMEANS_FLOAT } kmeans_type; /* fp16 or fp32 */

/* Training vectors: this rank's contiguous range of the global order. Ranges ascend with the ranks, without gaps. */
typedef struct kmeans_data {
    int64_t n_global, first, n_local; /* this rank holds vectors first .. first + n_local - 1 */
    int64_t d;
    kmeans_type type;
    int in_place; /* `read` of one vector gives memory of the source that stays as it is as long as the source */
    /* *rows: vectors i .. i+n-1 (global numbers, within this rank's range), (n, d) values of `type`: in `buffer`, which
     * has room for them, or in memory of the source that stays as it is until the next call. Status. */
    int (*read)(void *user, int64_t i, int64_t n, void *buffer, const void **rows);
    void *user;
} kmeans_data;

typedef struct kmeans_options {
    int64_t size; /* K */
    int64_t seed;
    int64_t max_iterations;
    double tolerance;     /* stop when the inertia falls by less than this share, or fewer than this share of vectors
                             (or none) changed code; negative: never before max_iterations */
    int64_t seed_vectors; /* vectors per code that seeding looks at */
    int64_t seedings;     /* that are tried, see above; 0 counts as 1 */
    kmeans_metric metric;
    int64_t memory;     /* bytes per rank for what only makes it faster (filter rows, bounds); 0: no limit */
    double held_out;    /* share of vectors, by hash, that only measure quality */
    const float *start; /* (size, d) centroids to start from, scaled to unit length unless the metric is L2; NULL:
                           choose seeds */
} kmeans_options;

/* Train. `state` is a folder for checkpoints (made where missing; one committed file, replaced in each iteration; a
 * started training goes on there), or NULL: none; `stop` (may be NULL) says whether this rank was asked to stop: all
 * ranks then leave together with ERR_STOPPED. `report` (may be NULL) is called on rank 0 after each iteration. out:
 * name, feature, encoder, layer are the caller's to fill; k, d, centroids, counts, history, changed, filled, seed,
 * quality are set on every rank (zeroed or filled by the caller before; on error the arrays are NULL). ERR_INVALID (no
 * vector at all, a value that is not finite; fewer distinct vectors than codes is no error: codes stay unused),
 * ERR_MISMATCH (the checkpoint is of other settings or vectors), ERR_CORRUPT (it is damaged), ERR_STOPPED, ERR_MEMORY,
 * ERR_IO, ERR_SPACE, and what `read` returns. Collective. */
int kmeans_fit(par *p, const kmeans_data *data, const kmeans_options *o, const char *state, int (*stop)(void *user),
               void (*report)(void *user, int64_t iteration, double inertia, double changed), void *user,
               codebook *out);

/* Principal components of the same kind of data: mean (d) and the first n_components unit eigenvectors of the
 * covariance, rows of components (n_components, d), from exact integer sums; solved on rank 0 and broadcast. variances
 * (n_components). Collective. ERR_INVALID, ERR_STOPPED, ERR_MEMORY. */
int pca_fit(par *p, const kmeans_data *data, int64_t n_components, int (*stop)(void *user), void *user, double *mean,
            float *components, double *variances);
