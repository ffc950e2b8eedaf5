/* Exact sums of vectors per cluster, kept as integers, so that order and ranks do not matter.
 *
 * A value times `units`, a power of two, is rounded to an integer of at most 40 bits. For halves units = 2^24 and
 * nothing is rounded: each is a multiple of 2^-24 below 2^16. For fp32 units puts the largest magnitude of all vectors
 * just below 2^39, so each value is off by at most 2^-40 of that. A limb takes 2^22 such integers; sums of more vectors
 * have a second one (high * 2^20 + low).
 *
 * `change` collects what this rank adds and takes away; kmeans_sums_reduce adds the changes of all ranks to the totals.
 */
#pragma once

#include "par/par.h"
#include "par/par_node.h"

#include <stddef.h>
#include <stdint.h>

typedef struct kmeans_sums {
    int64_t k, d;
    double units;
    int wide;               /* whether there are high limbs */
    int64_t *low, *high;    /* (k, d) totals; high NULL unless wide */
    int64_t *counts;        /* (k) totals */
    int64_t *change;        /* (k, d) of this rank, low limbs */
    int64_t *change_high;   /* (k, d); NULL unless wide */
    int64_t *change_counts; /* (k) */
    int64_t *touched;       /* (k) whether a change concerns the cluster: of this rank, after reduce of any */
    int64_t *message;       /* (2 k + others) */
    int64_t since_carry;    /* vectors added to change since its last carry */
} kmeans_sums;

/* Units for fp32 values of at most this magnitude. Local. */
double kmeans_units_for(double largest);

/* All zero; n_vectors: of all ranks. A zeroed struct is safe to free. ERR_MEMORY, ERR_LIMIT. Local. Caller:
 * kmeans_sums_free. */
int kmeans_sums_create(kmeans_sums *s, int64_t k, int64_t d, double units, int64_t n_vectors);
void kmeans_sums_free(kmeans_sums *s);

/* Totals and changes to zero. Local. */
void kmeans_sums_clear(kmeans_sums *s);

/* Add a vector (d) `weight` times to a cluster (below zero: take it away). Local. */
void kmeans_sums_add(kmeans_sums *s, int64_t cluster, const float *x, int64_t weight);

/* Add the changes of all ranks to the totals, through `node` unless it is NULL. `others` (n_others, at most 16) are
 * integers of the caller, replaced by their sums. ERR_MEMORY on no rank: all memory is there. Collective. */
enum { KMEANS_MAX_OTHERS = 16 };
void kmeans_sums_reduce(par *p, par_node *node, kmeans_sums *s, int64_t *others, int64_t n_others);

/* A total as fp64, rounded once, in units. Local. */
double kmeans_sums_at(const kmeans_sums *s, int64_t cluster, int64_t w);

/* Mean of a cluster that is not empty, (d): each exact sum rounded to fp64, divided there and rounded to fp32. Local.
 */
void kmeans_sums_mean(const kmeans_sums *s, int64_t cluster, float *mean);

/* Sums that need more than 64 bits, as three integers that may be added up independently. Local. */
enum { KMEANS_LIMBS = 3 };
void kmeans_split(__int128 value, int64_t limbs[KMEANS_LIMBS]);
__int128 kmeans_join(const int64_t limbs[KMEANS_LIMBS]);
