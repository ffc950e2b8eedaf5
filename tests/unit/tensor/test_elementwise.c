#include "base/rng.h"
#include "base/status.h"
#include "tensor/elementwise.h"
#include "tensor/isa.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static double ulps(double got, long double want)
{
    int e;
    frexpl(want, &e);
    return (double)(fabsl((long double)got - want) / ldexpl(1, e - 53));
}

static void log_is_right_to_one_ulp(void **state)
{
    (void)state;
    double worst = 0;
    for (uint64_t i = 0; i < 200000; i++) {
        /* a third near 1, a third within a few powers of two, a third anywhere (subnormal numbers included) */
        double u = rng_uniform(7, i, 0), x;
        if (i % 3 == 0) x = 1 + (u - 0.5) * ldexp(1, -(int)(i % 40));
        if (i % 3 == 1) x = ldexp(0.5 + u, (int)(rng_uniform(7, i, 1) * 60) - 30);
        if (i % 3 == 2) x = ldexp(0.5 + u, (int)(rng_uniform(7, i, 1) * 2090) - 1070);
        double d = ulps(num_log(x), logl(x));
        if (d > worst) worst = d;
    }
    if (worst >= 1) fail_msg("%g ulp", worst);
    assert_true(num_log(1) == 0);
    assert_true(num_log(0) == -INFINITY);
    assert_true(num_log(INFINITY) == INFINITY);
    assert_true(isnan(num_log(-1)));
    assert_true(isnan(num_log(NAN)));
}

static void arrays_give_the_bits_of_single_numbers(void **state)
{
    (void)state;
    double x[300] = {0}, y[300];
    for (size_t n = 0; n <= 300; n += n < 5 ? 1 : 59) {
        for (size_t i = 0; i < n; i++) x[i] = 20 * rng_uniform(8, n, i);
        if (n > 200) x[150] = 0;
        num_log_each(x, y, n);
        for (size_t i = 0; i < n; i++) {
            double want = num_log(x[i]);
            assert_memory_equal(&y[i], &want, sizeof want);
        }
    }
}

/* x Phi(x) in double, without cancellation. */
static double gelu_by_libm(double x) { return 0.5 * x * erfc(-x / sqrt(2)); }

static void gelu_is_right(void **state)
{
    (void)state;
    double positive = 0, all = 0, relative = 0;
    for (int i = -400000; i <= 400000; i++) {
        /* half of them evenly in -12.2 .. 12.2, half of any magnitude */
        double u = i * 0x1p-15;
        float x = (float)(i % 2 ? u : copysign(ldexp(1 + fmod(fabs(u), 1), abs(i) % 200 - 100), u));
        double want = gelu_by_libm((double)x), off = fabs((double)num_gelu(x) - want);
        int e;
        frexp(want, &e);
        if (x > 0) positive = fmax(positive, off / ldexp(1, e - 24));
        if (x != 0) all = fmax(all, off / fabs((double)x));
        if (x > -5 && x != 0) relative = fmax(relative, off / fabs(want));
    }
    print_message("gelu: %.2f ulp above 0, %.2g of |x| at most, relative error above -5 %.2g\n", positive, all,
                  relative);
    if (positive >= 2) fail_msg("%g ulp above 0", positive);
    if (all >= 1e-7) fail_msg("an error of %g of |x|", all);
    if (relative >= 1e-5) fail_msg("a relative error of %g", relative);
    assert_true(num_gelu(0) == 0);
    assert_true(num_gelu(100) == 100);
    assert_true(num_gelu(-100) == 0);
    assert_true(num_gelu(INFINITY) == INFINITY);
    assert_true(num_gelu(-INFINITY) == 0);
    assert_true(isnan(num_gelu(NAN)));
}

static void gelu_of_arrays_has_the_bits_of_single_numbers(void **state)
{
    (void)state;
    enum { N = 5000 };
    static float x[N], y[N];
    for (int i = 0; i < N; i++) x[i] = (float)(16 * rng_uniform(9, (uint64_t)i, 0) - 8);
    x[3] = INFINITY, x[4] = -INFINITY, x[5] = -0.0f, x[6] = 0x1p-140f, x[7] = 6.2f, x[8] = -6.2f;
    for (enum isa isa = ISA_PLAIN; isa < N_ISAS; isa++) {
        if (!isa_has(isa)) continue;
        assert_int_equal(isa_force(isa_name(isa)), OK);
        for (size_t n = N; n > 0; n /= 3) {
            num_gelu_each(x, y, n);
            for (size_t i = 0; i < n; i++) {
                float want = num_gelu(x[i]);
                assert_memory_equal(&y[i], &want, sizeof want);
            }
        }
    }
    assert_int_equal(isa_force("auto"), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_is_right_to_one_ulp),
        cmocka_unit_test(arrays_give_the_bits_of_single_numbers),
        cmocka_unit_test(gelu_is_right),
        cmocka_unit_test(gelu_of_arrays_has_the_bits_of_single_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
