/* ITU-T G.722 (09/2012), clauses 4 and 6.2: two sub-bands of ADPCM, put together by a quadrature mirror filter. Block
 * names in comments are those of the recommendation. All values fit 16 bits; products are shifted as signed numbers. */
#include "decode/audio_g722.h"

#include "base/memory.h"
#include "base/status.h"

#include <string.h>

enum { POLES = 2, ZEROS = 6, TAPS = 12, BLOCK = 1024, BAND_LIMIT = 16384 };

typedef struct band {
    int32_t log_scale, scale;   /* NB, DET: of the quantizer */
    int32_t signal, zeros;      /* S, SZ: prediction, and the part of it from the zeros */
    int32_t a[POLES], b[ZEROS]; /* coefficients */
    int32_t p[POLES];           /* partial reconstruction, newest first */
    int32_t r[POLES], d[ZEROS]; /* twice the reconstructed signal and the quantized differences, newest first */
} band;

struct audio_g722 {
    audio_io *io;
    int bits;
    band low, high;
    uint8_t bytes[BLOCK];
    size_t n_octets, at;                                         /* of the block, and the next sample of it to give */
    int32_t sum[TAPS - 1 + BLOCK], difference[TAPS - 1 + BLOCK]; /* after those of the block before */
    float samples[2 * BLOCK];
};

/* Tables 14 to 21 of the recommendation: inverse quantizers by codeword, and steps of the scale factors. */
static const int16_t inverse_6[64] = {
    -136,  -136,  -136,  -136,  -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232,
    -9360, -8576, -7856, -7192, -6576,  -6000,  -5456,  -4944,  -4464,  -4008,  -3576,  -3168,  -2776,
    -2400, -2032, -1688, -1360, -1040,  -728,   24808,  21904,  19008,  16704,  14984,  13512,  12280,
    11192, 10232, 9360,  8576,  7856,   7192,   6576,   6000,   5456,   4944,   4464,   4008,   3576,
    3168,  2776,  2400,  2032,  1688,   1360,   1040,   728,    432,    136,    -432,   -136};
static const int16_t inverse_5[32] = {-280,  -280,  -23352, -17560, -14120, -11664, -9752, -8184, -6864, -5712, -4696,
                                      -3784, -2960, -2208,  -1520,  -880,   23352,  17560, 14120, 11664, 9752,  8184,
                                      6864,  5712,  4696,   3784,   2960,   2208,   1520,  880,   280,   -280};
static const int16_t inverse_4[16] = {0,     -20456, -12896, -8968, -6288, -4240, -2584, -1200,
                                      20456, 12896,  8968,   6288,  4240,  2584,  1200,  0};
static const int16_t inverse_2[4] = {-7408, -1616, 7408, 1616};
static const int16_t low_steps[16] = {-60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60};
static const int16_t high_steps[4] = {798, -214, 798, -214};
static const int16_t powers[32] = {2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543,
                                   2599, 2656, 2714, 2774, 2834, 2896, 2960, 3025, 3091, 3158, 3228,
                                   3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008};
static const int16_t mirror[TAPS] = {3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11};

static int32_t clamp(int32_t x, int32_t low, int32_t high) { return x < low ? low : x > high ? high : x; }

static int32_t fit(int32_t x) { return clamp(x, -32768, 32767); }

static int32_t multiply(int32_t a, int32_t b) { return (a * b) >> 15; }

/* UPPOL2, UPPOL1: the poles from the signs of the last partial reconstructions. */
static void adapt_poles(band *s, int32_t p)
{
    int same1 = (p < 0) == (s->p[0] < 0), same2 = (p < 0) == (s->p[1] < 0);
    int32_t turn = fit(4 * s->a[0]);
    turn = same1 ? fit(-turn) : turn;
    int32_t a2 = clamp((turn >> 7) + (same2 ? 128 : -128) + multiply(s->a[1], 32512), -12288, 12288);
    int32_t most = 15360 - a2, a1 = (same1 ? 192 : -192) + multiply(s->a[0], 32640);
    s->a[0] = clamp(a1, -most, most);
    s->a[1] = a2;
}

/* UPZERO, DELAYA */
static void adapt_zeros(band *s, int32_t d)
{
    for (int i = 0; i < ZEROS; i++) {
        int32_t step = d == 0 ? 0 : (d < 0) == (s->d[i] < 0) ? 128 : -128;
        s->b[i] = step + multiply(s->b[i], 32640); /* cannot leave 16 bits */
    }
    memmove(s->d + 1, s->d, (ZEROS - 1) * sizeof *s->d);
    s->d[0] = fit(2 * d);
}

/* Block 4: the prediction of the next sample, given the quantized difference of this one. */
static void predict(band *s, int32_t d)
{
    int32_t p = fit(s->zeros + d), r = fit(s->signal + d), poles = 0;
    adapt_poles(s, p);
    adapt_zeros(s, d);
    s->p[1] = s->p[0];
    s->p[0] = p;
    s->r[1] = s->r[0];
    s->r[0] = fit(2 * r);
    for (int i = 0; i < POLES; i++) poles += multiply(s->a[i], s->r[i]);
    s->zeros = 0;
    for (int i = ZEROS - 1; i >= 0; i--) s->zeros = fit(s->zeros + multiply(s->b[i], s->d[i]));
    s->signal = fit(fit(poles) + s->zeros);
}

/* LOGSCL and SCALEL, LOGSCH and SCALEH */
static void rescale(band *s, int32_t step, int32_t most, int shift)
{
    s->log_scale = clamp(multiply(s->log_scale, 32512) + step, 0, most);
    int32_t power = powers[(s->log_scale >> 6) & 31], down = shift - (s->log_scale >> 11);
    s->scale = 4 * (down < 0 ? 2 * power : power >> down);
}

static int32_t decode_low(band *s, int code, int bits)
{
    int32_t quantum = bits == 8 ? inverse_6[code] : bits == 7 ? inverse_5[code >> 1] : inverse_4[code >> 2];
    int32_t out = clamp(s->signal + multiply(s->scale, quantum), -BAND_LIMIT, BAND_LIMIT - 1);
    int32_t d = multiply(s->scale, inverse_4[code >> 2]);
    rescale(s, low_steps[code >> 2], 18432, 8);
    predict(s, d);
    return out;
}

static int32_t decode_high(band *s, int code)
{
    int32_t d = multiply(s->scale, inverse_2[code]), out = clamp(s->signal + d, -BAND_LIMIT, BAND_LIMIT - 1);
    rescale(s, high_steps[code], 22528, 10);
    predict(s, d);
    return out;
}

/* The next octets to samples. The mirror filter runs over sums and differences of the bands, in two rows. */
static int decode_block(audio_g722 *g)
{
    size_t n = audio_io_read(g->io, g->bytes, BLOCK);
    memmove(g->sum, g->sum + g->n_octets, (TAPS - 1) * sizeof *g->sum);
    memmove(g->difference, g->difference + g->n_octets, (TAPS - 1) * sizeof *g->difference);
    for (size_t i = 0; i < n; i++) {
        int32_t low = decode_low(&g->low, g->bytes[i] & 63, g->bits), high = decode_high(&g->high, g->bytes[i] >> 6);
        g->sum[TAPS - 1 + i] = low + high;
        g->difference[TAPS - 1 + i] = low - high;
    }
    for (size_t i = 0; i < n; i++) {
        int32_t first = 0, second = 0;
        for (size_t t = 0; t < TAPS; t++) {
            first += g->difference[i + t] * mirror[TAPS - 1 - t];
            second += g->sum[i + t] * mirror[t];
        }
        g->samples[2 * i] = (float)fit(first >> 11) / 32768;
        g->samples[2 * i + 1] = (float)fit(second >> 11) / 32768;
    }
    g->n_octets = n;
    g->at = 0;
    return g->io->status;
}

int audio_g722_open(audio_g722 **out, audio_io *io, const byte_source *sound, int bits)
{
    int rc = OK;
    TRY(MEM_ALLOC(*out, 1));
    audio_io_start(io, sound);
    (*out)->io = io;
    (*out)->bits = bits;
    (*out)->low.scale = 32;
    (*out)->high.scale = 8;
done:
    return rc;
}

void audio_g722_close(audio_g722 **g) { mem_free(g); }

int audio_g722_read(audio_g722 *g, float *samples, size_t n, size_t *got)
{
    int rc = OK;
    *got = 0;
    while (*got < n) {
        if (g->at == 2 * g->n_octets) TRY(decode_block(g));
        size_t left = 2 * g->n_octets - g->at, m = left < n - *got ? left : n - *got;
        if (m == 0) break;
        memcpy(samples + *got, g->samples + g->at, m * sizeof *samples);
        g->at += m;
        *got += m;
    }
done:
    return rc;
}
