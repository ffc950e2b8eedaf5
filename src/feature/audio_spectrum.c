#include "feature/audio_spectrum.h"

#include "base/memory.h"
#include "base/status.h"
#include "feature/fft_lanes.h"

#include <math.h>
#include <string.h>

enum { LANES = 8 };
static const double PREEMPHASIS = 0.97;
_Static_assert((int)SPECTRUM_TOGETHER == (int)FFT_LANES && (int)SPECTRUM_FFT == (int)FFT_SIZE, "the transform");

struct audio_spectrum {
    double window[SPECTRUM_FRAME];
    double frame[SPECTRUM_FRAME];
    double *in,
        *out; /* (SPECTRUM_FFT, SPECTRUM_TOGETHER) and (SPECTRUM_BINS, SPECTRUM_TOGETHER): frames side by side */
    fft_table table;
    const fft_lanes *transform;
};

int audio_spectrum_create(audio_spectrum **out)
{
    int rc = OK;
    audio_spectrum *s = NULL;
    const long double pi = 3.14159265358979323846264338327950288L;
    *out = NULL;
    TRY(MEM_ALLOC(s, 1));
    TRY(MEM_ALLOC(s->in, SPECTRUM_FFT * SPECTRUM_TOGETHER));
    TRY(MEM_ALLOC(s->out, SPECTRUM_BINS * SPECTRUM_TOGETHER));
    fft_table_fill(&s->table);
    s->transform = fft_lanes_best();
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
    mem_free(&(*s)->in);
    mem_free(&(*s)->out);
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

/* Mean removed, pre-emphasis, window; into one lane of `in`. */
static void prepare(audio_spectrum *s, const float *samples, double scale, double *in)
{
    double *x = s->frame;
    for (size_t i = 0; i < SPECTRUM_FRAME; i++) x[i] = samples[i] * scale;
    double m = mean(x);
    for (size_t i = 0; i < SPECTRUM_FRAME; i++) x[i] -= m;
    in[0] = (x[0] - PREEMPHASIS * x[0]) * s->window[0];
    for (size_t i = 1; i < SPECTRUM_FRAME; i++)
        in[i * SPECTRUM_TOGETHER] = (x[i] - PREEMPHASIS * x[i - 1]) * s->window[i];
}

void audio_spectrum_frames(audio_spectrum *s, const float *samples, size_t n, double scale, double *power,
                           size_t stride)
{
    /* the padding, and lanes without a frame */
    size_t used = n < SPECTRUM_TOGETHER ? 0 : SPECTRUM_FRAME * SPECTRUM_TOGETHER;
    memset(s->in + used, 0, (SPECTRUM_FFT * SPECTRUM_TOGETHER - used) * sizeof *s->in);
    for (size_t l = 0; l < n; l++) prepare(s, samples + l * SPECTRUM_SHIFT, scale, s->in + l);
    s->transform->power(&s->table, s->in, s->out);
    for (size_t l = 0; l < n; l++)
        for (size_t k = 0; k < SPECTRUM_BINS; k++) power[l * stride + k] = s->out[k * SPECTRUM_TOGETHER + l];
}
