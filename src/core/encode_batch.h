/* Clips or pictures that wait to be computed together. What comes out for one does not depend on the others, so a batch
 * only saves time. One per compute thread. Local. */
#pragma once

#include "core/core_model.h"

/* Who gets vectors. */
typedef struct vector_sink {
    /* n vectors (n, width) of a row, from vector `first` on, in order. Status. */
    int (*vectors)(void *user, const float *x, int64_t first, int64_t n);
    /* Between windows; not OK stops (may be NULL). */
    int (*tick)(void *user);
    void *user;
} vector_sink;

typedef struct encode_batch encode_batch;

/* For items of up to `longest` samples or patches. The workspace is made at the first use. ERR_MEMORY. Caller:
 * encode_batch_free. */
int encode_batch_create(encode_batch **out, const core_model *m, int64_t longest);
void encode_batch_free(encode_batch **b);

/* Items of sound, and samples of all together, that a batch holds at most; pictures, and patches. */
void encode_batch_limits(const core_model *m, int64_t longest, int64_t *items, int64_t *units);

/* Bytes of inputs and outputs of a full batch. */
double encode_batch_bytes(const core_model *m, int64_t longest);

/* Add an item: x of n samples, or of n patches (n, 3 P P) in rows x columns. Of its vectors those from `from` on,
 * n_kept of them, go to the sink as its vectors `first` ... when the batch is run, in the order in which items were
 * added. A batch that is full is run first. x is copied. Errors of the sinks and the encoder; ERR_MEMORY. */
typedef struct batch_item {
    int64_t n, rows, columns; /* grid: of pictures */
    int64_t from, n_kept, first;
    vector_sink sink;
} batch_item;
int encode_batch_add(encode_batch *b, const batch_item *item, const float *x);

/* Compute all that waits. After an error nothing waits any more. */
int encode_batch_run(encode_batch *b);

/* Forget the latest items of this user of a sink; or all. */
void encode_batch_forget(encode_batch *b, const void *user);
void encode_batch_clear(encode_batch *b);
