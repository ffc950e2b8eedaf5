#include "feature/resample.h"

#include "base/memory.h"
#include "base/status.h"
#include "feature/resample_dot.h"

#include <math.h>
#include <string.h>

/* With o, n the rates divided by their greatest common divisor, phase j of n gives outputs q n + j:
 *     y[q n + j] = sum over i of h_j[i] x[q o + i],  h_j[i] = sinc(t) cos^2(pi t / 12) base / o,
 *     t = (i/o - j/n) base,  base = 0.99 min(o, n),  |t| < 6  (zero outside).
 * Source: pytorch/audio src/torchaudio/functional/functional.py, _get_sinc_resample_kernel. Of each phase only the taps
 * inside the window are kept, followed by zeros up to a multiple of the lanes. */
enum { LANES = DOT_LANES, BLOCK = 4096, SLACK = 2 * LANES, WIDTH = 6, MAX_TAPS_TABLE = 1 << 24 };
static const long double ROLLOFF = 0.99L;

struct resampler {
    int64_t o, n;    /* reduced rates */
    size_t taps;     /* per phase, a multiple of LANES */
    float *h;        /* (n, taps) */
    int32_t *begins; /* (n): input frame of a phase's first tap, relative to q o */
    int32_t *ends;   /* (n): the frame behind the last one inside the window */

    const resample_dot *dot;
    int64_t next;        /* output frame to give next */
    float *x;            /* (taps + BLOCK + SLACK): input frames from x_first on */
    int64_t x_first;     /* may be negative: zeros before the signal */
    size_t x_n;          /* frames in x */
    int64_t first_input; /* of the signal, that the caller pushes first */
    int64_t n_input;     /* first_input + frames pushed */
};

static int64_t greatest_divisor(int64_t a, int64_t b)
{
    while (b) {
        int64_t r = a % b;
        a = b;
        b = r;
    }
    return a;
}

/* Half the window, in input frames: 6 o / base. */
static long double half_width(int64_t o, int64_t n) { return WIDTH * (long double)o / ((o < n ? o : n) * ROLLOFF); }

/* First input frame inside the window of phase j, relative to q o. */
static int64_t first_tap(int64_t o, int64_t n, int64_t j)
{
    return (int64_t)floorl((long double)(j * o) / n - half_width(o, n)) + 1;
}

static int64_t end_tap(int64_t o, int64_t n, int64_t j)
{
    return (int64_t)ceill((long double)(j * o) / n + half_width(o, n));
}

/* Angles of the sine (pi t) and of the window (pi t / 12), each as sine and cosine. */
typedef struct angles {
    long double s, c, window_s, window_c;
} angles;

static angles angles_of(long double t)
{
    const long double fast = 3.14159265358979323846264338327950288L * t, slow = fast / (2 * WIDTH);
    return (angles){sinl(fast), cosl(fast), sinl(slow), cosl(slow)};
}

static angles rotate(angles a, angles by)
{
    return (angles){a.s * by.c + a.c * by.s, a.c * by.c - a.s * by.s,
                    a.window_s * by.window_c + a.window_c * by.window_s,
                    a.window_c * by.window_c - a.window_s * by.window_s};
}

/* The taps of phase j. From tap to tap the angles are rotated: many times faster than sines, and it loses less than
 * 1e-16 over the longest window. */
static void fill_phase(const resampler *r, int64_t j, angles step, float *h)
{
    const long double pi = 3.14159265358979323846264338327950288L;
    const long double base = (r->o < r->n ? r->o : r->n) * ROLLOFF, per_input = base / r->o;
    int64_t n = r->ends[j] - r->begins[j], at = r->begins[j] * r->n - j * r->o; /* of the tap, in 1 / (o n) */
    angles a = angles_of((long double)at / ((long double)r->o * r->n) * base);
    for (int64_t k = 0; k < n; k++, at += r->n, a = rotate(a, step)) {
        long double t = (long double)at / ((long double)r->o * r->n) * base;
        h[k] = (float)((at == 0 ? 1 : a.s / (pi * t)) * a.window_c * a.window_c * per_input);
    }
}

static int make_tables(resampler *r)
{
    int rc = OK;
    size_t n_taps;
    r->taps = ((size_t)ceill(2 * half_width(r->o, r->n)) + LANES - 1) / LANES * LANES;
    TRY(size_mul((size_t)r->n, r->taps, &n_taps));
    if (n_taps > MAX_TAPS_TABLE)
        FAIL(ERR_LIMIT, "resampling by %lld/%lld needs %zu taps", (long long)r->n, (long long)r->o, n_taps);
    TRY(MEM_ALLOC(r->h, n_taps));
    TRY(MEM_ALLOC(r->begins, (size_t)r->n));
    TRY(MEM_ALLOC(r->ends, (size_t)r->n));
    TRY(MEM_ALLOC(r->x, r->taps + BLOCK + SLACK));
    const angles step = angles_of((r->o < r->n ? r->o : r->n) * ROLLOFF / r->o);
    for (int64_t j = 0; j < r->n; j++) {
        r->begins[j] = (int32_t)first_tap(r->o, r->n, j);
        r->ends[j] = (int32_t)end_tap(r->o, r->n, j);
        fill_phase(r, j, step, r->h + (size_t)j * r->taps);
    }
done:
    return rc;
}

static int check_rate(int64_t hz)
{
    int rc = OK;
    if (hz < RESAMPLE_MIN_HZ || hz > RESAMPLE_MAX_HZ)
        FAIL(ERR_UNSUPPORTED, "sample rate %lld Hz is not between %d and %d", (long long)hz, RESAMPLE_MIN_HZ,
             RESAMPLE_MAX_HZ);
done:
    return rc;
}

int resampler_create(resampler **out, int64_t from_hz, int64_t to_hz, int64_t first_output)
{
    int rc = OK;
    resampler *r = NULL;
    *out = NULL;
    TRY(check_rate(from_hz));
    TRY(check_rate(to_hz));
    TRY(MEM_ALLOC(r, 1));
    int64_t g = greatest_divisor(from_hz, to_hz);
    r->o = from_hz / g;
    r->n = to_hz / g;
    r->dot = resample_dot_best();
    if (r->o != r->n) TRY(make_tables(r));
    resampler_restart(r, first_output);
    *out = r;
    r = NULL;
done:
    resampler_free(&r);
    return rc;
}

void resampler_free(resampler **r)
{
    if (!*r) return;
    mem_free(&(*r)->h);
    mem_free(&(*r)->begins);
    mem_free(&(*r)->ends);
    mem_free(&(*r)->x);
    mem_free(r);
}

/* Input frame of the first tap of an output frame. */
static int64_t window_begin(const resampler *r, int64_t output)
{
    return output / r->n * r->o + r->begins[output % r->n];
}

void resampler_restart(resampler *r, int64_t first_output)
{
    r->next = first_output;
    r->x_n = 0;
    if (r->o == r->n) {
        r->first_input = r->n_input = first_output;
        return;
    }
    r->x_first = window_begin(r, first_output);
    if (r->x_first < 0) {
        r->x_n = (size_t)-r->x_first;
        memset(r->x, 0, r->x_n * sizeof *r->x);
    }
    r->first_input = r->n_input = r->x_first > 0 ? r->x_first : 0;
}

int64_t resampler_first_input(const resampler *r) { return r->first_input; }

size_t resampler_capacity(const resampler *r, size_t n)
{
    if (r->o == r->n) return n;
    /* Up to the frames in hand and the new ones, all could be complete; the end completes at most one window more. */
    uint64_t frames = (uint64_t)r->x_n + n + r->taps;
    return (size_t)(frames / (uint64_t)r->o * (uint64_t)r->n +
                    frames % (uint64_t)r->o * (uint64_t)r->n / (uint64_t)r->o + 2);
}

/* Where the next output is: frames of x before the window of phase 0, and the phase. */
typedef struct place {
    int64_t base, phase;
} place;

/* Take the next DOT_OUTPUTS outputs in hand: their filters and windows. Gives the end of the last window, in frames of
 * x; no other ends later. */
static int64_t gather(const resampler *r, place *p, const float **h, const float **x)
{
    int64_t end = 0;
    for (int i = 0; i < DOT_OUTPUTS; i++) {
        h[i] = r->h + (size_t)p->phase * r->taps;
        x[i] = r->x + p->base + r->begins[p->phase];
        end = p->base + r->ends[p->phase];
        if (++p->phase == r->n) {
            p->phase = 0;
            p->base += r->o;
        }
    }
    return end;
}

/* One output, if its window is in x. */
static int give_one(resampler *r, place *p, int64_t have, float *out)
{
    const float *h[DOT_OUTPUTS], *x[DOT_OUTPUTS];
    float sums[DOT_OUTPUTS];
    if (p->base + r->ends[p->phase] > have) return 0;
    for (int i = 0; i < DOT_OUTPUTS; i++) {
        h[i] = r->h + (size_t)p->phase * r->taps;
        x[i] = r->x + p->base + r->begins[p->phase];
    }
    r->dot->run(h, x, r->taps, sums);
    *out = sums[0];
    if (++p->phase == r->n) {
        p->phase = 0;
        p->base += r->o;
    }
    return 1;
}

/* Give every output before `end` whose window is in x; then drop the frames that no later window needs. */
static size_t give_complete(resampler *r, int64_t end, float *out)
{
    /* Behind the window's end there are only zero taps, but what they meet must be finite. */
    memset(r->x + r->x_n, 0, SLACK * sizeof *r->x);
    const float *h[DOT_OUTPUTS], *x[DOT_OUTPUTS];
    int64_t have = (int64_t)r->x_n, n = 0, most = end - r->next;
    place at = {r->next / r->n * r->o - r->x_first, r->next % r->n}, ahead = at;
    while (n + DOT_OUTPUTS <= most && gather(r, &ahead, h, x) <= have) {
        r->dot->run(h, x, r->taps, out + n);
        n += DOT_OUTPUTS;
        at = ahead;
    }
    while (n < most && give_one(r, &at, have, out + n)) n++;
    r->next += n;
    int64_t begin = at.base + r->begins[at.phase], drop = begin < have ? begin : have;
    memmove(r->x, r->x + drop, (r->x_n - (size_t)drop) * sizeof *r->x);
    r->x_n -= (size_t)drop;
    r->x_first += drop;
    return (size_t)n;
}

/* Append n frames (NULL: zeros) block by block. */
static void take(resampler *r, const float *in, size_t n, int64_t end, float *out, size_t *n_out)
{
    while (n > 0) {
        size_t room = r->taps + BLOCK - r->x_n, m = n < room ? n : room;
        if (in)
            memcpy(r->x + r->x_n, in, m * sizeof *in);
        else
            memset(r->x + r->x_n, 0, m * sizeof *r->x);
        r->x_n += m;
        n -= m;
        if (in) in += m;
        *n_out += give_complete(r, end, out + *n_out);
    }
}

int resampler_push(resampler *r, const float *in, size_t n, float *out, size_t capacity, size_t *n_out)
{
    int rc = OK;
    *n_out = 0;
    if (capacity < resampler_capacity(r, n)) FAIL(ERR_INTERNAL, "room for %zu resampled frames", capacity);
    r->n_input += (int64_t)n;
    if (r->o != r->n) {
        take(r, in, n, INT64_MAX, out, n_out);
        goto done;
    }
    if (n > 0) memcpy(out, in, n * sizeof *in);
    r->next += (int64_t)n;
    *n_out = n;
done:
    return rc;
}

int resampler_finish(resampler *r, float *out, size_t capacity, size_t *n_out)
{
    int rc = OK;
    *n_out = 0;
    if (r->o == r->n) goto done;
    if (capacity < resampler_capacity(r, 0)) FAIL(ERR_INTERNAL, "room for %zu resampled frames", capacity);
    int64_t end = resampler_output_frames(r->o, r->n, r->n_input);
    take(r, NULL, r->taps, end, out, n_out);
done:
    return rc;
}

int64_t resampler_output_frames(int64_t from_hz, int64_t to_hz, int64_t n_input)
{
    int64_t g = greatest_divisor(from_hz, to_hz), o = from_hz / g, n = to_hz / g;
    return n_input / o * n + (n_input % o * n + o - 1) / o;
}

int64_t resampler_input_frames(int64_t from_hz, int64_t to_hz, int64_t n_output)
{
    int64_t g = greatest_divisor(from_hz, to_hz), o = from_hz / g, n = to_hz / g, last = n_output - 1;
    if (o == n || n_output <= 0) return n_output > 0 ? n_output : 0;
    return last / n * o + end_tap(o, n, last % n);
}
