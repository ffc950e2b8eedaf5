#include "tensor/eigen.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static double *zeros(size_t n)
{
    double *x = NULL;
    assert_int_equal(MEM_ALLOC(x, n), OK);
    return x;
}

/* A v = lambda v, unit lengths, right angles, order and sign, for a random symmetric matrix. */
static void check_size(int n)
{
    size_t square = (size_t)n * (size_t)n;
    double *a = zeros(square), *kept = zeros(square), *values = zeros((size_t)n), *v = zeros(square);
    for (int i = 0; i < n; i++)
        for (int j = 0; j <= i; j++) a[i * n + j] = a[j * n + i] = rng_uniform(9, (uint64_t)i, (uint64_t)j) - 0.5;
    memcpy(kept, a, square * sizeof *a);
    assert_int_equal(eigen_symmetric(a, n, values, v), OK);
    for (int i = 0; i < n; i++) {
        if (i) assert_true(values[i] <= values[i - 1]);
        int largest = 0;
        for (int j = 0; j < n; j++) {
            double product = 0, angle = 0;
            for (int w = 0; w < n; w++) product += kept[j * n + w] * v[i * n + w];
            for (int w = 0; w < n; w++) angle += v[i * n + w] * v[j * n + w];
            assert_true(fabs(product - values[i] * v[i * n + j]) < 1e-13 * n);
            assert_true(fabs(angle - (i == j)) < 1e-13 * n);
            if (fabs(v[i * n + j]) > fabs(v[i * n + largest])) largest = j;
        }
        assert_true(v[i * n + largest] > 0);
    }
    mem_free(&a);
    mem_free(&kept);
    mem_free(&values);
    mem_free(&v);
}

static void vectors_satisfy_the_equation(void **state)
{
    (void)state;
    static const int sizes[] = {1, 2, 3, 13, 80};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) check_size(sizes[i]);
}

static void known_case(void **state)
{
    (void)state;
    double a[] = {2, 1, 1, 2}, values[2], v[4];
    assert_int_equal(eigen_symmetric(a, 2, values, v), OK);
    assert_true(fabs(values[0] - 3) < 1e-15 && fabs(values[1] - 1) < 1e-15);
    assert_true(fabs(v[0] - sqrt(0.5)) < 1e-15 && fabs(v[1] - sqrt(0.5)) < 1e-15);
    assert_true(fabs(fabs(v[2]) - sqrt(0.5)) < 1e-15 && fabs(v[2] + v[3]) < 1e-15);
}

static void not_finite_is_refused(void **state)
{
    (void)state;
    double a[] = {2, NAN, NAN, 2}, values[2], v[4];
    assert_int_equal(eigen_symmetric(a, 2, values, v), ERR_INVALID);
    double b[] = {INFINITY};
    assert_int_equal(eigen_symmetric(b, 1, values, v), ERR_INVALID);
}

static void products_of_integers_are_exact(void **state)
{
    (void)state;
    enum { M = 37, N = 21 };
    static double x[M * N], sum[N * N];
    for (int i = 0; i < M * N; i++) x[i] = (double)(int64_t)(rng_bits(5, (uint64_t)i, 0) >> 43) - 0x1p20;
    for (int i = 0; i < N * N; i++) sum[i] = i;
    assert_int_equal(eigen_add_products(x, M, N, sum), OK);
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            int64_t want = i * N + j;
            for (int r = 0; r < M && i <= j; r++) want += (int64_t)x[r * N + i] * (int64_t)x[r * N + j];
            assert_true(sum[i * N + j] == (double)want);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_satisfy_the_equation),
        cmocka_unit_test(known_case),
        cmocka_unit_test(not_finite_is_refused),
        cmocka_unit_test(products_of_integers_are_exact),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
