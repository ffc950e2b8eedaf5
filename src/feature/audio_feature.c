#include "feature/audio_feature.h"

#include "base/memory.h"
#include "base/status.h"
#include "feature/audio_spectrum.h"
#include "feature/mel.h"
#include "feature/mfcc.h"

#include <math.h>
#include <string.h>

/* Rows of slopes that are computed at a time, and how far their slopes' slopes reach. */
enum { CHUNK = 256, REACH = 2 * MFCC_DELTA_REACH };

struct audio_feature {
    audio_feature_options options;
    audio_spectrum *spectrum;
    mel_bank *mel; /* NULL: AUDIO_SPECTROGRAM */
    mfcc_table cepstrum;

    double power[SPECTRUM_TOGETHER][MEL_POWER_SIZE];
    double log_energy[AUDIO_FEATURE_MAX_MELS];
    double rows[CHUNK + 2 * REACH][MFCC_COEFFICIENTS];   /* coefficients of frames rows_first.. */
    double slopes[CHUNK + 2 * REACH][MFCC_COEFFICIENTS]; /* slopes of some of the same frames */
    int64_t rows_first, rows_end;
};

audio_feature_options audio_feature_defaults(void)
{
    return (audio_feature_options){.kind = AUDIO_MFCC, .n_mels = 80, .scale = 1};
}

int audio_feature_create(audio_feature **out, const audio_feature_options *o)
{
    int rc = OK;
    audio_feature *f = NULL;
    *out = NULL;
    if (o->kind == AUDIO_LOGMEL && (o->n_mels < 1 || o->n_mels > AUDIO_FEATURE_MAX_MELS))
        FAIL(ERR_CONFIG, "%lld mel filters; 1 to %d are possible", (long long)o->n_mels, AUDIO_FEATURE_MAX_MELS);
    if (!(o->scale > 0 && o->scale <= 0x1p40)) FAIL(ERR_CONFIG, "samples cannot be multiplied by %g", o->scale);
    TRY(MEM_ALLOC(f, 1));
    f->options = *o;
    TRY(audio_spectrum_create(&f->spectrum));
    if (o->kind != AUDIO_SPECTROGRAM) TRY(mel_create(&f->mel, o->kind == AUDIO_MFCC ? MFCC_FILTERS : o->n_mels));
    mfcc_fill(&f->cepstrum);
    *out = f;
    f = NULL;
done:
    audio_feature_free(&f);
    return rc;
}

void audio_feature_free(audio_feature **f)
{
    if (!*f) return;
    audio_spectrum_free(&(*f)->spectrum);
    mel_free(&(*f)->mel);
    mem_free(f);
}

int64_t audio_feature_width(const audio_feature *f)
{
    if (f->options.kind == AUDIO_SPECTROGRAM) return SPECTRUM_BINS;
    return f->options.kind == AUDIO_LOGMEL ? f->options.n_mels : 3 * MFCC_COEFFICIENTS;
}

int64_t audio_feature_context(const audio_feature *f) { return f->options.kind == AUDIO_MFCC ? REACH : 0; }

int64_t audio_feature_frames(const audio_feature *f, int64_t n_samples)
{
    return n_samples < SPECTRUM_FRAME ? 0 : (n_samples - SPECTRUM_FRAME) / SPECTRUM_SHIFT + 1;
}

int64_t audio_feature_samples(const audio_feature *f, int64_t n_frames)
{
    return n_frames <= 0 ? 0 : (n_frames - 1) * SPECTRUM_SHIFT + SPECTRUM_FRAME;
}

static void put(const double *x, size_t n, float *out)
{
    for (size_t i = 0; i < n; i++) out[i] = (float)x[i];
}

/* Power of frames first .. end - 1, as many as are computed together; their number. */
static int64_t analyse(audio_feature *f, const float *samples, int64_t first, int64_t end)
{
    int64_t n = end - first < SPECTRUM_TOGETHER ? end - first : SPECTRUM_TOGETHER;
    audio_spectrum_frames(f->spectrum, samples + first * SPECTRUM_SHIFT, (size_t)n, f->options.scale, f->power[0],
                          MEL_POWER_SIZE);
    return n;
}

/* Have the coefficients of frames first..end-1 in f->rows; those that are there already are moved, not computed again.
 */
static void need_rows(audio_feature *f, const float *samples, int64_t first, int64_t end)
{
    if (first >= f->rows_first && first < f->rows_end)
        memmove(f->rows, f->rows[first - f->rows_first], (size_t)(f->rows_end - first) * sizeof *f->rows);
    else
        f->rows_end = first;
    f->rows_first = first;
    while (f->rows_end < end) {
        int64_t n = analyse(f, samples, f->rows_end, end);
        for (int64_t i = 0; i < n; i++, f->rows_end++) {
            mel_apply(f->mel, f->power[i], f->log_energy);
            mfcc_apply(&f->cepstrum, f->log_energy, f->rows[f->rows_end - first]);
        }
    }
}

static int64_t within(int64_t i, int64_t n) { return i < 0 ? 0 : i > n ? n : i; }

static void mfcc_chunk(audio_feature *f, const float *samples, int64_t n_frames, int64_t first, int64_t end, float *out)
{
    double curve[MFCC_COEFFICIENTS];
    int64_t slopes_first = within(first - MFCC_DELTA_REACH, n_frames),
            slopes_end = within(end + MFCC_DELTA_REACH, n_frames);
    need_rows(f, samples, within(first - REACH, n_frames), within(end + REACH, n_frames));
    for (int64_t t = slopes_first; t < slopes_end; t++)
        mfcc_delta(f->rows[0], f->rows_first, t, n_frames, f->slopes[t - slopes_first]);
    for (int64_t t = first; t < end; t++, out += 3 * MFCC_COEFFICIENTS) {
        mfcc_delta(f->slopes[0], slopes_first, t, n_frames, curve);
        put(f->rows[t - f->rows_first], MFCC_COEFFICIENTS, out);
        put(f->slopes[t - slopes_first], MFCC_COEFFICIENTS, out + MFCC_COEFFICIENTS);
        put(curve, MFCC_COEFFICIENTS, out + 2 * MFCC_COEFFICIENTS);
    }
}

int audio_feature_compute(audio_feature *f, const float *samples, int64_t n_frames, int64_t lead, int64_t trail,
                          float *out)
{
    int rc = OK;
    int64_t width = audio_feature_width(f), end = n_frames - trail;
    if (lead < 0 || trail < 0 || lead > end)
        FAIL(ERR_INTERNAL, "%lld and %lld frames of context of %lld", (long long)lead, (long long)trail,
             (long long)n_frames);
    f->rows_first = f->rows_end = 0;
    if (f->options.kind != AUDIO_MFCC)
        for (int64_t t = lead, n; t < end; t += n) {
            n = analyse(f, samples, t, end);
            for (int64_t i = 0; i < n; i++, out += width) {
                if (f->mel) mel_apply(f->mel, f->power[i], f->log_energy);
                put(f->mel ? f->log_energy : f->power[i], (size_t)width, out);
            }
        }
    else
        for (int64_t t = lead, n; t < end; t += n, out += n * width) {
            n = end - t < CHUNK ? end - t : CHUNK;
            mfcc_chunk(f, samples, n_frames, t, t + n, out);
        }
done:
    return rc;
}
