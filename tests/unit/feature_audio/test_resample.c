#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "feature/resample.h"
#include "feature/resample_dot.h"
#include "golden.h"

#include <malloc.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Output frames from `first` on, with the input pushed in random blocks of up to `block` frames. Caller: mem_free. */
static float *resample(resampler *r, const float *in, size_t n, int64_t first, size_t block, uint64_t seed,
                       size_t *n_out)
{
    float *out, *piece = NULL;
    size_t capacity = 0, got, all = 0;
    assert_int_equal(MEM_ALLOC(out, 400000), OK);
    resampler_restart(r, first);
    assert_true(resampler_first_input(r) >= 0 && resampler_first_input(r) <= (int64_t)n);
    for (size_t at = (size_t)resampler_first_input(r); at <= n;) {
        size_t m = at == n ? 0 : 1 + (size_t)(rng_uniform(seed, at, 0) * (double)block);
        if (m > n - at) m = n - at;
        assert_int_equal(MEM_GROW(piece, &capacity, resampler_capacity(r, m)), OK);
        int rc = m ? resampler_push(r, in + at, m, piece, capacity, &got) : resampler_finish(r, piece, capacity, &got);
        assert_int_equal(rc, OK);
        assert_true(all + got <= 400000);
        memcpy(out + all, piece, got * sizeof *out);
        all += got;
        at += m ? m : 1;
    }
    mem_free(&piece);
    *n_out = all;
    return out;
}

static void equals_the_reference(void **state)
{
    (void)state;
    golden *g = golden_open(GOLDEN_DIR "/audio-resample/expect.safetensors");
    int cases = 0;
    double worst = 0;
    for (size_t i = 0; i < golden_count(g); i++) {
        long long from, to;
        char name[100];
        size_t n, n_want, n_out;
        resampler *r;
        if (sscanf(golden_at(g, i)->name, "%lld-%lld/inpu%*[t]", &from, &to) != 2) continue;
        snprintf(name, sizeof name, "%lld-%lld/input", from, to);
        if (strcmp(name, golden_at(g, i)->name) != 0) continue;
        const float *in = golden_f32(g, name, &n);
        snprintf(name, sizeof name, "%lld-%lld/output", from, to);
        const float *want = golden_f32(g, name, &n_want);
        assert_int_equal(resampler_create(&r, from, to, 0), OK);
        float *out = resample(r, in, n, 0, 1000, 1, &n_out);
        assert_int_equal(n_out, n_want);
        assert_int_equal(resampler_output_frames(from, to, (int64_t)n), n_want);
        double d = golden_max_difference(out, want, n_want);
        if (d > worst) worst = d;
        mem_free(&out);
        resampler_free(&r);
        cases++;
    }
    golden_close(g);
    assert_int_equal(cases, 8);
    if (worst > 1e-6) fail_msg("differs by %g", worst);
}

static void sine_gives_the_values_of_the_specification(void **state)
{
    (void)state;
    static const struct {
        int64_t from;
        float want[4];
    } cases[] = {
        {44100, {0.016247f, 0.169711f, 0.34002f, 0.49513f}},
        {48000, {0.016552f, 0.169705f, 0.34002f, 0.495132f}},
        {22050, {0.009909f, 0.170129f, 0.339885f, 0.495208f}},
        {8000, {0.000907f, 0.141744f, 0.337885f, 0.508851f}},
    };
    static float in[48000];
    for (size_t c = 0; c < 4; c++) {
        size_t n_out;
        resampler *r;
        for (int64_t i = 0; i < cases[c].from; i++)
            in[i] = (float)sin(2 * 3.14159265358979323846 * 440 * (double)i / (double)cases[c].from);
        assert_int_equal(resampler_create(&r, cases[c].from, 16000, 0), OK);
        float *out = resample(r, in, (size_t)cases[c].from, 0, 100000, 1, &n_out);
        assert_int_equal(n_out, 16000);
        assert_true(golden_max_difference(out, cases[c].want, 4) < 2e-6);
        mem_free(&out);
        resampler_free(&r);
    }
}

static const int64_t rates[][2] = {
    {44100, 16000}, {48000, 16000}, {8000, 16000},  {22050, 16000}, {11025, 16000}, {192000, 16000}, {4000, 16000},
    {16000, 44100}, {16000, 8000},  {12000, 16000}, {24000, 16000}, {32000, 16000}, {88200, 16000},  {176400, 16000},
    {11127, 16000}, {44056, 16000}, {47999, 16000}, {16000, 16000}, {16001, 16000}, {16000, 192000}, {96000, 16000},
};

static void blocks_and_starts_do_not_change_a_bit(void **state)
{
    (void)state;
    enum { N = 20011 };
    static float in[N];
    for (size_t i = 0; i < N; i++) in[i] = (float)(2 * rng_uniform(3, i, 0) - 1);
    for (size_t c = 0; c < sizeof rates / sizeof *rates; c++) {
        size_t n_whole, n_part;
        resampler *r;
        assert_int_equal(resampler_create(&r, rates[c][0], rates[c][1], 0), OK);
        float *whole = resample(r, in, N, 0, 1000000, 1, &n_whole);
        assert_int_equal(n_whole, resampler_output_frames(rates[c][0], rates[c][1], N));
        for (uint64_t t = 0; t < 6; t++) {
            static const size_t blocks[] = {3, 50, 700, 5000, 12000, 30000};
            int64_t first = t < 2 ? (int64_t)t : (int64_t)(rng_uniform(4, c, t) * (double)n_whole);
            float *part = resample(r, in, N, first, blocks[t], t, &n_part);
            assert_int_equal(n_part, (int64_t)n_whole - first);
            if (memcmp(part, whole + first, n_part * sizeof *part) != 0)
                fail_msg("%lld to %lld differs from frame %lld on", (long long)rates[c][0], (long long)rates[c][1],
                         (long long)first);
            mem_free(&part);
        }
        mem_free(&whole);
        resampler_free(&r);
    }
}

static void the_frames_that_an_output_needs_are_enough_and_no_more(void **state)
{
    (void)state;
    static float in[4000], out[60000];
    for (size_t c = 0; c < sizeof rates / sizeof *rates; c++) {
        size_t n_out;
        resampler *r;
        assert_int_equal(resampler_create(&r, rates[c][0], rates[c][1], 0), OK);
        for (int64_t n = 1; n < 50; n += 7) {
            int64_t need = resampler_input_frames(rates[c][0], rates[c][1], n);
            resampler_restart(r, 0);
            assert_int_equal(resampler_push(r, in, (size_t)need, out, 60000, &n_out), OK);
            assert_true((int64_t)n_out >= n);
            resampler_restart(r, 0);
            assert_int_equal(resampler_push(r, in, (size_t)need - 1, out, 60000, &n_out), OK);
            assert_true((int64_t)n_out < n);
        }
        resampler_free(&r);
    }
}

static void short_and_strange_input(void **state)
{
    (void)state;
    static const float one[1] = {1};
    size_t n_out;
    resampler *r;
    assert_int_equal(resampler_create(&r, 44100, 16000, 0), OK);
    float *out = resample(r, one, 1, 0, 1, 1, &n_out);
    assert_int_equal(n_out, 1);
    assert_true(out[0] > 0.3f && out[0] < 0.4f);
    mem_free(&out);
    out = resample(r, one, 0, 0, 1, 1, &n_out);
    assert_int_equal(n_out, 0);
    mem_free(&out);
    assert_int_equal(resampler_push(r, one, 1, NULL, 0, &n_out), ERR_INTERNAL);
    resampler_free(&r);
    assert_int_equal(resampler_create(&r, 0, 16000, 0), ERR_UNSUPPORTED);
    assert_null(r);
    assert_int_equal(resampler_create(&r, 16000, 2000000000, 0), ERR_UNSUPPORTED);
    assert_int_equal(resampler_create(&r, 15999, 16001, 0), OK);
    resampler_free(&r);
}

static void every_instruction_set_gives_the_same_bits(void **state)
{
    (void)state;
    enum { TAPS = 40 };
    static float h[4][TAPS], x[4][TAPS];
    const float *const hs[] = {h[0], h[1], h[2], h[3]}, *const xs[] = {x[0], x[1], x[2], x[3]};
    for (uint64_t t = 0; t < 1000; t++) {
        float want[4];
        for (uint64_t i = 0; i < 4; i++) {
            float s[8] = {0};
            for (uint64_t k = 0; k < TAPS; k++) {
                h[i][k] = (float)(rng_uniform(7, t * 4 + i, k) - 0.5);
                x[i][k] = (float)(rng_uniform(8, t * 4 + i, k) - 0.5);
                float product = h[i][k] * x[i][k];
                s[k % 8] += product;
            }
            want[i] = ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
        }
        for (size_t v = 0; resample_dot_at(v); v++) {
            float out[4];
            if (!isa_has(resample_dot_at(v)->isa)) continue;
            resample_dot_at(v)->run(hs, xs, TAPS, out);
            if (memcmp(out, want, sizeof out) != 0) fail_msg("%s differs", resample_dot_at(v)->name);
        }
    }
}

/* Output j of the formula in double, with all taps of the specification. */
static double formula(int64_t from, int64_t to, const float *in, int64_t n, int64_t at)
{
    const double pi = 3.14159265358979323846;
    int64_t g = from, m = to;
    while (m) {
        int64_t rest = g % m;
        g = m;
        m = rest;
    }
    int64_t o = from / g, p = to / g, q = at / p, j = at % p;
    double base = 0.99 * (double)(o < p ? o : p), sum = 0;
    int64_t width = (int64_t)ceil(6 * (double)o / base);
    for (int64_t i = -width; i < width + o; i++) {
        double t = ((double)i / (double)o - (double)j / (double)p) * base;
        int64_t x = q * o + i;
        if (fabs(t) >= 6 || x < 0 || x >= n) continue;
        double window = cos(pi * t / 12);
        sum += (t == 0 ? 1 : sin(pi * t) / (pi * t)) * window * window * base / (double)o * (double)in[x];
    }
    return sum;
}

static void every_rate_agrees_with_the_formula(void **state)
{
    (void)state;
    enum { N = 30000 };
    static const int64_t from[] = {4000,  8000,   11025,  12000, 16000, 22050, 24000, 32000, 44100, 48000, 88200,
                                   96000, 176400, 192000, 4001,  7919,  11127, 15999, 16001, 44056, 47999, 191999};
    static float in[N];
    for (size_t i = 0; i < N; i++) in[i] = (float)(2 * rng_uniform(5, i, 0) - 1);
    for (size_t c = 0; c < sizeof from / sizeof *from; c++) {
        resampler *r;
        size_t n_out;
        assert_int_equal(resampler_create(&r, from[c], 16000, 0), OK);
        float *out = resample(r, in, N, 0, 4000, 1, &n_out);
        assert_int_equal(n_out, (N * 16000 + from[c] - 1) / from[c]);
        for (size_t i = 0; i < 400; i++) {
            int64_t at = i < 40   ? (int64_t)i
                         : i < 80 ? (int64_t)n_out - 80 + (int64_t)i
                                  : (int64_t)(rng_uniform(6, c, i) * (double)n_out);
            double want = from[c] == 16000 ? (double)in[at] : formula(from[c], 16000, in, N, at);
            if (fabs((double)out[at] - want) > 2e-6)
                fail_msg("%lld Hz: output %lld is %g, not %g", (long long)from[c], (long long)at, (double)out[at],
                         want);
        }
        mem_free(&out);
        resampler_free(&r);
    }
}

/* A prime rate has a filter for each of 16000 phases, and nothing more than these. */
static void odd_rates_take_little_memory(void **state)
{
    (void)state;
    static const struct {
        int64_t hz;
        size_t most;
    } cases[] = {{44100, 70 << 10}, {11127, 2 << 20}, {44056, 1 << 20}, {47999, 4 << 20}, {191999, 12 << 20}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        resampler *r;
        size_t before = mallinfo2().uordblks + mallinfo2().hblkhd;
        assert_int_equal(resampler_create(&r, cases[i].hz, 16000, 0), OK);
        size_t taken = mallinfo2().uordblks + mallinfo2().hblkhd - before;
        if (taken > cases[i].most) fail_msg("%lld Hz: %zu bytes", (long long)cases[i].hz, taken);
        resampler_free(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_reference),
        cmocka_unit_test(sine_gives_the_values_of_the_specification),
        cmocka_unit_test(blocks_and_starts_do_not_change_a_bit),
        cmocka_unit_test(the_frames_that_an_output_needs_are_enough_and_no_more),
        cmocka_unit_test(short_and_strange_input),
        cmocka_unit_test(every_rate_agrees_with_the_formula),
        cmocka_unit_test(every_instruction_set_gives_the_same_bits),
        cmocka_unit_test(odd_rates_take_little_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
