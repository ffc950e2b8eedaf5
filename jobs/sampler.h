/* The chosen vectors of single rows: what sampling commits, and what training computes again where nothing is stored.
 * One object per rank. */
#pragma once

#include "core/sample_taker.h"
#include "jobs/row_work.h"

typedef struct sampler {
    stages *s;
    row_work work;
    sample_plan plan;
    sample_sources from;
    sensor_options measured; /* those of sensors, not normalised */
    sample_taker *taker;
    filter_options options; /* those of the job, but for duplicates */
    row_filter filter;
} sampler;

/* Which streams are sampled; the same on all ranks. `measure`: see core/sample_taker.h. ERR_MEMORY, ERR_IO. Collective.
 * Caller: sampler_close. */
int sampler_open(sampler *x, stages *s, const int wanted[N_MEDIA], int measure);
void sampler_close(sampler *x);

/* Whether a row is in the sample of this stream; one that is filtered before decoding is in none. Local. */
int sampler_takes(const sampler *x, media_kind kind, const corpus_row *row);

/* A row in hand. */
typedef struct sampler_row {
    int64_t position;
    int begun; /* status of row_work_begin */
    corpus_row row;
    media media[N_MEDIA];
} sampler_row;

/* Begin a row, add its chosen vectors of a stream to a part and note it there, end it. Rows may wait for the batch of
 * an encoder until sampler_finish. sampler_vectors: item errors (the row gives nothing), ERR_ENVIRONMENT, ERR_STOPPED,
 * ERR_MEMORY. After an error of the unit: sampler_forget, also of what was read ahead. Fault point "sample.row". Local.
 */
void sampler_begin(sampler *x, int64_t position, sampler_row *r);
int sampler_vectors(sampler *x, const sampler_row *r, media_kind kind, sample_part *part);
void sampler_end(sampler *x, sampler_row *r);
int sampler_finish(sampler *x);
void sampler_forget(sampler *x);

/* The row gives other vectors than when it was sampled: ERR_MISMATCH with the message. Local. */
int sampler_say_changed(const sampler *x, const char *name, int64_t position);
