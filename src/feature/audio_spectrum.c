#include "feature/audio_spectrum.h"

#include "base/memory.h"
#include "base/status.h"
#include "feature/fft.h"

#include <math.h>
#include <string.h>

enum { LANES = 8 };
static const double PREEMPHASIS = 0.97;

struct audio_spectrum {
    double window[SPECTRUM_FRAME];
    double frame[SPECTRUM_FRAME];
    fft *transform;
};

int audio_spectrum_create(audio_spectrum **out)
{
    int rc = OK;
    audio_spectrum *s = NULL;
    const long double pi = 3.14159265358979323846264338327950288L;
    *out = NULL;
    TRY(MEM_ALLOC(s, 1));
    TRY(fft_create(&s->transform, SPECTRUM_FFT));
    for (int i = 0; i < SPECTRUM_FRAME; i++)
        s->window[i] = (double)powl(0.5L - 0.5L * cosl(2 * pi * i / (SPECTRUM_FRAME - 1)), 0.85L);
    *out = s;
    s = NULL;
done:
    audio_spectrum_free(&s);
    return rc;
}

void audio_spectrum_free(audio_spectrum **s)
{
    if (!*s) return;
    fft_free(&(*s)->transform);
    mem_free(s);
}

/* Eight running sums, then a fixed tree: the order does not depend on the vector unit. */
static double mean(const double *x)
{
    double sums[LANES] = {0};
    for (size_t i = 0; i < SPECTRUM_FRAME; i += LANES)
        for (size_t l = 0; l < LANES; l++) sums[l] += x[i + l];
    double a = (sums[0] + sums[4]) + (sums[2] + sums[6]), b = (sums[1] + sums[5]) + (sums[3] + sums[7]);
    return (a + b) / SPECTRUM_FRAME;
}

void audio_spectrum_frame(audio_spectrum *s, const float *samples, double scale, double *power)
{
    double *x = s->frame, *in = fft_input(s->transform);
    for (size_t i = 0; i < SPECTRUM_FRAME; i++) x[i] = samples[i] * scale;
    double m = mean(x);
    for (size_t i = 0; i < SPECTRUM_FRAME; i++) x[i] -= m;
    in[0] = (x[0] - PREEMPHASIS * x[0]) * s->window[0];
    for (size_t i = 1; i < SPECTRUM_FRAME; i++) in[i] = (x[i] - PREEMPHASIS * x[i - 1]) * s->window[i];
    memset(in + SPECTRUM_FRAME, 0, (SPECTRUM_FFT - SPECTRUM_FRAME) * sizeof *in);
    const double *bins = fft_run(s->transform);
    for (size_t k = 0; k < SPECTRUM_BINS; k++) power[k] = bins[2 * k] * bins[2 * k] + bins[2 * k + 1] * bins[2 * k + 1];
}
