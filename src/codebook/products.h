/* Scores of all centroids from fp32 products: what takes the place of the filter where it leaves too many. Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct products products;

/* centroids (k, d), finite, borrowed only here. ERR_MEMORY. Caller: products_free. */
int products_create(products **out, const float *centroids, int64_t k, int64_t d);
void products_free(products **p);

enum { PRODUCTS_ROWS = 128 }; /* most vectors at a time */

/* Take vectors x (n, d), n at most PRODUCTS_ROWS. */
void products_run(products *p, const float *x, int64_t n);

/* Each i once, in ascending order: lower bounds of |x - c|^2 - |x - m|^2 (m the centre) for vector i of the last run
 * and each centroid, (k), until the next call; NULL where numbers are too large for it. */
const float *products_scores(products *p, int64_t i);

/* Highest score of a centroid that the fp64 sums can put at or before one at this squared distance from vector i. */
float products_limit(const products *p, int64_t i, double distance);
