/* A training set that is made once and lies in memory, and plain Lloyd over it. A failed check ends the job. */
#pragma once

#include "training_set.h"

/* Where a source gives its rows. */
typedef enum memory_place {
    MEMORY_BUFFER,    /* in the caller's buffer */
    MEMORY_IN_PLACE,  /* where they lie */
    MEMORY_UNTIL_NEXT /* in memory of its own, spoilt by the next call */
} memory_place;

typedef struct memory_set {
    training_set from;
    memory_place place;
    void *rows; /* (n, d) halves or floats */
    float *x;   /* (n, d) as fp32 */
    char *slots[2];
    int slot;
} memory_set;

/* Local. */
void memory_set_create(par *p, memory_set *m, const training_set *s, memory_place place);
void memory_set_free(memory_set *m);

/* kmeans_fit without a state folder. Collective. */
int memory_fit(par *p, memory_set *m, const kmeans_options *o, codebook *out);

/* The same by rank 0 alone, and its result on every rank. Collective. */
void memory_fit_alone(par *all, memory_set *m, const kmeans_options *o, codebook *out);

/* This rank's share of the set: very different ones, some none, but both of two ranks have some. */
kmeans_data memory_share(memory_set *m, const par *p);

/* The nearest of k centroids by the plain fp64 sums, the lowest on ties; *squared its distance. Local. */
int64_t memory_nearest(const float *x, const float *centroids, int64_t k, int64_t d, double *squared);

/* Lloyd by the rules of codebook/kmeans*.h without any short cut: o->max_iterations updates of c (k, d), which become
 * the final centroids; counts (k) and inertia are those of the last assignment, history (max_iterations). Local. */
void memory_lloyd(par *p, const memory_set *m, const kmeans_options *o, float *c, int64_t *counts, double *history,
                  double *inertia);
