#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "tensor/panel_kernel.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static float *numbers(uint64_t seed, int64_t n)
{
    float *x = NULL;
    assert_int_equal(MEM_ALLOC(x, (size_t)n), OK);
    for (int64_t i = 0; i < n; i++) x[i] = (float)(rng_uniform(seed, (uint64_t)i, 0) - 0.5);
    return x;
}

/* One output by the rule of panel.h. */
static float by_rule(const float *a, const float *b, int64_t k)
{
    float sum = 0;
    for (int64_t w0 = 0; w0 < k; w0 += 256) {
        float chain = 0;
        for (int64_t w = w0; w < k && w < w0 + 256; w++) chain = fmaf(a[w], b[w], chain);
        sum = w0 ? sum + chain : chain;
    }
    return sum;
}

/* Product of one shape with one kernel, bit for bit, with guards behind the output. */
static void check_shape(const panel_kernel *kernel, int64_t m, int64_t n, int64_t k)
{
    enum { GUARD = 64 };
    float *a = numbers(1, m * k), *b = numbers(2, n * k), *out = NULL;
    panel *p = NULL;
    assert_int_equal(MEM_ALLOC(out, (size_t)(m * n) + GUARD), OK);
    for (int64_t i = 0; i < m * n + GUARD; i++) out[i] = 7;
    assert_int_equal(panel_create_for(&p, b, n, k, kernel), OK);
    assert_int_equal(panel_rows(p), n);
    assert_int_equal(panel_depth(p), k);
    panel_multiply(p, a, m, out);
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            float want = by_rule(a + i * k, b + j * k, k);
            if (memcmp(&want, &out[i * n + j], sizeof want) != 0)
                fail_msg("%s %lldx%lldx%lld: (%lld, %lld) is %a, not %a", kernel->name, (long long)m, (long long)n,
                         (long long)k, (long long)i, (long long)j, (double)out[i * n + j], (double)want);
        }
    for (int64_t i = 0; i < GUARD; i++) assert_true(out[m * n + i] == 7);
    panel_free(&p);
    mem_free(&a);
    mem_free(&b);
    mem_free(&out);
}

static void every_kernel_follows_the_rule_bit_for_bit(void **state)
{
    (void)state;
    static const int64_t shapes[][3] = {{1, 1, 1},    {1, 48, 256},  {8, 48, 257}, {9, 49, 255},   {7, 47, 512},
                                        {3, 95, 513}, {2, 17, 39},   {6, 16, 80},  {13, 33, 3},    {5, 31, 1000},
                                        {4, 96, 768}, {16, 144, 64}, {250, 5, 7},  {241, 50, 300}, {0, 5, 3},
                                        {5, 0, 3},    {5, 3, 0}};
    for (size_t i = 0; panel_kernel_at(i); i++) {
        if (!isa_has(panel_kernel_at(i)->isa)) continue;
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
            check_shape(panel_kernel_at(i), shapes[s][0], shapes[s][1], shapes[s][2]);
        for (int64_t m = 1; m <= 17; m++) check_shape(panel_kernel_at(i), m, 4 * m + 1, 5);
        for (int64_t n = 1; n <= 100; n++) check_shape(panel_kernel_at(i), 3, n, 11);
    }
}

static void rows_do_not_depend_on_the_batch(void **state)
{
    (void)state;
    enum { M = 29, N = 70, K = 600 };
    float *a = numbers(3, M * K), *b = numbers(4, N * K), *all = numbers(5, M * N), *one = numbers(6, N);
    panel *p = NULL;
    assert_int_equal(panel_create(&p, b, N, K), OK);
    panel_multiply(p, a, M, all);
    for (int i = 0; i < M; i++) {
        panel_multiply(p, a + i * K, 1, one);
        assert_memory_equal(one, all + i * N, N * sizeof *one);
    }
    panel_free(&p);
    mem_free(&a);
    mem_free(&b);
    mem_free(&all);
    mem_free(&one);
}

static void the_best_kernel_is_the_first_that_runs(void **state)
{
    (void)state;
    size_t i = 0;
    while (!isa_has(panel_kernel_at(i)->isa)) i++;
    assert_ptr_equal(panel_kernel_best(), panel_kernel_at(i));
    while (panel_kernel_at(i)) i++;
    assert_ptr_equal(panel_kernel_at(i - 1), &panel_kernel_plain);
}

static void sizes_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    panel *p = NULL;
    float x = 1;
    assert_int_equal(panel_create(&p, &x, INT64_MAX, 2), ERR_LIMIT);
    assert_int_equal(panel_create(&p, &x, -1, 2), ERR_LIMIT);
    assert_int_equal(panel_create(&p, &x, INT64_MAX / 64, 1 << 20), ERR_LIMIT);
    assert_null(p);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Printed for people: speed depends on what else the machine does, so nothing is asserted. */
static void time_every_kernel(void **state)
{
    (void)state;
    static const int64_t shapes[][3] = {{240, 768, 768}, {480, 512, 39}};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        int64_t m = shapes[s][0], n = shapes[s][1], k = shapes[s][2];
        float *a = numbers(1, m * k), *b = numbers(2, n * k), *out = numbers(3, m * n);
        for (size_t i = 0; panel_kernel_at(i) && panel_kernel_at(i) != &panel_kernel_plain; i++) {
            panel *p = NULL;
            double best = 1e9;
            if (!isa_has(panel_kernel_at(i)->isa)) continue;
            assert_int_equal(panel_create_for(&p, b, n, k, panel_kernel_at(i)), OK);
            for (int round = 0; round < 8; round++) {
                double start = seconds();
                panel_multiply(p, a, m, out);
                double took = seconds() - start;
                if (took < best) best = took;
            }
            print_message("%s %lldx%lldx%lld: %.0f GFLOP/s\n", panel_kernel_at(i)->name, (long long)m, (long long)n,
                          (long long)k, 2e-9 * (double)(m * n * k) / best);
            panel_free(&p);
        }
        mem_free(&a);
        mem_free(&b);
        mem_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kernel_follows_the_rule_bit_for_bit),
        cmocka_unit_test(rows_do_not_depend_on_the_batch),
        cmocka_unit_test(the_best_kernel_is_the_first_that_runs),
        cmocka_unit_test(sizes_that_do_not_fit_are_refused),
        cmocka_unit_test(time_every_kernel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
