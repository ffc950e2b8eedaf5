/* Power spectra of four frames at once, one in each lane of a vector: every lane does what a lone frame would, so the
 * bits depend neither on the instruction set nor on what the other lanes hold. Double precision. Local. */
#pragma once

#include "tensor/isa.h"

enum { FFT_LANES = 4, FFT_SIZE = 512, FFT_HALF = FFT_SIZE / 2, FFT_BINS = FFT_HALF + 1 };

typedef struct fft_table {
    double twiddle[FFT_HALF / 4 + FFT_HALF / 16 + FFT_HALF / 64]
                  [6];                 /* of each pass: cosines and sines of w, w^2, w^3 */
    double split[FFT_HALF / 2 + 1][2]; /* exp(-2 pi i k / FFT_SIZE) */
    int place[FFT_HALF];               /* where the passes leave an output */
} fft_table;

void fft_table_fill(fft_table *t);

/* |X_k|^2 of the real numbers x (FFT_SIZE, FFT_LANES), which are overwritten; power is (FFT_BINS, FFT_LANES). Both are
 * aligned to 32 bytes. */
typedef struct fft_lanes {
    const char *name;
    enum isa isa;
    void (*power)(const fft_table *t, double *x, double *power);
} fft_lanes;

/* In descending order of isa; NULL behind the last. */
const fft_lanes *fft_lanes_at(unsigned i);
const fft_lanes *fft_lanes_best(void);
