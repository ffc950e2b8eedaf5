/* The chosen vectors of rows, computed and put into parts; several rows may wait for an encoder's batch. One per
 * compute thread. Local. */
#pragma once

#include "core/media.h"
#include "core/picture.h"
#include "core/row_filter.h"
#include "core/sample.h"
#include "core/sound.h"

typedef struct sample_taker sample_taker;

/* `sound` and `picture` may be NULL: not sampled; they take the measures that the filter needs. All borrowed.
 * ERR_MEMORY. Caller: sample_taker_free. */
int sample_taker_create(sample_taker **out, const sample_plan *plan, const row_filter *filter, sound *sound,
                        picture *picture);
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
