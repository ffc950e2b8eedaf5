#include "base/rng.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void permutation_visits_each_once(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {1, 2, 3, 7, 64, 1000};
    unsigned char seen[1000];
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        memset(seen, 0, sizeof seen);
        for (uint64_t i = 0; i < sizes[s]; i++) {
            uint64_t p = rng_permute(42, i, sizes[s]);
            assert_true(p < sizes[s]);
            assert_int_equal(seen[p]++, 0);
            assert_int_equal(rng_unpermute(42, p, sizes[s]), i);
        }
    }
}

static void permutation_depends_on_the_seed(void **state)
{
    (void)state;
    int same = 0;
    for (uint64_t i = 0; i < 1000; i++) same += rng_permute(1, i, 1000) == rng_permute(2, i, 1000);
    assert_true(same < 20);
}

static void uniform_fills_the_unit_interval(void **state)
{
    (void)state;
    double sum = 0;
    for (uint64_t i = 0; i < 10000; i++) {
        double u = rng_uniform(3, i, 5);
        assert_true(u >= 0 && u < 1);
        sum += u;
    }
    assert_true(sum > 4850 && sum < 5150);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(permutation_visits_each_once),
        cmocka_unit_test(permutation_depends_on_the_seed),
        cmocka_unit_test(uniform_fills_the_unit_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
