/* Passes of a training that look only where something can have changed (Yinyang k-means: Ding, Zhao, Shen, Musuvathi,
 * Mytkowicz, ICML 2015), with the filter of codebook/filter.h inside. Local.
 *
 * Groups are the panels of the filter. Kept per vector: an upper bound of the distance to its centroid and, per group,
 * a lower bound of the distance to the group's other centroids. Both are true distances, so that the triangle
 * inequality holds: when centroids move, the bounds move by no more. Instead of correcting every bound in each pass, a
 * bound is stored plus all that its group (or centroid) has moved so far, and compared less what it has moved by then.
 *
 * A group whose bound is above the vector's cannot hold its nearest centroid: its fp64 sum, of relative error eps,
 * would be larger, since both bounds are kept apart by 2 eps. The other groups go through the filter with the exact
 * distance to the present centroid as limit; what is left is compared in fp64, lowest code on ties. */
#pragma once

#include "codebook/filter.h"
#include "codebook/kmeans_vectors.h"

typedef struct kmeans_bounds kmeans_bounds;

/* Bytes that are kept per vector. */
int64_t kmeans_bounds_bytes(const filter *f);

/* For vectors 0 .. n - 1 of v (borrowed), which have codes (n, borrowed, kept up to date here); centroids (k, d) are
 * those of the first pass to come. longest: squared length of the longest vector or centroid. Takes f on success.
 * ERR_MEMORY, and what reading returns. Caller: kmeans_bounds_free. */
int kmeans_bounds_create(kmeans_bounds **out, filter **f, const kmeans_vectors *v, int64_t n, uint32_t *codes,
                         const float *centroids, double longest);
void kmeans_bounds_free(kmeans_bounds **b);

/* Take the centroids (k, d) of the next pass, and load panels `share` of `of` of the filter (where ranks share them,
 * the others load the rest; all have to be there before kmeans_bounds_run). ERR_MEMORY, ERR_LIMIT as filter_load. */
int kmeans_bounds_load(kmeans_bounds *b, const float *centroids, int share, int of);

/* Assign all vectors to these centroids. `changed` is called for each vector i whose code changes, with its row as
 * kmeans_vectors_row gives it, before codes[i] becomes `code`; `stop` now and then: a result other than 0 ends the pass
 * with *stopped = 1. What reading returns. */
typedef int kmeans_changed(void *user, int64_t i, uint32_t code);
int kmeans_bounds_run(kmeans_bounds *b, const float *centroids, kmeans_changed *changed, int (*stop)(void *user),
                      void *user, int *stopped);

/* Counts of the last pass, for people: vectors that were looked at, groups, and centroids compared in fp64. */
typedef struct kmeans_work {
    int64_t vectors, groups, distances;
} kmeans_work;
kmeans_work kmeans_bounds_work(const kmeans_bounds *b);
