#include "feature/mel.h"

#include "base/memory.h"
#include "base/status.h"
#include "tensor/elementwise.h"

#include <math.h>

enum { LANES = 4, LOW_HZ = 20 };

struct mel_bank {
    size_t n;
    size_t *first; /* (n): bin that a filter begins with */
    size_t *start; /* (n + 1): its weights in `weights`, a multiple of LANES, zeros at the end */
    double *weights;
};

static long double mel(long double hz) { return 1127 * logl(1 + hz / 700); }

/* Weight of bin k in filter b. The bin at half the sample rate belongs to none. */
static double weight(int64_t n, int64_t b, size_t k)
{
    const long double low = mel(LOW_HZ), step = (mel(SPECTRUM_RATE_HZ / 2) - low) / (long double)(n + 1);
    long double at = mel((long double)k * SPECTRUM_RATE_HZ / SPECTRUM_FFT), left = low + (long double)b * step;
    long double up = (at - left) / step, down = (left + 2 * step - at) / step, w = up < down ? up : down;
    return k + 1 < SPECTRUM_BINS && w > 0 ? (double)w : 0;
}

int mel_create(mel_bank **out, int64_t n_filters)
{
    int rc = OK;
    mel_bank *m = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(m, 1));
    m->n = (size_t)n_filters;
    TRY(MEM_ALLOC(m->first, m->n));
    TRY(MEM_ALLOC(m->start, m->n + 1));
    /* A bin has weight in two filters at most. */
    TRY(MEM_ALLOC(m->weights, 2 * SPECTRUM_BINS + m->n * LANES));
    for (size_t b = 0; b < m->n; b++) {
        size_t first = 0, end = SPECTRUM_BINS, n = m->start[b];
        while (first < end && weight(n_filters, (int64_t)b, first) == 0) first++;
        while (end > first && weight(n_filters, (int64_t)b, end - 1) == 0) end--;
        m->first[b] = first < end ? first : 0;
        for (size_t k = first; k < end; k++) m->weights[n++] = weight(n_filters, (int64_t)b, k);
        m->start[b + 1] = (n + LANES - 1) / LANES * LANES;
    }
    *out = m;
    m = NULL;
done:
    mel_free(&m);
    return rc;
}

void mel_free(mel_bank **m)
{
    if (!*m) return;
    mem_free(&(*m)->first);
    mem_free(&(*m)->start);
    mem_free(&(*m)->weights);
    mem_free(m);
}

void mel_apply(const mel_bank *m, const double *power, double *log_energy)
{
    for (size_t b = 0; b < m->n; b++) {
        const double *w = m->weights + m->start[b], *p = power + m->first[b];
        double sums[LANES] = {0};
        for (size_t k = 0, n = m->start[b + 1] - m->start[b]; k < n; k += LANES)
            for (size_t l = 0; l < LANES; l++) sums[l] += w[k + l] * p[k + l];
        double energy = (sums[0] + sums[2]) + (sums[1] + sums[3]);
        log_energy[b] = energy > 0x1p-23 ? energy : 0x1p-23;
    }
    num_log_each(log_energy, log_energy, m->n);
}
