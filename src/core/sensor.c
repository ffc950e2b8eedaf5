#include "core/sensor.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/status.h"
#include "core/core_feature.h"
#include "core/sensor_reader.h"
#include "feature/sensor_frames.h"

enum { BLOCK_VALUES = 1 << 15 }; /* of vectors that are given at a time */

struct sensor {
    const sensor_options *o;
    sensor_scale scale; /* channels 0: not used */
    sensor_reader reader;
    int64_t hop;
    double *mean, *deviation, *squares; /* of a row */
    float *vectors;                     /* (block, width) */
    int64_t block;
    hash128 hash; /* of the row in hand */
};

static int check_options(const sensor_options *o, const sensor_scale *scale)
{
    int rc = OK;
    if (o->channels < 1) FAIL(ERR_CONFIG, "sensor.channels is not set: the number of channels of the recordings");
    if (o->normalize != SENSOR_NORMALIZE_SAMPLE) goto done;
    if (!scale || !scale->channels)
        FAIL(ERR_CONFIG, "sensor.normalize: sample needs a codebook that has mean and deviation of each channel, as "
                         "one that was trained with this key has");
    if (scale->channels != o->channels)
        FAIL(ERR_CONFIG, "the sensor codebook has mean and deviation of %lld channels, sensor.channels is %lld",
             (long long)scale->channels, (long long)o->channels);
done:
    return rc;
}

int sensor_create(sensor **out, const sensor_options *o, const sensor_scale *scale)
{
    int rc = OK;
    sensor *s = NULL;
    *out = NULL;
    TRY(check_options(o, scale));
    TRY(MEM_ALLOC(s, 1));
    s->o = s->reader.o = o;
    s->hop = sensor_hop(o);
    if (o->normalize == SENSOR_NORMALIZE_SAMPLE) s->scale = *scale;
    s->block = BLOCK_VALUES / sensor_width(s) > 0 ? BLOCK_VALUES / sensor_width(s) : 1;
    TRY(MEM_ALLOC(s->mean, (size_t)o->channels));
    TRY(MEM_ALLOC(s->deviation, (size_t)o->channels));
    TRY(MEM_ALLOC(s->squares, (size_t)o->channels));
    TRY(MEM_ALLOC(s->vectors, (size_t)(s->block * sensor_width(s))));
    *out = s;
    s = NULL;
done:
    sensor_free(&s);
    return rc;
}

void sensor_free(sensor **ps)
{
    sensor *s = *ps;
    if (!s) return;
    sensor_reader_free(&s->reader);
    mem_free(&s->mean);
    mem_free(&s->deviation);
    mem_free(&s->squares);
    mem_free(&s->vectors);
    mem_free(ps);
}

int64_t sensor_width(const sensor *s) { return s->o->channels * s->o->frame; }

int64_t sensor_channels(const sensor *s) { return s->o->channels; }

static void normalise(sensor *s)
{
    sensor_reader *r = &s->reader;
    int64_t channels = s->o->channels;
    if (s->scale.channels) channel_normalise(r->x, r->n, channels, s->scale.mean, s->scale.deviation);
    if (s->o->normalize != SENSOR_NORMALIZE_ROW) return;
    channel_moments(r->x, r->n, channels, s->mean, s->squares);
    channel_deviation(r->n, s->mean, s->squares, channels, s->deviation);
    channel_normalise(r->x, r->n, channels, s->mean, s->deviation);
}

static int read_row(sensor *s, const corpus_row *row, const byte_source *source)
{
    int rc = OK;
    TRY(sensor_reader_read(&s->reader, row, source));
    if (s->reader.n < s->o->frame)
        FAIL(ERR_EMPTY, "the recording has %lld samples; one frame needs %lld", (long long)s->reader.n,
             (long long)s->o->frame);
done:
    return rc;
}

int sensor_run(sensor *s, const corpus_row *row, const byte_source *source, const vector_sink *sink, int64_t *n)
{
    int rc = OK;
    *n = 0;
    TRY(read_row(s, row, source));
    s->hash = hash128_of(s->reader.x, (size_t)(s->reader.n * s->o->channels) * sizeof *s->reader.x);
    normalise(s);
    int64_t frames = sensor_frames(s->reader.n, s->o->frame, s->hop);
    for (int64_t f = 0; f < frames; f += s->block) {
        int64_t count = frames - f < s->block ? frames - f : s->block;
        sensor_vectors(s->reader.x, s->o->channels, s->o->frame, s->hop, f, count, s->vectors);
        TRY(sink->vectors(sink->user, s->vectors, f, count));
        if (sink->tick) TRY(sink->tick(sink->user));
    }
    *n = frames;
done:
    return rc;
}

void sensor_measured(const sensor *s, sensor_content *out)
{
    *out = (sensor_content){s->reader.n, s->o->channels, {s->hash.low, s->hash.high}};
}

int sensor_measure(sensor *s, const corpus_row *row, const byte_source *source, double *moments)
{
    int rc = OK;
    int64_t channels = s->o->channels;
    TRY(read_row(s, row, source));
    moments[0] = (double)s->reader.n;
    channel_moments(s->reader.x, s->reader.n, channels, moments + 1, moments + 1 + channels);
done:
    return rc;
}
