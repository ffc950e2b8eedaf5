/* Exact sums of half-precision vectors per cluster, and other integers that are added up over the ranks with them.
 *
 * Every half is a multiple of 2^-24 below 2^16, so times 2^24 it is an integer of at most 40 bits. Sums of such
 * integers are kept in two limbs, low (20 bits, after carrying) and high, which hold 2^43 vectors: nothing is rounded,
 * so order and ranks do not matter. */
#pragma once

#include "par/par.h"

#include <stddef.h>
#include <stdint.h>

typedef struct kmeans_sums {
    int64_t k, d, n_others;
    int64_t *all; /* what is reduced: the four below side by side */
    size_t n_all;
    int64_t *low, *high; /* (k, d) in units of 2^-24: high * 2^20 + low */
    int64_t *counts;     /* (k) */
    int64_t *others;     /* (n_others) integers of the caller */
    int64_t since_carry; /* vectors added since the last carry */
} kmeans_sums;

/* All zero. A zeroed struct is safe to free. ERR_MEMORY, ERR_LIMIT. Local. Caller: kmeans_sums_free. */
int kmeans_sums_create(kmeans_sums *s, int64_t k, int64_t d, int64_t n_others);
void kmeans_sums_free(kmeans_sums *s);
void kmeans_sums_clear(kmeans_sums *s);

/* Add a vector (d), whose values are halves, to a cluster. Local. */
void kmeans_sums_add(kmeans_sums *s, int64_t cluster, const float *x);

/* Take a vector out of a cluster again. Local. */
void kmeans_sums_subtract(kmeans_sums *s, int64_t cluster, const float *x);

/* The sums over all ranks. Collective. */
void kmeans_sums_reduce(par *p, kmeans_sums *s);

/* Value w of the mean of a cluster that is not empty: the exact sum rounded to fp64 and divided there. Local. */
double kmeans_sums_mean_at(const kmeans_sums *s, int64_t cluster, int64_t w);

/* The whole mean, (d), rounded to fp32. Local. */
void kmeans_sums_mean(const kmeans_sums *s, int64_t cluster, float *mean);

/* Sums that need more than 64 bits, as three integers that may be added up independently. Local. */
enum { KMEANS_LIMBS = 3 };
void kmeans_split(__int128 value, int64_t limbs[KMEANS_LIMBS]);
__int128 kmeans_join(const int64_t limbs[KMEANS_LIMBS]);
