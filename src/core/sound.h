/* The sound of a row as feature vectors: decode, mono, resample to 16 kHz, features, window by window with context, in
 * bounded memory.
 *
 * Frame t of a row covers samples 160 t .. 160 t + 399 of the row's sound at 16 kHz. Windows are runs of audio.window
 * seconds of frames; because each is computed with its context, the vectors equal those of the whole. One object per
 * compute thread. Local. */
#pragma once

#include "core/core_options.h"
#include "core/media.h"

typedef struct sound sound;

/* ERR_MEMORY. Caller: sound_free. */
int sound_create(sound **out, const audio_options *o);
void sound_free(sound **s);

/* Values per vector. */
int64_t sound_width(const sound *s);

typedef struct sound_sink {
    /* n vectors (n, width) from frame `first` on, in order. Status. */
    int (*vectors)(void *user, const float *x, int64_t first, int64_t n);
    /* Between windows; not OK stops (may be NULL). */
    int (*tick)(void *user);
    void *user;
} sound_sink;

/* Compute windows first .. last (last may lie beyond the end) of the row's sound. *frames: vectors given; *seconds:
 * sound that they cover. ERR_EMPTY when the whole row has no frame; ERR_FORMAT when the file is shorter than its header
 * or the wanted segment says; other item errors of the decoder; ERR_ENVIRONMENT. */
int sound_run(sound *s, const corpus_row *row, const byte_source *source, int64_t first, int64_t last,
              const sound_sink *sink, int64_t *frames, double *seconds);

/* The row's sound at 16 kHz, mono, in blocks: what the features are computed from. Errors as sound_run. */
int sound_samples(sound *s, const corpus_row *row, const byte_source *source,
                  int (*take)(void *user, const float *x, size_t n), void *user);
