/* Training vectors as a function of their number, and k-means over them on any group of ranks. A failed check ends the
 * job. */
#pragma once

#include "codebook/kmeans.h"

#include <stdint.h>

typedef enum training_kind {
    TRAINING_BLOBS,    /* 20 clusters; standard deviation of the centres 4, of the noise 1/8 */
    TRAINING_CLOUD,    /* no structure */
    TRAINING_OFFSET,   /* a cloud around 1000 */
    TRAINING_FEW,      /* 7 distinct vectors */
    TRAINING_ZERO,     /* all values 0 */
    TRAINING_CONSTANT, /* every second value the same in all vectors, and some zero vectors */
    TRAINING_GRID,     /* small integers: many equal distances */
    TRAINING_WIDE,     /* from the smallest to the largest halves */
    TRAINING_DECAYING, /* value w is as 1 / (w + 1) */
    /* one of the above with any of these (|): */
    TRAINING_FLOATS = 1 << 8,   /* fp32, with all their bits */
    TRAINING_REPEATS = 1 << 9,  /* 45 % of the vectors are those of lower numbers */
    TRAINING_INFINITE = 1 << 10 /* the bad vector holds an infinity instead of a NaN */
} training_kind;

typedef struct training_set {
    training_kind kind;
    int64_t n, d;
    int64_t bad; /* this vector holds a NaN; -1: none */
} training_set;

void training_vector(const training_set *s, int64_t i, uint16_t *x); /* (d) halves */
void training_floats(const training_set *s, int64_t i, float *x);    /* (d) as fp32 */

/* This rank's range: ranks hold very different shares, some none. */
kmeans_data training_share(const training_set *s, const par *p);

/* This rank as the only one of a group. Local. */
par training_alone(const par *all);

/* The first `size` ranks of the job as a group; the others get size 0 and take no part. Collective. */
par training_group(const par *all, int size);

/* New folder below /tmp, the same on all ranks of the job; removed by training_folder_remove. Collective. */
void training_folder(par *all, char path[64]);
void training_folder_remove(par *all, const char *path);

/* kmeans_fit with a fresh state folder below `folder`, and the end of its result. Collective (in p). */
int training_fit(par *p, const char *folder, const training_set *s, const kmeans_options *o, codebook *out);
void training_clear(codebook *c);

/* Whether two results are the same bit for bit. */
int training_same(const codebook *a, const codebook *b);

#define CHECK(p, condition)                                                                                            \
    do {                                                                                                               \
        if (!(condition)) PAR_BUG((p), "check failed: " #condition);                                                   \
    } while (0)
