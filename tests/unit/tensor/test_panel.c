#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "tensor/elementwise.h"
#include "tensor/panel_kernel.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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
    static const int64_t shapes[][3] = {{1, 1, 1},    {1, 48, 256},  {8, 48, 257},  {9, 49, 255}, {7, 47, 512},
                                        {3, 95, 513}, {2, 17, 39},   {6, 16, 80},   {13, 33, 3},  {5, 31, 1000},
                                        {4, 96, 768}, {16, 144, 64}, {1, 49, 1536}, {250, 5, 7},  {241, 50, 300},
                                        {0, 5, 3},    {5, 0, 3},     {5, 3, 0}};
    for (size_t i = 0; panel_kernel_at(i); i++) {
        if (!isa_has(panel_kernel_at(i)->isa)) continue;
        for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
            check_shape(panel_kernel_at(i), shapes[s][0], shapes[s][1], shapes[s][2]);
        for (int64_t m = 1; m <= 17; m++) check_shape(panel_kernel_at(i), m, 4 * m + 1, 5);
        for (int64_t n = 1; n <= 100; n++) check_shape(panel_kernel_at(i), 3, n, 11);
    }
}

/* A layer: what is asked for, and operands in which the gaps between rows must stay. */
typedef struct layer {
    int64_t m, n, k, a_gap, out_gap; /* a_gap may be negative: rows overlap */
    int bias, gelu, residual;        /* residual 2: the output itself */
} layer;

static float by_layer(const layer *l, const float *a, const float *b, float bias, float residual)
{
    float x = by_rule(a, b, l->k);
    if (l->bias) x += bias;
    if (l->gelu) x = num_gelu(x);
    return l->residual ? x + residual : x;
}

static void check_layer(const panel_kernel *kernel, const layer *l)
{
    int64_t lda = l->k + l->a_gap, ldo = l->n + l->out_gap, ldr = l->residual == 2 ? ldo : l->n + 3;
    float *a = numbers(1, (l->m - 1) * lda + l->k), *b = numbers(2, l->n * l->k), *bias = numbers(3, l->n);
    float *before = numbers(4, l->m * (ldo > ldr ? ldo : ldr)), *out = numbers(4, l->m * ldo);
    panel_finish finish = {.bias = l->bias ? bias : NULL,
                           .activation = l->gelu ? ACTIVATION_GELU : ACTIVATION_NONE,
                           .residual = l->residual == 2   ? out
                                       : l->residual == 1 ? before
                                                          : NULL,
                           .residual_stride = ldr};
    panel *p = NULL;
    assert_int_equal(panel_create_for(&p, b, l->n, l->k, kernel), OK);
    panel_layer(p, a, lda, l->m, l->bias || l->gelu || l->residual ? &finish : NULL, out, ldo);
    for (int64_t i = 0; i < l->m; i++)
        for (int64_t j = 0; j < ldo; j++) {
            float want = before[i * ldo + j], got = out[i * ldo + j];
            if (j < l->n) want = by_layer(l, a + i * lda, b + j * l->k, bias[j], before[i * ldr + j]);
            if (memcmp(&want, &got, sizeof want) != 0)
                fail_msg("%s %lldx%lldx%lld bias %d gelu %d residual %d: (%lld, %lld) is %a, not %a", kernel->name,
                         (long long)l->m, (long long)l->n, (long long)l->k, l->bias, l->gelu, l->residual, (long long)i,
                         (long long)j, (double)got, (double)want);
        }
    panel_free(&p);
    mem_free(&a);
    mem_free(&b);
    mem_free(&bias);
    mem_free(&before);
    mem_free(&out);
}

static void layers_finish_each_sum_bit_for_bit(void **state)
{
    (void)state;
    static const layer sizes[] = {{.m = 1, .n = 1, .k = 1},
                                  {.m = 7, .n = 49, .k = 257, .out_gap = 5},
                                  {.m = 8, .n = 48, .k = 256},
                                  {.m = 13, .n = 100, .k = 255, .a_gap = 7},
                                  {.m = 30, .n = 60, .k = 1536, .a_gap = -1024, .out_gap = 1},
                                  {.m = 2, .n = 5, .k = 0}};
    for (size_t i = 0; panel_kernel_at(i); i++) {
        if (!isa_has(panel_kernel_at(i)->isa)) continue;
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
            for (int what = 0; what < 12; what++) {
                layer l = sizes[s];
                l.bias = what & 1;
                l.gelu = what >> 1 & 1;
                l.residual = what >> 2;
                check_layer(panel_kernel_at(i), &l);
            }
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kernel_follows_the_rule_bit_for_bit),
        cmocka_unit_test(layers_finish_each_sum_bit_for_bit),
        cmocka_unit_test(rows_do_not_depend_on_the_batch),
        cmocka_unit_test(the_best_kernel_is_the_first_that_runs),
        cmocka_unit_test(sizes_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
