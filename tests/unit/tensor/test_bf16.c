#include "base/rng.h"
#include "base/status.h"
#include "tensor/bf16.h"
#include "tensor/isa.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static float float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, 4);
    return x;
}

static void every_bf16_goes_to_fp32_and_back(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 65536; h++) {
        float x = bf16_to_float((uint16_t)h);
        if ((h & 0x7fff) > 0x7f80) {
            assert_true(isnan(x) && isnan(bf16_to_float(bf16_from_float(x))));
            continue;
        }
        assert_true(x == float_of(h << 16));
        assert_int_equal(bf16_from_float(x), h);
    }
}

static void rounding_goes_to_the_nearest_and_halves_to_even(void **state)
{
    (void)state;
    for (uint32_t h = 0; h < 0x7f80; h++) { /* the numbers between h and its successor, in both signs */
        assert_int_equal(bf16_from_float(float_of(h << 16 | 1)), h);
        assert_int_equal(bf16_from_float(float_of(h << 16 | 0x7fff)), h);
        assert_int_equal(bf16_from_float(float_of(h << 16 | 0x8000)), h + (h & 1));
        assert_int_equal(bf16_from_float(float_of(h << 16 | 0x8001)), h + 1);
        assert_int_equal(bf16_from_float(float_of(0x80000000u | h << 16 | 0x8001)), 0x8000 | (h + 1));
    }
    assert_int_equal(bf16_from_float(3.4e38f), 0x7f80); /* beyond the greatest: infinity */
    assert_int_equal(bf16_from_float(-INFINITY), 0xff80);
    assert_true(isnan(bf16_to_float(bf16_from_float(float_of(0x7f800001)))));
    assert_true(isnan(bf16_to_float(bf16_from_float(float_of(0xffffffff)))));
}

static void arrays_give_the_bits_of_single_numbers(void **state)
{
    (void)state;
    enum { N = 1000 };
    static float x[N], back[N];
    static uint16_t h[N];
    for (uint32_t i = 0; i < N; i++) x[i] = float_of((uint32_t)rng_bits(3, i, 0));
    for (enum isa isa = ISA_PLAIN; isa < N_ISAS; isa++) {
        if (!isa_has(isa)) continue;
        assert_int_equal(isa_force(isa_name(isa)), OK);
        for (size_t n = N; n > 0; n /= 3) {
            memset(h, 0, sizeof h);
            bf16_from_floats(x, n, h);
            bf16_to_floats(h, n, back);
            for (size_t i = 0; i < n; i++) {
                float want = bf16_to_float(h[i]);
                assert_int_equal(h[i], bf16_from_float(x[i]));
                assert_memory_equal(&back[i], &want, sizeof want);
            }
            for (size_t i = n; i < N; i++) assert_int_equal(h[i], 0);
        }
    }
    assert_int_equal(isa_force("auto"), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bf16_goes_to_fp32_and_back),
        cmocka_unit_test(rounding_goes_to_the_nearest_and_halves_to_even),
        cmocka_unit_test(arrays_give_the_bits_of_single_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
