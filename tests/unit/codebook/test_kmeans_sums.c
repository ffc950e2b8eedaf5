#include "codebook/kmeans_sums.h"

#include "base/rng.h"
#include "base/status.h"
#include "tensor/half.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int is_finite_half(uint16_t h) { return (h & 0x7c00) != 0x7c00; }

/* Every half once, as one cluster of one value each pass: the limbs hold its multiple of 2^-24. */
static void every_half_is_counted_exactly(void **state)
{
    (void)state;
    kmeans_sums s;
    assert_int_equal(kmeans_sums_create(&s, 1, 1, 0), OK);
    for (unsigned h = 0; h < 0x10000; h++) {
        float x = half_to_float((uint16_t)h);
        if (!is_finite_half((uint16_t)h)) continue;
        kmeans_sums_clear(&s);
        kmeans_sums_add(&s, 0, &x);
        assert_true((double)s.low[0] == ldexp(x, 24));
        assert_int_equal(s.counts[0], 1);
        kmeans_sums_subtract(&s, 0, &x);
        assert_true(s.low[0] == 0 && s.high[0] == 0 && s.counts[0] == 0);
    }
    kmeans_sums_free(&s);
}

static void sums_and_means_are_exact(void **state)
{
    (void)state;
    enum { N = 5000, K = 3, D = 21 };
    static __int128 want[K][D];
    int64_t counts[K] = {0};
    kmeans_sums s;
    assert_int_equal(kmeans_sums_create(&s, K, D, 2), OK);
    for (int i = 0; i < N; i++) {
        float x[D], mean[D];
        int c = (int)(rng_bits(1, (uint64_t)i, 0) % K);
        for (int w = 0; w < D; w++) {
            uint16_t h = (uint16_t)rng_bits(2, (uint64_t)i, (uint64_t)w);
            x[w] = is_finite_half(h) ? half_to_float(h) : 65504;
            want[c][w] += (int64_t)ldexp(x[w], 24);
        }
        counts[c]++;
        kmeans_sums_add(&s, c, x);
        if (i == N / 2) kmeans_sums_subtract(&s, c, x), kmeans_sums_add(&s, c, x); /* limbs carried in between */
        if (i % 500) continue;
        kmeans_sums_mean(&s, c, mean);
        for (int w = 0; w < D; w++) assert_true(mean[w] == (float)((double)want[c][w] / (double)counts[c] / 0x1p24));
    }
    for (int c = 0; c < K; c++)
        for (int w = 0; w < D; w++) assert_true((__int128)s.high[c * D + w] * 1048576 + s.low[c * D + w] == want[c][w]);
    assert_memory_equal(s.counts, counts, sizeof counts);
    kmeans_sums_free(&s);
}

/* More vectors than the low limb holds of the largest half. */
static void the_low_limb_does_not_overflow(void **state)
{
    (void)state;
    const int64_t n = 9000000;
    const float x[2] = {65504, -65504};
    float mean[2];
    kmeans_sums s;
    assert_int_equal(kmeans_sums_create(&s, 1, 2, 0), OK);
    for (int64_t i = 0; i < n; i++) kmeans_sums_add(&s, 0, x);
    kmeans_sums_mean(&s, 0, mean);
    assert_true(mean[0] == 65504 && mean[1] == -65504);
    kmeans_sums_free(&s);
}

static void limbs_add_up(void **state)
{
    (void)state;
    __int128 sum = 0;
    int64_t limbs[KMEANS_LIMBS] = {0}, part[KMEANS_LIMBS];
    for (uint64_t i = 0; i < 1000; i++) {
        __int128 value = (__int128)(rng_bits(7, i, 0) >> 2) * (int64_t)(rng_bits(7, i, 1) >> 12);
        if (i % 3 == 0) value = -value;
        kmeans_split(value, part);
        assert_true(kmeans_join(part) == value);
        for (int l = 0; l < KMEANS_LIMBS; l++) limbs[l] += part[l];
        sum += value;
    }
    assert_true(kmeans_join(limbs) == sum);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_half_is_counted_exactly),
        cmocka_unit_test(sums_and_means_are_exact),
        cmocka_unit_test(the_low_limb_does_not_overflow),
        cmocka_unit_test(limbs_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
