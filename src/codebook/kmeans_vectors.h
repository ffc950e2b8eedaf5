/* The training vectors of this rank without those that are held out; vectors that repeat may stand once, with their
 * number as weight. Local. */
#pragma once

#include "codebook/kmeans_rows.h"
#include "tensor/distance.h"
#include "tensor/quantise.h"

typedef struct kmeans_vectors {
    kmeans_rows *rows; /* borrowed */
    int64_t n;         /* vectors here, repeats counted once */
    int64_t *numbers;  /* (n) global numbers, ascending; of repeats the first */
    int64_t *weights;  /* (n) how often each stands here; NULL: once */
    int64_t n_held_out;
    int64_t *held_out; /* (n_held_out) global numbers */
    size_t capacity, held_out_capacity;
    const distance_kernel *distance;
    const quantise_kernel *quantise;
} kmeans_vectors;

/* A zeroed struct is safe to free. */
void kmeans_vectors_free(kmeans_vectors *v);

/* Take note of the block that kmeans_rows_next has read. ERR_MEMORY. */
int kmeans_vectors_note(kmeans_vectors *v);

/* Let repeats stand once, where a probe says that it pays; the sums of weights stay. ERR_MEMORY, and what reading
 * returns. */
int kmeans_vectors_collapse(kmeans_vectors *v);

static inline int64_t kmeans_vectors_weight(const kmeans_vectors *v, int64_t i)
{
    return v->weights ? v->weights[i] : 1;
}

/* Vector i as kmeans_vectors_distance wants it, until the next call. What reading returns. */
int kmeans_vectors_row(const kmeans_vectors *v, int64_t i, const void **row);

/* Whether rows are given in memory of the source, so that asking for one early costs nothing. */
static inline int kmeans_vectors_in_place(const kmeans_vectors *v)
{
    return v->rows->data->in_place && v->rows->metric != KMEANS_COSINE;
}

/* Squared distance of such a row from c (d), exact and quick: see tensor/distance.h. */
static inline double kmeans_vectors_distance(const kmeans_vectors *v, const void *row, const float *c)
{
    const kmeans_data *data = v->rows->data;
    return data->type == KMEANS_HALF && v->rows->metric != KMEANS_COSINE ? v->distance->halves(row, c, data->d)
                                                                         : v->distance->floats(row, c, data->d);
}

static inline double kmeans_vectors_quick(const kmeans_vectors *v, const void *row, const float *c)
{
    const kmeans_data *data = v->rows->data;
    return data->type == KMEANS_HALF && v->rows->metric != KMEANS_COSINE ? v->distance->quick_halves(row, c, data->d)
                                                                         : v->distance->quick_floats(row, c, data->d);
}

/* Vectors i .. i + n - 1 as fp32, (n, d). What reading returns. */
int kmeans_vectors_read(const kmeans_vectors *v, int64_t i, int64_t n, float *x);
