/* Candidates for the nearest centroid from fp32 products with all centroids: what the filter falls back to. Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct products products;

/* centroids (k, d), finite, borrowed only here. ERR_MEMORY. Caller: products_free. */
int products_create(products **out, const float *centroids, int64_t k, int64_t d);
void products_free(products **p);

enum { PRODUCTS_ROWS = 128 }; /* most vectors at a time */

/* Scores of vectors x (n, d), which products_candidates looks at. */
void products_run(products *p, const float *x, int64_t n);

/* The centroids that vector i of the last run can be nearest to, ascending, into codes (room for k); returns how many.
 */
int64_t products_candidates(products *p, int64_t i, uint32_t *codes);
