/* Discrete Fourier transform of real numbers, double precision. The only user of FFTW, which is under the GPL: another
 * library can take its place here. Local. */
#pragma once

#include <stddef.h>

typedef struct fft fft;

/* For n real numbers, n even. The same bits on every processor: no vector variants, no measured plans. ERR_MEMORY,
 * ERR_INTERNAL. Caller: fft_free. Not for two threads at the same time. */
int fft_create(fft **out, size_t n);
void fft_free(fft **f);

/* Where the n numbers go (run may change them), and the transform: bins 0..n/2, real and imaginary part side by side.
 */
double *fft_input(fft *f);
const double *fft_run(fft *f);

/* Version of the library. */
const char *fft_version(void);
