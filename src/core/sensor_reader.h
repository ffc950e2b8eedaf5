/* The recording of a row at one rate, whole, in bounded memory. One per compute thread. Local. */
#pragma once

#include "core/core_options.h"
#include "core/media.h"
#include "feature/resample.h"

/* A zeroed struct is ready, but for `o`. */
typedef struct sensor_reader {
    const sensor_options *o;
    float *x; /* (n, channels), until the next read */
    int64_t n;
    size_t capacity;
    /* inside */
    resampler *resample; /* from o_rate to n_rate; kept, as most rows have the same rate */
    int64_t from, to;
    float *other, *in, *out; /* what comes out; one channel before and after */
    size_t other_capacity, in_capacity, out_capacity;
} sensor_reader;

/* Errors as sensor_run (core/sensor.h). */
int sensor_reader_read(sensor_reader *r, const corpus_row *row, const byte_source *source);
void sensor_reader_free(sensor_reader *r);
