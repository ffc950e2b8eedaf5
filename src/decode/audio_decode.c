#include "decode/audio_decode.h"

#include "base/memory.h"
#include "base/status.h"
#include "decode/audio_header.h"
#include "decode/audio_io.h"
#include "decode/audio_mpeg.h"
#include "decode/audio_refuse.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK_SAMPLES = 16384 }; /* of the buffer for several channels */

struct audio_stream {
    audio_io io;
    SNDFILE *file; /* one of these three decodes */
    audio_mpeg *mpeg;
    audio_g722 *g722;
    audio_hint hint;   /* AUDIO_RAW_NONE: the file has a header */
    byte_source sound; /* without leading tags */
    audio_info info;
    int64_t n_frames;   /* that libsndfile will give at most; INT64_MAX: not known */
    int64_t max_frames; /* limit; INT64_MAX: none */
    int64_t position;   /* of the next frame */
    int ended;          /* fewer frames came than asked for */
    int64_t channel;    /* that audio_read_mono gives, or AUDIO_MEAN */
    float *block;       /* (block_frames, channels): interleaved samples before their mean, or to be discarded */
    size_t block_frames;
};

int audio_is_short(int64_t declared, int64_t decoded, int32_t rate_hz, double share)
{
    return declared > decoded && (double)(declared - decoded) > 0.1 * rate_hz + share * (double)declared;
}

int audio_check_length(int64_t declared, int64_t decoded, int32_t rate_hz, double share)
{
    int rc = OK;
    if (audio_is_short(declared, decoded, rate_hz, share))
        FAIL(ERR_FORMAT, "truncated: %lld of %lld frames", (long long)decoded, (long long)declared);
done:
    return rc;
}

static void close_file(audio_stream *s)
{
    if (s->file) sf_close(s->file);
    s->file = NULL;
    audio_mpeg_close(&s->mpeg);
    audio_g722_close(&s->g722);
}

static int open_raw(audio_stream *s, SF_INFO *sf)
{
    int rc = OK, bits = audio_raw_g722_bits(s->hint.format);
    if (bits) {
        TRY(audio_g722_open(&s->g722, &s->io, &s->sound, bits));
        audio_raw_g722_info(&s->hint, &s->sound, sf);
    } else {
        s->file = audio_raw_open(&s->io, &s->sound, &s->hint, sf);
        if (!s->file || s->io.status != OK) rc = audio_refuse(&s->io, s->file ? 0 : sf_error(NULL), "cannot be read");
    }
done:
    return rc;
}

/* By content. An MPEG stream may be wrapped in a WAV file. */
static int open_known(audio_stream *s, SF_INFO *sf)
{
    int rc = OK, mpeg;
    byte_source data;
    TRY(audio_mpeg_begins(&s->sound, &mpeg));
    if (!mpeg) {
        memset(sf, 0, sizeof *sf);
        s->file = audio_io_open(&s->io, &s->sound, sf);
        if (s->file && s->io.status == OK) goto done;
        int error = s->file ? 0 : sf_error(NULL);
        if (s->io.status == OK) TRY(audio_mpeg_in_wav(&s->sound, &mpeg, &data));
        if (!mpeg) return audio_refuse_open(&s->io, error);
        s->sound = data;
    }
    TRY(audio_mpeg_open(&s->mpeg, &s->io, &s->sound, sf));
done:
    return rc;
}

static int open_file(audio_stream *s, SF_INFO *sf)
{
    s->position = 0;
    s->ended = 0;
    return s->hint.format == AUDIO_RAW_NONE ? open_known(s, sf) : open_raw(s, sf);
}

static int check_limits(audio_stream *s, const audio_limits *limits, const SF_INFO *sf)
{
    int rc = OK;
    if (sf->samplerate <= 0 || sf->channels <= 0)
        FAIL(ERR_FORMAT, "%d channels at %d Hz", sf->channels, sf->samplerate);
    if (limits->max_channels > 0 && sf->channels > limits->max_channels)
        FAIL(ERR_LIMIT, "%d channels, at most %lld allowed", sf->channels, (long long)limits->max_channels);
    s->max_frames = INT64_MAX;
    if (limits->max_seconds > 0 && limits->max_seconds * sf->samplerate < 0x1p62)
        s->max_frames = (int64_t)(limits->max_seconds * sf->samplerate);
    if (s->n_frames != INT64_MAX && s->n_frames > s->max_frames)
        FAIL(ERR_LIMIT, "%.1f seconds, at most %.1f allowed", (double)s->n_frames / sf->samplerate,
             limits->max_seconds);
    if (s->n_frames == 0 && s->info.n_frames <= 0) FAIL(ERR_EMPTY, "no samples");
done:
    return rc;
}

/* 96 kbit/s for MPEG, else one byte a sample, as of 16 bits compressed without loss. */
static int64_t guess_frames(const byte_source *sound, const SF_INFO *sf)
{
    int mpeg = (sf->format & SF_FORMAT_TYPEMASK) == SF_FORMAT_MPEG;
    return mpeg ? (int64_t)((double)sound->size / 12000 * sf->samplerate) : sound->size / sf->channels;
}

static int choose_form(audio_stream *s, const byte_source *source, const audio_hint *hint)
{
    int rc = OK, fits = 0;
    s->sound = *source;
    if (hint) TRY(audio_raw_fits(hint, source, &fits));
    if (fits)
        s->hint = *hint;
    else
        TRY(audio_skip_tags(source, &s->sound));
done:
    return rc;
}

static void fill_info(audio_stream *s, const SF_INFO *sf)
{
    s->info.rate_hz = sf->samplerate;
    s->info.channels = sf->channels;
    s->info.n_likely = s->n_frames != INT64_MAX ? s->n_frames : guess_frames(&s->sound, sf);
    s->info.exact_seek = sf->seekable && s->n_frames != INT64_MAX && audio_format_seeks_exactly(sf->format);
    audio_format_name(sf->format, s->info.format, sizeof s->info.format);
    if (s->hint.format != AUDIO_RAW_NONE)
        snprintf(s->info.format, sizeof s->info.format, "raw/%s", audio_raw_names[s->hint.format]);
}

int audio_open(audio_stream **out, const byte_source *source, const audio_hint *hint, const audio_limits *limits,
               audio_info *info)
{
    int rc = OK;
    SF_INFO sf;
    audio_stream *s = NULL;
    *out = NULL;
    memset(info, 0, sizeof *info);
    if (source->size == 0) FAIL(ERR_EMPTY, "no bytes");
    TRY(MEM_ALLOC(s, 1));
    s->channel = AUDIO_MEAN;
    TRY(choose_form(s, source, hint));
    TRY(open_file(s, &sf));
    s->n_frames = sf.frames < 0 || sf.frames == SF_COUNT_MAX ? INT64_MAX : sf.frames;
    s->info.n_frames = s->n_frames == INT64_MAX ? -1 : s->n_frames;
    if (s->hint.format == AUDIO_RAW_NONE) TRY(audio_declared_frames(&s->sound, &sf, &s->info.n_frames));
    TRY(check_limits(s, limits, &sf));
    fill_info(s, &sf);
    *info = s->info;
    *out = s;
    s = NULL;
done:
    audio_close(&s);
    return rc;
}

void audio_close(audio_stream **s)
{
    if (!*s) return;
    close_file(*s);
    mem_free(&(*s)->block);
    mem_free(s);
}

static int check_finite(const audio_stream *s, const float *samples, size_t n)
{
    int rc = OK, bad = 0;
    size_t channels = (size_t)s->info.channels, first = 0;
    for (size_t i = 0; i < n * channels; i++) bad |= !(fabsf(samples[i]) <= FLT_MAX);
    if (!bad) goto done;
    while (fabsf(samples[first]) <= FLT_MAX) first++;
    FAIL(ERR_INVALID, "the sample at frame %lld is not a finite number",
         (long long)(s->position + (int64_t)(first / channels)));
done:
    return rc;
}

/* Up to n of the next frames, 0 at the end. */
static int decode(audio_stream *s, float *samples, size_t n, size_t *got)
{
    int rc = OK;
    *got = 0;
    if (s->mpeg) return audio_mpeg_read(s->mpeg, samples, n, got);
    if (s->g722) return audio_g722_read(s->g722, samples, n, got);
    if (!s->file) FAIL(ERR_INTERNAL, "sound file is closed after a failure");
    sf_count_t frames = sf_readf_float(s->file, samples, (sf_count_t)n);
    int error = sf_error(s->file);
    if (s->io.status != OK || error != 0)
        rc = audio_refuse(&s->io, error, "damaged sound data");
    else if (frames > 0)
        *got = (size_t)frames;
done:
    return rc;
}

int audio_read(audio_stream *s, float *samples, size_t capacity_frames, size_t *n_frames)
{
    int rc = OK;
    *n_frames = 0;
    /* Not asking past the known end keeps decoders from taking trailing tags for damage. */
    size_t want = capacity_frames;
    if (s->n_frames - s->position < (int64_t)want) want = (size_t)(s->n_frames - s->position);
    while (*n_frames < want && !s->ended) {
        size_t got;
        float *to = samples + *n_frames * (size_t)s->info.channels;
        TRY(decode(s, to, want - *n_frames, &got));
        if (got == 0) s->ended = 1;
        if (s->position + (int64_t)got > s->max_frames)
            FAIL(ERR_LIMIT, "more than %.1f seconds", (double)s->max_frames / s->info.rate_hz);
        TRY(check_finite(s, to, got));
        s->position += (int64_t)got;
        *n_frames += got;
    }
done:
    if (rc != OK) *n_frames = 0;
    return rc;
}

static int need_block(audio_stream *s)
{
    int rc = OK;
    size_t channels = (size_t)s->info.channels, frames = BLOCK_SAMPLES / channels > 0 ? BLOCK_SAMPLES / channels : 1;
    if (s->block) return OK;
    TRY(MEM_ALLOC(s->block, frames * channels));
    s->block_frames = frames;
done:
    return rc;
}

int audio_pick_channel(audio_stream *s, int64_t channel)
{
    int rc = OK;
    if (channel >= s->info.channels)
        FAIL(ERR_INVALID, "channel %lld (counted from 0) is wanted, but the file has %d channel%s", (long long)channel,
             s->info.channels, s->info.channels == 1 ? "" : "s");
    s->channel = channel;
done:
    return rc;
}

static void mix(const audio_stream *s, size_t n, float *out)
{
    size_t channels = (size_t)s->info.channels;
    const float *x = s->block;
    if (s->channel != AUDIO_MEAN) {
        for (size_t t = 0; t < n; t++) out[t] = x[t * channels + (size_t)s->channel];
        return;
    }
    for (size_t t = 0; t < n; t++, x += channels) {
        double sum = 0;
        for (size_t c = 0; c < channels; c++) sum += x[c];
        out[t] = (float)(sum / (double)channels);
    }
}

int audio_read_mono(audio_stream *s, float *samples, size_t capacity_frames, size_t *n_frames)
{
    int rc = OK;
    size_t got = 0;
    *n_frames = 0;
    if (s->info.channels == 1) return audio_read(s, samples, capacity_frames, n_frames);
    TRY(need_block(s));
    while (*n_frames < capacity_frames) {
        size_t left = capacity_frames - *n_frames, want = left < s->block_frames ? left : s->block_frames;
        TRY(audio_read(s, s->block, want, &got));
        mix(s, got, samples + *n_frames);
        *n_frames += got;
        if (got < want) break;
    }
done:
    if (rc != OK) *n_frames = 0;
    return rc;
}

/* Decode and discard up to a frame; from the start when it lies behind. */
static int skip_to(audio_stream *s, int64_t frame)
{
    int rc = OK;
    SF_INFO sf;
    size_t got;
    if (frame < s->position) {
        close_file(s);
        TRY(open_file(s, &sf));
    }
    TRY(need_block(s));
    while (s->position < frame && !s->ended && s->position < s->n_frames) {
        int64_t left = frame - s->position;
        TRY(audio_read(s, s->block, left < (int64_t)s->block_frames ? (size_t)left : s->block_frames, &got));
    }
done:
    return rc;
}

int audio_seek(audio_stream *s, int64_t frame)
{
    int rc = OK;
    if (frame < 0) FAIL(ERR_INTERNAL, "seek to frame %lld", (long long)frame);
    if (s->n_frames != INT64_MAX && frame > s->n_frames) frame = s->n_frames;
    if (frame == s->position) goto done;
    if (s->info.exact_seek && sf_seek(s->file, frame, SEEK_SET) == frame) {
        s->position = frame;
        s->ended = 0;
        goto done;
    }
    if (s->io.status != OK) return s->io.status;
    /* A failed seek leaves a decoder in no known state. */
    if (s->info.exact_seek) s->position = INT64_MAX;
    TRY(skip_to(s, frame));
done:
    return rc;
}
