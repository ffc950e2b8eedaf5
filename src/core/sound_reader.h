/* The sound of a row at 16 kHz, mono, read forward in bounded memory. One per compute thread. Local. */
#pragma once

#include "core/core_options.h"
#include "core/measure.h"
#include "core/media.h"
#include "decode/audio_decode.h"
#include "feature/resample.h"

/* A zeroed struct is ready for sound_reader_begin, but for `o`. */
typedef struct sound_reader {
    const audio_options *o;
    /* samples first .. first + n - 1 of the row */
    float *samples;
    size_t capacity, n;
    int64_t first;
    int64_t total; /* samples in all; -1: not known before the end is reached */
    /* inside */
    resampler *resample; /* for `rate_hz`; kept, as most rows have the same rate */
    int64_t rate_hz;
    float *in; /* a block at the file's rate */
    audio_stream *stream;
    audio_info info;
    int64_t start, at, end; /* frames of the file: of the segment, the next one, and the segment's end (INT64_MAX:
                               that of the file) */
    sound_measure *measure; /* takes what is read of the row's samples from .. to - 1; NULL: nothing does */
    int64_t measure_from, measure_to; /* at 16 kHz */
} sound_reader;

/* Open the file and go to this sample of the row. Item errors of the decoder; ERR_INVALID when the file has not the
 * channel or the segment; ERR_ENVIRONMENT, ERR_MEMORY. */
int sound_reader_begin(sound_reader *r, const corpus_row *row, const byte_source *source, int64_t first_sample);

/* Read until sample `until` (exclusive) is there or the sound ends. ERR_FORMAT when it ends before the header or the
 * wanted segment says, unless audio.length_policy keeps such sound; ERR_LIMIT. */
int sound_reader_fill(sound_reader *r, int64_t until);

/* The samples before this one are not needed any more. */
void sound_reader_forget(sound_reader *r, int64_t sample);

/* Close the file; buffers stay. */
void sound_reader_end(sound_reader *r);
void sound_reader_free(sound_reader *r);
