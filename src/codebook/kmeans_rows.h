/* The vectors of a training set in blocks, as fp32 (of unit length where the metric is the cosine), divided by hash
 * into training and held-out vectors. Used by k-means and PCA. Local. */
#pragma once

#include "codebook/kmeans.h"

#include <stddef.h>
#include <stdint.h>

enum { KMEANS_BLOCK = 512 }; /* vectors per block */

/* What the keyed random numbers of a training are for: the second key of rng_bits, plus a step number below 2^32. */
enum { KMEANS_HELD_OUT = 1, KMEANS_SUBSAMPLE = 2, KMEANS_DRAW = 3 };
#define KMEANS_KEY(purpose, step) (((uint64_t)(purpose) << 32) + (uint64_t)(step))
#define KMEANS_DRAW_KEY(seeding, step) KMEANS_KEY(KMEANS_DRAW + ((uint64_t)(seeding) << 8), step)

typedef struct kmeans_rows {
    const kmeans_data *data;
    uint64_t seed;
    double held_out; /* share */
    int64_t next;    /* global number of the first vector of the next block */
    kmeans_metric metric;
    void *buffer;     /* (KMEANS_BLOCK, d) as read */
    void *pair[2];    /* (d) each: rooms of kmeans_rows_raw */
    float *x;         /* (KMEANS_BLOCK, d) training vectors of the block, then held-out ones */
    int64_t *numbers; /* (KMEANS_BLOCK) their global numbers; ascending within each part */
    int64_t n_train;  /* vectors in the block */
    int64_t n_held_out;
} kmeans_rows;

/* A zeroed struct is safe to free. ERR_MEMORY, ERR_LIMIT. Caller: kmeans_rows_free. */
int kmeans_rows_create(kmeans_rows *r, const kmeans_data *data, uint64_t seed, double held_out, kmeans_metric metric);
void kmeans_rows_free(kmeans_rows *r);

/* Begin again with this rank's first vector. */
void kmeans_rows_rewind(kmeans_rows *r);

/* Next block; n_train and n_held_out are both 0 at the end. ERR_INVALID when a value is not finite (names the vector),
 * and what data->read returns. */
int kmeans_rows_next(kmeans_rows *r);

/* Bits of the largest magnitude among n values; infinities and NaNs are the largest. */
uint32_t kmeans_magnitude(const float *x, int64_t n);

/* Bytes of a vector as the source has it. */
static inline size_t kmeans_row_bytes(const kmeans_data *data)
{
    return (size_t)data->d * (data->type == KMEANS_HALF ? sizeof(uint16_t) : sizeof(float));
}

/* One vector as the source has it, unchecked; `room` (0 or 1) says which of two rooms it may occupy until the next call
 * with the same one. What data->read returns. */
int kmeans_rows_raw(kmeans_rows *r, int64_t number, int room, const void **row);

/* One vector by its global number, (d). As kmeans_rows_next. */
int kmeans_rows_one(kmeans_rows *r, int64_t number, float *x);

/* Whether a vector is held out. */
int kmeans_is_held_out(const kmeans_rows *r, int64_t number);
