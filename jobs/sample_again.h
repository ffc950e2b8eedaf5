/* Vectors of a training sample whose values are not stored: computed again row by row, checked against what the part
 * says of the row. Some rows are kept, in bounded memory. One object per rank. */
#pragma once

#include "jobs/stages.h"

/* Bytes of the rows that are kept, unless train.memory is less; at least one row is. */
enum { SAMPLE_AGAIN_BYTES = 64 << 20 };

typedef struct sample_again sample_again;

/* ERR_MEMORY, ERR_IO. Collective. Caller: sample_again_close. */
int sample_again_open(sample_again **out, stages *s, media_kind kind);
void sample_again_close(sample_again **x);

/* Vector i of the part: *vector (d) until the next call. `base`: a number of the part's first row that no row of
 * another part has, in steps of its rows. Parts must outlive the object. ERR_MISMATCH (the media have changed),
 * ERR_ENVIRONMENT (a row cannot be read now), ERR_STOPPED, ERR_MEMORY. Local. */
int sample_again_vector(sample_again *x, const sample_view *part, int64_t base, int64_t i, const uint16_t **vector);
