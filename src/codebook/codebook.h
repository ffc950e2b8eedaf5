/* A codebook: K centroids of D values, where they come from, and how good they are. Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* What nearest means. COSINE: vectors are scaled to unit length (zeros stay zeros), centroids too, so the nearest is
 * the one of the largest cosine. INNER: only the centroids are (spherical k-means over unscaled vectors), so the
 * nearest is the one of the largest inner product. */
typedef enum kmeans_metric { KMEANS_L2, KMEANS_COSINE, KMEANS_INNER } kmeans_metric;
extern const char *const kmeans_metric_names[]; /* "l2", "cosine", "inner"; ends with NULL */

typedef struct codebook_quality {
    int64_t n_train, n_held_out; /* vectors */
    double inertia;              /* sum of squared distances of the training vectors, final centroids */
    double inertia_held_out;     /* the same of the held-out vectors */
    double variance;             /* sum of squared distances to the mean, training vectors */
    double perplexity;           /* exp of the entropy of the code distribution */
    int64_t codes_used, iterations;
    char stop[24];  /* "converged", "max-iterations" */
    char start[80]; /* how the first centroids were found; empty: not known */
} codebook_quality;

typedef struct codebook {
    char *name;    /* "audio", "image" */
    char *feature; /* canonical text of the feature settings: what a frozen codebook is checked against */
    char *encoder; /* "mfcc", "patches", "hubert" ... */
    int64_t layer; /* -1: none */
    kmeans_metric metric;
    int64_t k, d;
    float *centroids; /* (k, d) */
    int64_t *counts;  /* (k) training vectors per code */
    double *history;  /* (n_history) inertia before each update */
    double *changed;  /* (n_history) share of the vectors that changed code; NULL: not known */
    int64_t *filled;  /* (n_history) empty clusters that were filled; NULL: not known */
    int64_t n_history;
    int64_t seed;
    int64_t n_channels;                       /* of sensor data that the training sample normalises; else 0 */
    double *channel_mean, *channel_deviation; /* (n_channels) of that sample */
    codebook_quality quality;
    char sha256[65]; /* of centroids, feature, layer, metric and channels: identifies the codebook */
} codebook;

void codebook_free(codebook *c); /* a zeroed struct is safe */

/* Fill c->sha256. ERR_MEMORY. */
int codebook_hash(codebook *c);

/* How the training vectors spread over the codes: what follows from counts. Zeros when nothing is counted. */
typedef struct codebook_spread {
    double entropy_bits, entropy_share; /* of the code distribution; as a share of log2 K */
    double imbalance;                   /* K sum n^2 / N^2: 1 when all codes are equally frequent */
    double median;
    int64_t least, most, dead; /* vectors per code; codes without any */
} codebook_spread;

/* ERR_MEMORY. */
int codebook_spread_of(const codebook *c, codebook_spread *out);

/* NAME.npy (centroids) and then NAME.h5 (centroids, counts, history, quality, settings; no dates) in `folder`,
 * both committed. ERR_SPACE, ERR_IO. */
int codebook_save(const codebook *c, const char *folder);

/* Read a .h5 written here, or a .npy (k, d) of fp32 or fp16 (then only the centroids are known and `feature` is "").
 * Sizes are checked; NaN refused. ERR_MISSING, ERR_CORRUPT. On success the caller owns the content of *out
 * (codebook_free). */
int codebook_load(const char *path, codebook *out);

/* The same from any matrix (store/matrix.h), such as a dataset of a foreign HDF5 file. */
int codebook_load_matrix(const char *path, codebook *out);

/* Whether this is an HDF5 file that codebook_save could have written, whole or damaged. */
int codebook_is_ours(const char *path);

/* Nearest centroids: exact, lowest index on ties (decided in fp64, in the order of tensor/distance.h), so the result
 * depends on nothing but x and the centroids. One assigner per thread. Caller: assigner_free. ERR_MEMORY. */
typedef struct assigner assigner;
int assigner_create(assigner **out, const float *centroids, int64_t k, int64_t d);
void assigner_free(assigner **a);

/* x (n, d) -> codes (n), and, if not NULL, exact squared distances (n) in fp64. ERR_INVALID when a value is not finite.
 */
int assigner_run(assigner *a, const float *x, int64_t n, uint32_t *codes, double *distances);
