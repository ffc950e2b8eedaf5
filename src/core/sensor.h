/* The sensor recording of a row as vectors: read, bring to one rate, normalise, cut into frames. A row is held whole,
 * so it is limited (sensor.max_seconds, sensor.max_values). One object per compute thread. Local.
 *
 * A segment of the row (offset, duration) is that of the recording too, where its rate is known: that of the row
 * (rate_hz), else of a sound file's header, else sensor.rate. Rates that differ by less than a millionth are the same.
 */
#pragma once

#include "core/core_options.h"
#include "core/encode_batch.h"
#include "core/media.h"
#include "shards/example.h"

/* Mean and deviation per channel of the training sample (sensor.normalize: sample); a view. */
typedef struct sensor_scale {
    int64_t channels; /* 0: there is none */
    const double *mean, *deviation;
} sensor_scale;

typedef struct sensor sensor;

/* `scale` may be NULL where the options do not ask for it. Both borrowed. ERR_CONFIG when it is missing or of other
 * channels, or sensor.channels is not set; ERR_MEMORY. Caller: sensor_free. */
int sensor_create(sensor **out, const sensor_options *o, const sensor_scale *scale);
void sensor_free(sensor **s);

/* Values per vector: channels times frame. */
int64_t sensor_width(const sensor *s);
int64_t sensor_channels(const sensor *s);

/* Give the vectors of a row to the sink; *n: how many. ERR_EMPTY when there is no whole frame; ERR_FORMAT when the
 * recording is shorter than the wanted segment; ERR_INVALID, ERR_LIMIT; ERR_UNSUPPORTED also for rates too far apart;
 * other errors of decode/sensor_read.h; those of the sink. */
int sensor_run(sensor *s, const corpus_row *row, const byte_source *source, const vector_sink *sink, int64_t *n);

/* What filters need to know of the row that was run last, which it is before it is normalised. */
void sensor_measured(const sensor *s, sensor_content *out);

/* What the mean and deviation of a sample are made from: samples, mean and squares per channel (1 + 2 channels), of the
 * row before it is normalised. Errors as sensor_run. */
int sensor_measure(sensor *s, const corpus_row *row, const byte_source *source, double *moments);
