/* What the passes with bounds work on; used by kmeans_bounds.c and kmeans_settle.c. Local. */
#pragma once

#include "codebook/kmeans_bounds.h"
#include "tensor/bound_scan.h"

enum { KMEANS_PAIRS = 1 << 15 };

/* A vector of the block that is looked at. */
typedef struct live {
    int64_t i;
    uint32_t code, first; /* nearest so far; where it started */
    double distance;      /* squared, to code */
    double start;         /* squared, to first */
    float limit, base;    /* of the filter; |X|^2 - slack */
} live;

/* A centroid that the filter leaves for it. */
typedef struct pair {
    uint32_t live, code;
    float score;
} pair;

struct kmeans_bounds {
    filter *f;
    filter_rows rows;
    const kmeans_vectors *v;
    int64_t n, k, d, n_groups;
    uint32_t *codes;
    float *upper;       /* (n) distance less what its centroid had moved */
    uint16_t *lower;    /* (n, n_groups) (distance plus what the group had moved) * unit */
    float unit;         /* power of two */
    double apart;       /* 1 + 2 eps */
    double quick_less;  /* 1 less the error of quick distances */
    float *centroids;   /* (k, d) of the pass before */
    double *moved;      /* (k) so far, rounded up */
    double *group;      /* (n_groups) so far, rounded up */
    float *group_above; /* (n_groups) times unit, rounded up */
    float *group_below; /* (n_groups) rounded down */
    const bound_scan *scan;

    int64_t block;
    int64_t *doubtful; /* (block) */
    live *live;        /* (block) */
    int64_t n_live;
    uint32_t *members;    /* (n_groups, block) live vectors that need a group */
    int64_t *n_members;   /* (n_groups) */
    uint32_t *which;      /* (n_groups) */
    pair *pairs, *sorted; /* (KMEANS_PAIRS + 8 * 48) */
    int64_t n_pairs;
    int64_t *starts; /* (block + 1) */
    kmeans_work work;
};

/* Ask for a row that will be read soon. */
static inline void kmeans_fetch(const void *row, size_t bytes)
{
    for (size_t at = 0; at < bytes; at += 64) __builtin_prefetch((const char *)row + at, 0, 2);
}

/* Compare the centroids in b->pairs with their vectors in fp64 and lower the bounds of those that are not nearest;
 * empties the pairs. What reading returns. */
int kmeans_settle(kmeans_bounds *b, const float *centroids);
