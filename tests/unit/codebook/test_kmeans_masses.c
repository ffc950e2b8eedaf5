#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "codebook/kmeans_masses.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { N = KMEANS_MASS_PART + 900, TRIALS = 3, STEPS = 6 };

static void load(kmeans_masses *m, const float *x, int64_t n, int64_t d)
{
    assert_int_equal(kmeans_masses_create(m, n, d, TRIALS), OK);
    for (int64_t part = 0; part < m->n_parts; part++)
        assert_int_equal(kmeans_masses_load(m, part, x + part * KMEANS_MASS_PART * d), OK);
    kmeans_masses_scale(m, n, kmeans_masses_longest(m));
}

/* The sum of masses if vector v of x were a seed too, in fp64; `nearest` (n) becomes what it leaves. */
static double plain_sum(const float *x, int64_t n, int64_t d, int64_t v, double *nearest)
{
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
        double distance = 0;
        for (int64_t w = 0; w < d; w++) distance += pow((double)x[i * d + w] - (double)x[v * d + w], 2);
        nearest[i] = fmin(nearest[i], distance);
        sum += nearest[i];
    }
    return sum;
}

/* Masses that are small integers and those that may not be are the same, and they are what the plain sums say. */
static void check(int64_t n, int64_t d, double spread)
{
    kmeans_masses m, wide;
    float *x = NULL, trials[TRIALS * 70];
    double *nearest = NULL, *after = NULL;
    assert_int_equal(MEM_ALLOC(x, (size_t)(n * d)), OK);
    assert_int_equal(MEM_ALLOC(nearest, (size_t)n), OK);
    assert_int_equal(MEM_ALLOC(after, (size_t)n), OK);
    for (int64_t i = 0; i < n; i++) nearest[i] = INFINITY;
    for (int64_t i = 0; i < n * d; i++)
        x[i] = (float)((rng_uniform(1, 2, (uint64_t)i) - 0.5) * pow(spread, rng_uniform(1, 3, (uint64_t)(i / d))));
    load(&m, x, n, d);
    load(&wide, x, n, d);
    assert_int_equal(m.small, n >= 4096);
    wide.small = 0;
    for (int64_t step = 0; step < STEPS; step++) {
        int64_t sums[TRIALS], sums_wide[TRIALS], total = 0, take = step % TRIALS, number = 0;
        for (int64_t t = 0; t < TRIALS; t++) {
            int64_t v = (int64_t)(rng_bits(4, (uint64_t)step, (uint64_t)t) % (uint64_t)n);
            memcpy(trials + t * d, x + v * d, (size_t)d * sizeof *x);
            if (t == take) number = v;
        }
        kmeans_masses_try(&m, trials, TRIALS, sums);
        kmeans_masses_try(&wide, trials, TRIALS, sums_wide);
        assert_memory_equal(sums, sums_wide, sizeof sums);
        kmeans_masses_take(&m, take);
        kmeans_masses_take(&wide, take);
        assert_memory_equal(m.mass, wide.mass, (size_t)n * sizeof *m.mass);
        assert_int_equal(m.mass[number], 0);
        for (int64_t i = 0; i < n; i++) total += m.mass[i];
        assert_int_equal(total, sums[take]);
        assert_true(total < (int64_t)1 << 62);
        double want = plain_sum(x, n, d, number, nearest);
        assert_true(fabs((double)total / m.scale - want) <= 1e-5 * want + 1e-30);
        for (int64_t k = 0; k < 40 && total; k++) {
            int64_t target = (int64_t)((double)total * (double)k / 40), before = 0;
            int64_t found = kmeans_masses_find(&m, target);
            for (int64_t i = 0; i < found; i++) before += m.mass[i];
            assert_true(before <= target && target < before + m.mass[found]);
        }
    }
    kmeans_masses_free(&m);
    kmeans_masses_free(&wide);
    mem_free(&x);
    mem_free(&nearest);
    mem_free(&after);
}

static void masses_are_what_plain_sums_say(void **state)
{
    (void)state;
    check(1, 3, 1);
    check(700, 1, 1);
    check(700, 70, 1e-3);
    check(4096, 16, 1);
    check(N, 5, 1e-6); /* several parts; lengths of all sizes */
    check(N, 64, 1);
}

static void no_vector_has_no_mass(void **state)
{
    (void)state;
    kmeans_masses m;
    float trial = 1;
    int64_t sum = 7;
    load(&m, NULL, 0, 1);
    kmeans_masses_try(&m, &trial, 1, &sum);
    kmeans_masses_take(&m, 0);
    assert_int_equal(sum, 0);
    kmeans_masses_free(&m);
    kmeans_masses_free(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(masses_are_what_plain_sums_say),
        cmocka_unit_test(no_vector_has_no_mass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
