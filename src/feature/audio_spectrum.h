/* Kaldi's framing and power spectrum at 16 kHz: frames of 25 ms every 10 ms, only whole ones; mean removed,
 * pre-emphasis 0.97, povey window, zeros up to 512, |FFT|^2. No dither. Local. Source: pytorch/audio
 * src/torchaudio/compliance/kaldi.py, with its defaults. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum {
    SPECTRUM_RATE_HZ = 16000,
    SPECTRUM_FRAME = 400, /* samples */
    SPECTRUM_SHIFT = 160,
    SPECTRUM_FFT = 512,
    SPECTRUM_BINS = SPECTRUM_FFT / 2 + 1
};

typedef struct audio_spectrum audio_spectrum;

/* ERR_MEMORY. Caller: audio_spectrum_free. One per thread. */
int audio_spectrum_create(audio_spectrum **out);
void audio_spectrum_free(audio_spectrum **s);

/* Power of n frames (up to SPECTRUM_TOGETHER), each SPECTRUM_SHIFT samples after the one before, the samples multiplied
 * by `scale` first: SPECTRUM_BINS bins of a frame, `stride` values from those of the one before. A frame's power does
 * not depend on the others. */
enum { SPECTRUM_TOGETHER = 4 };
void audio_spectrum_frames(audio_spectrum *s, const float *samples, size_t n, double scale, double *power,
                           size_t stride);
