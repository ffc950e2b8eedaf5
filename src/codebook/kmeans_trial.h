/* Which filter is fastest for the vectors and centroids at hand, by measuring on some of them. Local. */
#pragma once

#include "codebook/kmeans_job.h"

/* Share of the groups that a pass still looks at, on the average: a guess that weighs the cost of passes against that
 * of getting ready. */
#define KMEANS_GROUP_SHARE 0.4

typedef struct shape {
    int64_t lead, depth;
    int64_t rotated, whole; /* whole: no filter, products with all centroids */
} shape;

typedef struct kmeans_trial {
    const kmeans_job *j;
    const float *centroids;
    int64_t k, d, m; /* m: vectors of the sample */
    float *x;        /* (m, d) */
    double *squared; /* (m) exact, to the centroid of the pass before */
    double exact;    /* seconds per exact distance */
    double passes;   /* that are left, times share */
    float *centre;   /* (d) */
    float *basis;    /* (n_basis, d) */
    double *energy;
    int64_t n_basis;
    shape best;
    double cost; /* of best: seconds per vector */
} kmeans_trial;

/* Set t->best, and where it is rotated t->basis; j, centroids, k, d, passes and centre are the caller's. ERR_MEMORY,
 * and what reading returns. Caller: kmeans_trial_free. */
int kmeans_trial_run(kmeans_trial *t, const kmeans_pass *a);
void kmeans_trial_free(kmeans_trial *t);
