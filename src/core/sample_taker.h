/* The chosen vectors of rows, computed and put into parts; several rows may wait for an encoder's batch. One per
 * compute thread. Local. */
#pragma once

#include "core/media.h"
#include "core/picture.h"
#include "core/row_filter.h"
#include "core/sample.h"
#include "core/sensor.h"
#include "core/sound.h"

typedef struct sample_taker sample_taker;

/* What makes vectors; NULL: not sampled. With `measure` the recordings of sensors give no vectors but their moments
 * (sensor_measure): one "vector" a row, of 4 (1 + 2 channels) values that are the bytes of the fp64 numbers. */
typedef struct sample_sources {
    sound *sound;
    picture *picture;
    sensor *sensor;
    int measure;
} sample_sources;

/* All borrowed; sound and picture take the measures that the filter needs. ERR_MEMORY. Caller: sample_taker_free. */
int sample_taker_create(sample_taker **out, const sample_plan *plan, const row_filter *filter,
                        const sample_sources *sources);
void sample_taker_free(sample_taker **t);

/* Add the chosen vectors of a row to the part, and note it there, at the latest in sample_taker_finish. Rows of a part
 * come in order, and its own notes only when nothing waits. A row with an item error, returned or found later (a vector
 * that does not fit half precision), or whose medium a filter leaves out once it is decoded, gives nothing.
 * ERR_ENVIRONMENT, what `tick` (called between windows) returns, and job errors: sample_taker_forget is due. */
int sample_taker_row(sample_taker *t, media_kind kind, const corpus_row *row, int64_t position, const media *m,
                     int (*tick)(void *user), void *user, sample_part *part);

/* Compute and note all rows that wait; drop them. */
int sample_taker_finish(sample_taker *t);
void sample_taker_forget(sample_taker *t);
