/* The vectors of a training set in blocks, as fp32, divided by hash into training and held-out vectors. Used by k-means
 * and PCA. Local. */
#pragma once

#include "codebook/kmeans.h"

#include <stddef.h>
#include <stdint.h>

enum { KMEANS_BLOCK = 512 }; /* vectors per block */

/* What the keyed random numbers of a training are for: the second key of rng_bits, plus a step number below 2^32. */
enum { KMEANS_HELD_OUT = 1, KMEANS_SUBSAMPLE = 2, KMEANS_DRAW = 3 };
#define KMEANS_KEY(purpose, step) (((uint64_t)(purpose) << 32) + (uint64_t)(step))

typedef struct kmeans_rows {
    const kmeans_data *data;
    uint64_t seed;
    double held_out;  /* share */
    int64_t next;     /* global number of the first vector of the next block */
    void *buffer;     /* (KMEANS_BLOCK, d) as read */
    float *x;         /* (KMEANS_BLOCK, d) training vectors of the block, then held-out ones */
    int64_t *numbers; /* (KMEANS_BLOCK) their global numbers; ascending within each part */
    int64_t n_train;  /* vectors in the block */
    int64_t n_held_out;
} kmeans_rows;

/* A zeroed struct is safe to free. ERR_MEMORY, ERR_LIMIT. Caller: kmeans_rows_free. */
int kmeans_rows_create(kmeans_rows *r, const kmeans_data *data, uint64_t seed, double held_out);
void kmeans_rows_free(kmeans_rows *r);

/* Begin again with this rank's first vector. */
void kmeans_rows_rewind(kmeans_rows *r);

/* Next block; n_train and n_held_out are both 0 at the end. ERR_INVALID when a value is not finite (names the vector),
 * and what data->read returns. */
int kmeans_rows_next(kmeans_rows *r);

/* One vector by its global number, (d). As kmeans_rows_next. */
int kmeans_rows_one(kmeans_rows *r, int64_t number, float *x);

/* Whether a vector is held out. */
int kmeans_is_held_out(const kmeans_rows *r, int64_t number);
