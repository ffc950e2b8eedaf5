/* Mel frequency cepstral coefficients of HuBERT's first iteration, from 23 log energies per frame, and their slopes.
 * Local. Source: pytorch/audio src/torchaudio/compliance/kaldi.py (mfcc), src/torchaudio/functional/functional.py
 * (compute_deltas). */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { MFCC_FILTERS = 23, MFCC_COEFFICIENTS = 13, MFCC_DELTA_REACH = 2 };

typedef struct mfcc_table {
    double matrix[MFCC_FILTERS][16]; /* DCT times lifter; 13 columns are used */
} mfcc_table;

void mfcc_fill(mfcc_table *t);

/* Coefficients 0..12 (lifter 22) of one frame. */
void mfcc_apply(const mfcc_table *t, const double *log_energy, double *coefficients);

/* Slope over five frames at frame `at`: rows lie at x + (i - first) * MFCC_COEFFICIENTS, and frame numbers outside
 * 0..n_frames-1 stand for the nearest one inside. */
void mfcc_delta(const double *x, int64_t first, int64_t at, int64_t n_frames, double *slope);
