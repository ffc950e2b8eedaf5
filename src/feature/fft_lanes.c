/* The even and odd samples are the real and imaginary parts of 256 complex numbers, whose transform takes four passes
 * of radix 4 (decimation in frequency, in place); a last step takes the transform of the samples from it. H. V.
 * Sorensen et al., Real-valued fast Fourier transform algorithms, IEEE Trans. ASSP 35 (1987). */
#include "feature/fft_lanes.h"

#include <math.h>

void fft_table_fill(fft_table *t)
{
    const long double turn = 2 * 3.14159265358979323846264338327950288L;
    int n = 0;
    for (int size = FFT_HALF; size > 4; size /= 4)
        for (int j = 0; j < size / 4; j++, n++)
            for (int k = 1; k <= 3; k++) {
                t->twiddle[n][2 * k - 2] = (double)cosl(turn * (j * k) / size);
                t->twiddle[n][2 * k - 1] = (double)-sinl(turn * (j * k) / size);
            }
    for (int k = 0; k <= FFT_HALF / 2; k++) {
        t->split[k][0] = (double)cosl(turn * k / FFT_SIZE);
        t->split[k][1] = (double)-sinl(turn * k / FFT_SIZE);
    }
    for (int k = 0; k < FFT_HALF; k++) {
        t->place[k] = 0;
        for (int digit = 1; digit < FFT_HALF; digit *= 4) t->place[k] += k / digit % 4 * (FFT_HALF / 4 / digit);
    }
}

/* z[m] (re, im) *= (c, s) */
#define TURN(m, re, im, c, s)                                                                                          \
    do {                                                                                                               \
        z[2 * (m)] = (re) * (c) - (im) * (s);                                                                          \
        z[2 * (m) + 1] = (re) * (s) + (im) * (c);                                                                      \
    } while (0)

/* One butterfly of four numbers, `q` apart from each other. */
#define BUTTERFLY(m, q, ...)                                                                                           \
    do {                                                                                                               \
        vector ar = z[2 * (m)], ai = z[2 * (m) + 1], br = z[2 * ((m) + (q))], bi = z[2 * ((m) + (q)) + 1];             \
        vector cr = z[2 * ((m) + 2 * (q))], ci = z[2 * ((m) + 2 * (q)) + 1];                                           \
        vector dr = z[2 * ((m) + 3 * (q))], di = z[2 * ((m) + 3 * (q)) + 1];                                           \
        vector sr = ar + cr, si = ai + ci, ur = ar - cr, ui = ai - ci;                                                 \
        vector tr = br + dr, ti = bi + di, vr = bi - di, vi = dr - br; /* v = -i (b - d) */                            \
        z[2 * (m)] = sr + tr;                                                                                          \
        z[2 * (m) + 1] = si + ti;                                                                                      \
        vector er = ur + vr, ei = ui + vi, fr = sr - tr, fi = si - ti, gr = ur - vr, gi = ui - vi;                     \
        __VA_ARGS__                                                                                                    \
    } while (0)

/* A macro, because compilers lower vectors in an inline function before they know the target of its caller. */
#define DEFINE_POWER(function, attribute)                                                                              \
    attribute static void function(const fft_table *t, double *x, double *power)                                       \
    {                                                                                                                  \
        typedef double vector __attribute__((vector_size(8 * FFT_LANES), may_alias));                                  \
        vector *z = (vector *)x, *out = (vector *)power;                                                               \
        const double(*w)[6] = t->twiddle;                                                                              \
        for (int size = FFT_HALF; size > 4; w += size / 4, size /= 4)                                                  \
            for (int block = 0; block < FFT_HALF; block += size)                                                       \
                for (int j = 0; j < size / 4; j++)                                                                     \
                    BUTTERFLY(block + j, size / 4, TURN(block + j + size / 4, er, ei, w[j][0], w[j][1]);               \
                              TURN(block + j + size / 2, fr, fi, w[j][2], w[j][3]);                                    \
                              TURN(block + j + 3 * size / 4, gr, gi, w[j][4], w[j][5]););                              \
        for (int m = 0; m < FFT_HALF; m += 4)                                                                          \
            BUTTERFLY(m, 1, z[2 * m + 2] = er; z[2 * m + 3] = ei; z[2 * m + 4] = fr; z[2 * m + 5] = fi;                \
                      z[2 * m + 6] = gr; z[2 * m + 7] = gi;);                                                          \
        for (int k = 0; k <= FFT_HALF / 2; k++) {                                                                      \
            const vector *p = z + 2 * t->place[k], *q = z + 2 * t->place[(FFT_HALF - k) % FFT_HALF];                   \
            vector er = 0.5 * (p[0] + q[0]), ei = 0.5 * (p[1] - q[1]);                                                 \
            vector hr = 0.5 * (p[1] + q[1]), hi = 0.5 * (q[0] - p[0]);                                                 \
            double c = t->split[k][0], s = t->split[k][1];                                                             \
            vector tr = hr * c - hi * s, ti = hr * s + hi * c;                                                         \
            out[k] = (er + tr) * (er + tr) + (ei + ti) * (ei + ti);                                                    \
            out[FFT_HALF - k] = (er - tr) * (er - tr) + (ei - ti) * (ei - ti);                                         \
        }                                                                                                              \
    }

DEFINE_POWER(power_plain, )
static const fft_lanes plain = {"plain", ISA_PLAIN, power_plain};

#if defined(__x86_64__)
DEFINE_POWER(power_avx2, __attribute__((target("avx2"))))
DEFINE_POWER(power_avx512, __attribute__((target("avx512f,avx512vl"))))
static const fft_lanes avx2 = {"avx2", ISA_AVX2, power_avx2};
static const fft_lanes avx512 = {"avx512", ISA_AVX512, power_avx512};
static const fft_lanes *const variants[] = {&avx512, &avx2, &plain};
#else
static const fft_lanes *const variants[] = {&plain};
#endif

const fft_lanes *fft_lanes_at(unsigned i) { return i < sizeof variants / sizeof *variants ? variants[i] : 0; }

const fft_lanes *fft_lanes_best(void)
{
    unsigned i = 0;
    while (variants[i]->isa > isa_best()) i++;
    return variants[i];
}
