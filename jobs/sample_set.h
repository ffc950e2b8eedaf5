/* The committed training sample of one stream as the data of k-means and PCA: each rank maps the parts of its range,
 * and computes again what parts without values leave out. */
#pragma once

#include "jobs/stages.h"

#include "codebook/kmeans.h"

typedef struct sample_set sample_set;

/* Parts state/features/STREAM of all units, made with `hash`. `map` (may be NULL): vectors are projected and rounded to
 * fp16 as they are read. data->d is what the reader gives. ERR_MISSING, ERR_CORRUPT, ERR_MEMORY, ERR_IO. Collective.
 * Caller: sample_set_close. Reading gives the errors of sample_again_vector. */
int sample_set_open(sample_set **out, stages *s, media_kind kind, uint64_t hash, const projection *map,
                    kmeans_data *data);
void sample_set_close(sample_set **x);
