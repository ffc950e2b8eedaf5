#include "codebook/unit_length.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { D = 131 };

static void fill(float *x)
{
    for (int i = 0; i < D; i++) x[i] = (float)((i * 7919 + 13) % 1009) / 64 - 7;
}

static double length_of(const float *x, int64_t d)
{
    long double sum = 0;
    for (int64_t i = 0; i < d; i++) sum += (long double)x[i] * x[i];
    return (double)sqrtl(sum);
}

static void the_length_becomes_one(void **state)
{
    (void)state;
    float x[D], y[D];
    for (int64_t d = 1; d <= D; d++) {
        fill(x);
        double length = length_of(x, d);
        unit_length(x, d, y);
        assert_true(fabs(length_of(y, d) - 1) < 1e-6);
        for (int64_t i = 0; i < d; i++) assert_true(fabs(y[i] * length - x[i]) <= 1e-6 * fabs(x[i]));
        unit_length(x, d, x); /* in place */
        assert_memory_equal(x, y, (size_t)d * sizeof *x);
    }
}

/* A power of two changes the exponents alone. */
static void scaled_copies_become_the_same(void **state)
{
    (void)state;
    float x[D], y[D], z[D];
    fill(x);
    unit_length(x, D, y);
    for (int e = -40; e <= 40; e += 8) {
        for (int i = 0; i < D; i++) z[i] = ldexpf(x[i], e);
        unit_length(z, D, z);
        assert_memory_equal(z, y, sizeof y);
    }
}

static void extremes_do_no_harm(void **state)
{
    (void)state;
    float zero[3] = {0, -0.0f, 0}, large[3] = {FLT_MAX, FLT_MAX, 0}, small[2] = {0, -1e-45f};
    unit_length(zero, 3, zero);
    for (int i = 0; i < 3; i++) assert_true(zero[i] == 0);
    unit_length(large, 3, large);
    assert_true(fabsf(large[0] - sqrtf(0.5f)) < 1e-6f && large[2] == 0);
    unit_length(small, 2, small);
    assert_true(small[0] == 0 && small[1] == -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_length_becomes_one),
        cmocka_unit_test(scaled_copies_become_the_same),
        cmocka_unit_test(extremes_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
