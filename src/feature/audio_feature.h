/* Feature vectors of sound at 16 kHz, one for each frame of 400 samples, every 160 samples (25 and 10 ms). Local.
 *
 * All arithmetic is double in one fixed order and rounded to float once, so the rows of a clip do not depend on how it
 * is cut into blocks, nor on the processor. */
#pragma once

#include <stdint.h>

typedef enum audio_feature_kind {
    AUDIO_SPECTROGRAM, /* power in 257 bins */
    AUDIO_LOGMEL,      /* Kaldi's fbank: natural log of the energies of n_mels filters */
    AUDIO_MFCC         /* 13 coefficients of 23 filters, their slopes, and the slopes of these: 39 */
} audio_feature_kind;

enum { AUDIO_FEATURE_MAX_MELS = 256 };

typedef struct audio_feature_options {
    audio_feature_kind kind; /* default AUDIO_MFCC */
    int64_t n_mels;          /* filters of AUDIO_LOGMEL, 1..AUDIO_FEATURE_MAX_MELS; default 80 */
    double scale;            /* samples are multiplied by this: 1 (default; HuBERT), 32768 (Kaldi, w2v-BERT) */
} audio_feature_options;

audio_feature_options audio_feature_defaults(void);

typedef struct audio_feature audio_feature;

/* Tables and workspace; one per thread. ERR_CONFIG for options out of range, ERR_MEMORY. Caller: audio_feature_free. */
int audio_feature_create(audio_feature **out, const audio_feature_options *o);
void audio_feature_free(audio_feature **f);

/* Values in a row: 257, n_mels or 39. */
int64_t audio_feature_width(const audio_feature *f);

/* Frames on each side that have a part in a frame's row: 4 for AUDIO_MFCC, else 0. */
int64_t audio_feature_context(const audio_feature *f);

/* Frames of n samples, (n - 400) / 160 + 1, and 0 below 400; samples of n frames, n * 160 + 240, and 0 for none. */
int64_t audio_feature_frames(const audio_feature *f, int64_t n_samples);
int64_t audio_feature_samples(const audio_feature *f, int64_t n_frames);

/* Rows of frames lead..n_frames-trail-1 of a block of audio_feature_samples(n_frames) samples. The frames before and
 * behind are context: audio_feature_context of them, or as many as there are where the clip begins or ends (beyond
 * which the nearest frame stands in, as in the reference).
 *
 *   samples   mono, 16 kHz, in [-1, 1]
 *   out       (n_frames - lead - trail, width)
 *
 * ERR_INTERNAL when lead + trail exceeds n_frames. */
int audio_feature_compute(audio_feature *f, const float *samples, int64_t n_frames, int64_t lead, int64_t trail,
                          float *out);
