/* Power of four frames at once: FFTW's numbers, and the same bits on every instruction set and beside any other frame.
 */
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "feature/fft.h"
#include "feature/fft_lanes.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static _Alignas(64) double x[FFT_SIZE * FFT_LANES], in[FFT_SIZE * FFT_LANES];
static _Alignas(64) double power[FFT_BINS * FFT_LANES], other[FFT_BINS * FFT_LANES];
static fft_table table;

static void make(uint64_t seed)
{
    for (uint64_t i = 0; i < FFT_SIZE * FFT_LANES; i++) x[i] = rng_uniform(seed, i, 0) - 0.5;
}

static void run(const fft_lanes *f, double *out)
{
    memcpy(in, x, sizeof in);
    f->power(&table, in, out);
}

static void equals_fftw(void **state)
{
    (void)state;
    fft *f;
    assert_int_equal(fft_create(&f, FFT_SIZE), OK);
    for (uint64_t seed = 0; seed < 20; seed++) {
        make(seed);
        run(fft_lanes_best(), power);
        for (size_t l = 0; l < FFT_LANES; l++) {
            for (size_t i = 0; i < FFT_SIZE; i++) fft_input(f)[i] = x[i * FFT_LANES + l];
            const double *bins = fft_run(f);
            for (size_t k = 0; k < FFT_BINS; k++) {
                double want = bins[2 * k] * bins[2 * k] + bins[2 * k + 1] * bins[2 * k + 1];
                if (fabs(power[k * FFT_LANES + l] - want) > 1e-13 * (want + 1))
                    fail_msg("bin %zu: %.17g, not %.17g", k, power[k * FFT_LANES + l], want);
            }
        }
    }
    fft_free(&f);
}

static void bits_depend_on_nothing_but_the_frame(void **state)
{
    (void)state;
    make(100);
    run(fft_lanes_best(), power);
    for (unsigned v = 0; fft_lanes_at(v); v++) {
        if (!isa_has(fft_lanes_at(v)->isa)) continue;
        run(fft_lanes_at(v), other);
        if (memcmp(power, other, sizeof power) != 0) fail_msg("%s differs", fft_lanes_at(v)->name);
    }
    for (size_t i = 0; i < FFT_SIZE; i++) { /* lane 0 moves to 3, the others are silent */
        double frame = x[i * FFT_LANES];
        memset(x + i * FFT_LANES, 0, FFT_LANES * sizeof *x);
        x[i * FFT_LANES + 3] = frame;
    }
    run(fft_lanes_best(), other);
    for (size_t k = 0; k < FFT_BINS; k++) assert_true(other[k * FFT_LANES + 3] == power[k * FFT_LANES]);
}

int main(void)
{
    fft_table_fill(&table);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_fftw),
        cmocka_unit_test(bits_depend_on_nothing_but_the_frame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
