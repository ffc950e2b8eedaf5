/* Sensor arrays in sound files: a channel of sound for each of the sensor, such as WAV of 32-bit floats. */
#include "base/memory.h"
#include "base/status.h"
#include "decode/audio_decode.h"
#include "decode/sensor_format.h"

static const double length_tolerance = 0.01; /* of what the header declares */

typedef struct sound_state {
    audio_stream *stream;
    audio_info info;
    int64_t at;
} sound_state;

static int open_sound(void **state, const byte_source *source, const sensor_read_options *o, sensor_info *info)
{
    int rc = OK;
    const audio_limits limits = {0};
    sound_state *s = NULL;
    TRY(MEM_ALLOC(s, 1));
    *state = s;
    TRY(audio_open(&s->stream, source, NULL, &limits, &s->info));
    const int64_t dims[] = {0, s->info.channels};
    TRY(sensor_check_shape(2, dims, o->channels));
    info->rate_hz = s->info.rate_hz;
done:
    return rc;
}

static int skip_sound(void *state, int64_t n)
{
    sound_state *s = state;
    s->at += n;
    return audio_seek(s->stream, s->at);
}

static int read_sound(void *state, float *values, int64_t capacity, int64_t *n)
{
    int rc = OK;
    sound_state *s = state;
    size_t got;
    TRY(audio_read(s->stream, values, (size_t)capacity, &got));
    s->at += (int64_t)got;
    *n = (int64_t)got;
    if (*n < capacity) TRY(audio_check_length(s->info.n_frames, s->at, s->info.rate_hz, length_tolerance));
done:
    return rc;
}

static void close_sound(void **state)
{
    audio_close(&((sound_state *)*state)->stream);
    mem_free(state);
}

const sensor_kind sensor_kind_sound = {open_sound, skip_sound, read_sound, close_sound};
