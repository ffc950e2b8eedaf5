#include "base/rng.h"
#include "tensor/elementwise.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_is_right_to_one_ulp),
        cmocka_unit_test(arrays_give_the_bits_of_single_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
