#include "decode/sensor_read.h"

#include "base/memory.h"
#include "base/status.h"
#include "decode/sensor_format.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { DISCARD = 1 << 14 }; /* values that are read at a time to be passed over */

const char *const csv_separator_names[] = {"comma", "semicolon", "tab", "space", NULL};
const char *const csv_header_names[] = {"auto", "true", "false", NULL};

static const sensor_kind *const kinds[] = {[SENSOR_NPY] = &sensor_kind_npy,
                                           [SENSOR_HDF5] = &sensor_kind_hdf5,
                                           [SENSOR_SOUND] = &sensor_kind_sound,
                                           [SENSOR_CSV] = &sensor_kind_csv};

struct sensor_stream {
    const sensor_kind *kind;
    void *state;
    int64_t channels, position, n_samples; /* n_samples -1: not known */
    float *discard;                        /* (DISCARD / channels, channels) */
};

int sensor_check_shape(int n_dims, const int64_t *dims, int64_t channels)
{
    int rc = OK;
    if (n_dims != 1 && n_dims != 2)
        FAIL(ERR_UNSUPPORTED, "an array of %d dimensions, not of samples and channels", n_dims);
    int64_t there = n_dims == 2 ? dims[1] : 1;
    if (there != channels)
        FAIL(ERR_INVALID, "%lld channels, not %lld (sensor.channels)", (long long)there, (long long)channels);
done:
    return rc;
}

int sensor_format_of(const byte_source *source, sensor_format *format)
{
    static const struct {
        const char *start;
        size_t n;
        sensor_format format;
    } starts[] = {{"\x93NUMPY", 6, SENSOR_NPY},      {"\x89HDF\r\n\x1a\n", 8, SENSOR_HDF5},
                  {"RIFF", 4, SENSOR_SOUND},         {"RIFX", 4, SENSOR_SOUND},
                  {"RF64", 4, SENSOR_SOUND},         {"riff\x2e\x91\xcf\x11", 8, SENSOR_SOUND},
                  {"fLaC", 4, SENSOR_SOUND},         {"FORM", 4, SENSOR_SOUND},
                  {"caff\x00\x01", 6, SENSOR_SOUND}, {".snd", 4, SENSOR_SOUND}};
    int rc = OK;
    char head[8];
    size_t got;
    *format = SENSOR_CSV;
    TRY(source_read(source, 0, head, sizeof head, &got));
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (got >= starts[i].n && !memcmp(head, starts[i].start, starts[i].n)) *format = starts[i].format;
done:
    return rc;
}

int sensor_open(sensor_stream **out, const byte_source *source, const sensor_read_options *o, sensor_info *info)
{
    int rc = OK;
    sensor_stream *s = NULL;
    *out = NULL;
    *info = (sensor_info){.n_samples = -1};
    if (o->channels < 1) FAIL(ERR_INTERNAL, "%lld channels wanted", (long long)o->channels);
    if (source->size == 0) FAIL(ERR_EMPTY, "no bytes");
    TRY(MEM_ALLOC(s, 1));
    TRY(sensor_format_of(source, &info->format));
    s->kind = kinds[info->format];
    s->channels = o->channels;
    TRY(s->kind->open(&s->state, source, o, info));
    s->n_samples = info->n_samples;
    *out = s;
    s = NULL;
done:
    sensor_close(&s);
    return rc;
}

void sensor_close(sensor_stream **ps)
{
    sensor_stream *s = *ps;
    if (!s) return;
    if (s->state) s->kind->close(&s->state);
    mem_free(&s->discard);
    mem_free(ps);
}

static int check_finite(const sensor_stream *s, const float *values, int64_t n)
{
    int rc = OK, bad = 0;
    int64_t first = 0;
    for (int64_t i = 0; i < n * s->channels; i++) bad |= !(fabsf(values[i]) <= FLT_MAX);
    if (!bad) goto done;
    while (fabsf(values[first]) <= FLT_MAX) first++;
    FAIL(ERR_INVALID, "sample %lld of channel %lld (both from 0) is not a finite number of fp32",
         (long long)(s->position + first / s->channels), (long long)(first % s->channels));
done:
    return rc;
}

int sensor_read(sensor_stream *s, float *values, int64_t capacity, int64_t *n)
{
    int rc = OK;
    *n = 0;
    if (s->n_samples >= 0 && s->n_samples - s->position < capacity) capacity = s->n_samples - s->position;
    if (capacity < 1) goto done;
    TRY(s->kind->read(s->state, values, capacity, n));
    TRY(check_finite(s, values, *n));
    s->position += *n;
done:
    if (rc != OK) *n = 0;
    return rc;
}

/* What is passed over is still looked at: a broken line of CSV is found whatever part of the file is wanted. */
static int read_over(sensor_stream *s, int64_t n)
{
    int rc = OK;
    int64_t most = DISCARD / s->channels > 0 ? DISCARD / s->channels : 1, got;
    if (!s->discard) TRY(MEM_ALLOC(s->discard, (size_t)(most * s->channels)));
    for (; n > 0; n -= got) {
        int64_t want = n < most ? n : most;
        TRY(sensor_read(s, s->discard, want, &got));
        if (got < want) break;
    }
done:
    return rc;
}

int sensor_skip(sensor_stream *s, int64_t n)
{
    int rc = OK;
    if (s->n_samples >= 0 && s->n_samples - s->position < n) n = s->n_samples - s->position;
    if (n < 1) goto done;
    if (!s->kind->skip) return read_over(s, n);
    TRY(s->kind->skip(s->state, n));
    s->position += n;
done:
    return rc;
}
