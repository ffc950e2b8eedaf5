#include "tensor/half.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { INFINITE = 0x7c00 };

/* Value of a finite half by its definition. */
static double value_of(uint16_t h)
{
    int exponent = h >> 10 & 31, fraction = h & 1023;
    double magnitude = exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);
    return h & 0x8000 ? -magnitude : magnitude;
}

static void every_half_has_its_value_and_comes_back(void **state)
{
    (void)state;
    for (unsigned h = 0; h < 0x10000; h++) {
        float x = half_to_float((uint16_t)h);
        if ((h & 0x7c00) != INFINITE) {
            assert_true((double)x == value_of((uint16_t)h));
            assert_int_equal(signbit(x) != 0, h >> 15);
            assert_int_equal(half_from_float(x), h);
        } else if (h & 1023) {
            assert_true(isnan(x));
            assert_true(isnan(half_to_float(half_from_float(x))));
        } else {
            assert_true(x == (h & 0x8000 ? -INFINITY : INFINITY));
            assert_int_equal(half_from_float(x), h);
        }
    }
}

static void numbers_between_halves_round_to_the_nearest_even(void **state)
{
    (void)state;
    for (unsigned h = 0; h < INFINITE; h++) {
        double low = value_of((uint16_t)h), high = h + 1 < INFINITE ? value_of((uint16_t)(h + 1)) : 65536;
        float middle = (float)((low + high) / 2); /* exact: one bit more than a half */
        unsigned even = h & 1 ? h + 1 : h;
        assert_int_equal(half_from_float(middle), even);
        assert_int_equal(half_from_float(nextafterf(middle, 0)), h);
        assert_int_equal(half_from_float(nextafterf(middle, INFINITY)), h + 1);
        assert_int_equal(half_from_float(-middle), even | 0x8000);
        assert_int_equal(half_from_float(-nextafterf(middle, 0)), h | 0x8000);
    }
    assert_int_equal(half_from_float(1e-40f), 0);
    assert_int_equal(half_from_float(-1e-40f), 0x8000);
    assert_int_equal(half_from_float(3e38f), INFINITE);
    assert_int_equal(half_from_float(65536), INFINITE);
}

static void arrays_convert_like_single_numbers(void **state)
{
    (void)state;
    enum { N = 1003 };
    static float x[N];
    static uint16_t h[N];
    for (int i = 0; i < N; i++) x[i] = ldexpf((float)(i % 37) - 18.3f, i % 50 - 30);
    half_from_floats(x, N, h);
    for (int i = 0; i < N; i++) assert_int_equal(h[i], half_from_float(x[i]));
    half_to_floats(h, N, x);
    for (int i = 0; i < N; i++) assert_true(x[i] == half_to_float(h[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_half_has_its_value_and_comes_back),
        cmocka_unit_test(numbers_between_halves_round_to_the_nearest_even),
        cmocka_unit_test(arrays_convert_like_single_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
