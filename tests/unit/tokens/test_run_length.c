#include "base/rng.h"
#include "base/status.h"
#include "tokens/run_length.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void runs_become_one_id_and_a_duration(void **state)
{
    (void)state;
    uint32_t ids[] = {7, 7, 7, 2, 9, 9, 7}, durations[7];
    const uint32_t reduced[] = {7, 2, 9, 7}, lengths[] = {3, 1, 2, 1};
    assert_int_equal(run_length_reduce(ids, 7, durations), 4);
    assert_memory_equal(ids, reduced, sizeof reduced);
    assert_memory_equal(durations, lengths, sizeof lengths);
    assert_int_equal(run_length_reduce(ids, 0, durations), 0);
}

static void expanding_gives_the_ids_back(void **state)
{
    (void)state;
    enum { N = 1000 };
    uint32_t before[N], ids[N], durations[N], after[N];
    for (uint64_t seed = 0; seed < 20; seed++) {
        size_t total, n;
        for (uint64_t i = 0; i < N; i++) before[i] = (uint32_t)(rng_bits(seed, i, 0) % (1 + seed));
        memcpy(ids, before, sizeof ids);
        n = run_length_reduce(ids, N, durations);
        for (size_t i = 1; i < n; i++) assert_int_not_equal(ids[i - 1], ids[i]);
        assert_int_equal(run_length_total(durations, n, &total), OK);
        assert_int_equal(total, N);
        run_length_expand(ids, durations, n, after);
        assert_memory_equal(before, after, sizeof before);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_become_one_id_and_a_duration),
        cmocka_unit_test(expanding_gives_the_ids_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
