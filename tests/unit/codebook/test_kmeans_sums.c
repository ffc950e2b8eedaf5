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

static void create(kmeans_sums *s, int64_t k, int64_t d, int64_t n_vectors)
{
    assert_int_equal(kmeans_sums_create(s, k, d, 0x1p24, n_vectors), OK);
}

/* Every half once, as one cluster of one value each pass: the change holds its multiple of 2^-24. */
static void every_half_is_counted_exactly(void **state)
{
    (void)state;
    kmeans_sums s;
    create(&s, 1, 1, 10);
    for (unsigned h = 0; h < 0x10000; h++) {
        float x = half_to_float((uint16_t)h);
        if (!is_finite_half((uint16_t)h)) continue;
        kmeans_sums_add(&s, 0, &x, 1);
        assert_true((double)s.change[0] == ldexp(x, 24));
        assert_int_equal(s.change_counts[0], 1);
        kmeans_sums_add(&s, 0, &x, -1);
        assert_true(s.change[0] == 0 && s.change_counts[0] == 0);
    }
    kmeans_sums_free(&s);
}

/* fp32 values in units for their largest magnitude: off by at most 2^-40 of it each. */
static void floats_are_counted_to_40_bits(void **state)
{
    (void)state;
    const double largest[] = {1e-20, 0.3, 1, 1.5, 7e5, 3e30};
    for (size_t l = 0; l < sizeof largest / sizeof *largest; l++) {
        kmeans_sums s;
        double want = 0, units = kmeans_units_for(largest[l]);
        assert_true(largest[l] * units < 0x1p39 && largest[l] * units >= 0x1p38);
        assert_int_equal(kmeans_sums_create(&s, 1, 1, units, 100), OK);
        for (uint64_t i = 0; i < 100; i++) {
            float x = (float)(largest[l] * (2 * rng_uniform(3, i, l) - 1));
            want += (double)x;
            kmeans_sums_add(&s, 0, &x, 1);
        }
        assert_true(fabs((double)s.change[0] / units - want) <= 100 * largest[l] * (0x1p-40 + 0x1p-50));
        kmeans_sums_free(&s);
    }
}

/* Both widths, with weights; reduced on one rank in several steps. */
static void sums_and_means_are_exact(void **state)
{
    enum { N = 5000, K = 3, D = 21 };
    static __int128 want[K][D];
    par alone = **(par **)state;
    for (int wide = 0; wide < 2; wide++) {
        int64_t counts[K] = {0}, others[1] = {7};
        kmeans_sums s;
        memset(want, 0, sizeof want);
        create(&s, K, D, wide ? (int64_t)1 << 30 : N);
        assert_int_equal(s.wide, wide);
        for (int i = 0; i < N; i++) {
            float x[D], mean[D];
            int c = (int)(rng_bits(1, (uint64_t)i, 0) % K), weight = i % 7 == 0 ? 5 : 1;
            for (int w = 0; w < D; w++) {
                uint16_t h = (uint16_t)rng_bits(2, (uint64_t)i, (uint64_t)w);
                x[w] = is_finite_half(h) ? half_to_float(h) : 65504;
                want[c][w] += (int64_t)ldexp(x[w], 24) * weight;
            }
            counts[c] += weight;
            kmeans_sums_add(&s, c, x, weight);
            if (i == N / 2) kmeans_sums_add(&s, c, x, -1), kmeans_sums_add(&s, c, x, 1);
            if (i % 500) continue;
            kmeans_sums_reduce(&alone, NULL, &s, others, 1);
            assert_int_equal(others[0], 7);
            kmeans_sums_mean(&s, c, mean);
            for (int w = 0; w < D; w++)
                assert_true(mean[w] == (float)((double)want[c][w] / (double)counts[c] / 0x1p24));
        }
        kmeans_sums_reduce(&alone, NULL, &s, others, 1);
        for (int c = 0; c < K; c++)
            for (int w = 0; w < D; w++) assert_true(kmeans_sums_at(&s, c, w) == (double)want[c][w]);
        assert_memory_equal(s.counts, counts, sizeof counts);
        kmeans_sums_free(&s);
    }
}

/* More vectors than the low limb holds of the largest half, one by one and by weight. */
static void the_low_limb_does_not_overflow(void **state)
{
    const int64_t n = 9000000;
    const float x[2] = {65504, -65504};
    float mean[2];
    int64_t others[1] = {0};
    par alone = **(par **)state;
    kmeans_sums s;
    create(&s, 2, 2, 2 * n);
    for (int64_t i = 0; i < n; i++) kmeans_sums_add(&s, 0, x, 1);
    kmeans_sums_add(&s, 1, x, n);
    kmeans_sums_reduce(&alone, NULL, &s, others, 1);
    for (int c = 0; c < 2; c++) {
        kmeans_sums_mean(&s, c, mean);
        assert_true(s.counts[c] == n && mean[0] == 65504 && mean[1] == -65504);
        for (int w = 0; w < 2; w++) assert_true(kmeans_sums_at(&s, c, w) == (double)x[w] * 0x1p24 * (double)n);
    }
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

int main(int argc, char **argv)
{
    par p;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_half_is_counted_exactly),
        cmocka_unit_test(floats_are_counted_to_40_bits),
        cmocka_unit_test_prestate(sums_and_means_are_exact, &p),
        cmocka_unit_test_prestate(the_low_limb_does_not_overflow, &p),
        cmocka_unit_test(limbs_add_up),
    };
    par_start(&p, &argc, &argv);
    return par_finish(&p, cmocka_run_group_tests(tests, NULL, NULL));
}
