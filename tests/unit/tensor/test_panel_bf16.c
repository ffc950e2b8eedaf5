#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "tensor/bf16.h"
#include "tensor/elementwise.h"
#include "tensor/panel_bf16_kernel.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static uint32_t word(float even, float odd) { return bf16_from_float(even) | (uint32_t)bf16_from_float(odd) << 16; }

static void the_odd_product_comes_first(void **state)
{
    (void)state;
    /* 2^24 + 1 is rounded away, so what is added first decides */
    assert_true(panel_bf16_step(word(-4096, 1), word(4096, 1), 0x1p24f) == 0);
    assert_true(panel_bf16_step(word(1, -4096), word(1, 4096), 0x1p24f) == 1);
    /* products are not rounded: (1 + 2^-7)^2 - 1 - 2^-6 = 2^-14 */
    assert_true(panel_bf16_step(word(1.0078125f, 0), word(1.0078125f, 0), -1.015625f) == 0x1p-14f);
}

static void results_below_the_normal_numbers_are_zeros(void **state)
{
    (void)state;
    float minus = -FLT_MIN;
    /* 2^-126 less a quarter, a half, three quarters of 2^-150: rounded to 24 bits first */
    static const float factors[] = {-0x1p-76f, -0x1p-75f, -0x1.8p-75f, -0x1p-74f, -0x1p-60f};
    static const float want[] = {FLT_MIN, FLT_MIN, 0, 0, 0};
    for (int i = 0; i < 4; i++) {
        assert_true(panel_bf16_step(word(factors[i], 0), word(0x1p-76f, 0), FLT_MIN) == want[i]);
        assert_true(panel_bf16_step(word(0, factors[i]), word(0, 0x1p-76f), FLT_MIN) == want[i]);
    }
    assert_true(signbit(panel_bf16_step(word(-0x1p-70f, 0), word(0x1p-70f, 0), -0.0f)));
    assert_true(panel_bf16_step(word(0x1p-70f, 0), word(0x1p-70f, 0), 0) == 0);
    /* subnormal operands count as zeros */
    assert_true(panel_bf16_step(word(0x1p-130f, 0x1p-127f), word(0x1p30f, 0x1p40f), 3) == 3);
    assert_true(panel_bf16_step(word(minus, 0), word(0x1p30f, 0), 0) == -0x1p-96f);
    assert_true(panel_bf16_step(word(-0x1p100f, 0), word(0x1p20f, 0), 0x1p120f) == 0);
}

/* Numbers of ordinary size, or (tiny) such that products lie around 2^-126. */
static float number(uint64_t seed, int64_t i, int tiny)
{
    float x = (float)(rng_uniform(seed, (uint64_t)i, 0) - 0.5);
    return tiny ? x * (i % 5 ? 0x1p-62f : 0x1p-127f) : x;
}

static float by_rule(const uint16_t *a, const float *b, int64_t k)
{
    float sum = 0;
    for (int64_t w0 = 0; w0 < k; w0 += 256) {
        float chain = 0;
        for (int64_t w = w0; w < k && w < w0 + 256; w += 2) {
            int pair = w + 1 < k;
            chain =
                panel_bf16_step(a[w] | (pair ? (uint32_t)a[w + 1] << 16 : 0), word(b[w], pair ? b[w + 1] : 0), chain);
        }
        sum = w0 ? sum + chain : chain;
    }
    return sum;
}

typedef struct layer {
    int64_t m, n, k, a_gap, out_gap;
    int tiny, bias, gelu, residual;
} layer;

static void check_layer(const panel_bf16_kernel *kernel, const layer *l)
{
    int64_t lda = l->k + l->a_gap, ldo = l->n + l->out_gap, n_a = (l->m - 1) * lda + l->k;
    float *b = NULL, *bias = NULL, *residual = NULL, *out = NULL;
    uint16_t *a = NULL;
    panel_bf16 *p = NULL;
    assert_int_equal(MEM_ALLOC(a, (size_t)n_a), OK);
    assert_int_equal(MEM_ALLOC(b, (size_t)(l->n * l->k)), OK);
    assert_int_equal(MEM_ALLOC(bias, (size_t)l->n), OK);
    assert_int_equal(MEM_ALLOC(residual, (size_t)(l->m * l->n)), OK);
    assert_int_equal(MEM_ALLOC(out, (size_t)(l->m * ldo)), OK);
    for (int64_t i = 0; i < n_a; i++) a[i] = bf16_from_float(number(1, i, l->tiny));
    for (int64_t i = 0; i < l->n * l->k; i++) b[i] = number(2, i, l->tiny);
    for (int64_t i = 0; i < l->n; i++) bias[i] = number(3, i, 0);
    for (int64_t i = 0; i < l->m * l->n; i++) residual[i] = number(4, i, 0);
    for (int64_t i = 0; i < l->m * ldo; i++) out[i] = 7;
    panel_finish finish = {.bias = l->bias ? bias : NULL,
                           .activation = l->gelu ? ACTIVATION_GELU : ACTIVATION_NONE,
                           .residual = l->residual ? residual : NULL,
                           .residual_stride = l->n};
    assert_int_equal(panel_bf16_create_for(&p, b, l->n, l->k, kernel), OK);
    assert_int_equal(panel_bf16_rows(p), l->n);
    assert_int_equal(panel_bf16_depth(p), l->k);
    panel_bf16_layer(p, a, lda, l->m, l->bias || l->gelu || l->residual ? &finish : NULL, out, ldo);
    for (int64_t i = 0; i < l->m; i++)
        for (int64_t j = 0; j < ldo; j++) {
            float want = 7, got = out[i * ldo + j];
            if (j < l->n) {
                want = by_rule(a + i * lda, b + j * l->k, l->k);
                if (l->bias) want += bias[j];
                if (l->gelu) want = num_gelu(want);
                if (l->residual) want += residual[i * l->n + j];
            }
            if (memcmp(&want, &got, sizeof want) != 0)
                fail_msg("%s %lldx%lldx%lld: (%lld, %lld) is %a, not %a", kernel->name, (long long)l->m,
                         (long long)l->n, (long long)l->k, (long long)i, (long long)j, (double)got, (double)want);
        }
    panel_bf16_free(&p);
    mem_free(&a);
    mem_free(&b);
    mem_free(&bias);
    mem_free(&residual);
    mem_free(&out);
}

static void every_kernel_follows_the_rule_bit_for_bit(void **state)
{
    (void)state;
    static const layer sizes[] = {{.m = 1, .n = 1, .k = 1},
                                  {.m = 7, .n = 49, .k = 257, .out_gap = 3},
                                  {.m = 8, .n = 48, .k = 256},
                                  {.m = 9, .n = 100, .k = 255, .a_gap = 7},
                                  {.m = 5, .n = 33, .k = 1536, .a_gap = -1023},
                                  {.m = 19, .n = 17, .k = 39},
                                  {.m = 3, .n = 4, .k = 0},
                                  {.m = 0, .n = 4, .k = 3},
                                  {.m = 130, .n = 3, .k = 2000}};
    for (size_t i = 0; panel_bf16_kernel_at(i); i++) {
        if (!panel_bf16_kernel_at(i)->supported()) continue;
        for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
            for (int what = 0; what < 5; what++) {
                layer l = sizes[s];
                l.tiny = what == 1;
                l.bias = what >= 2;
                l.gelu = what >= 3;
                l.residual = what == 4;
                if (l.m > 0) check_layer(panel_bf16_kernel_at(i), &l);
            }
        for (int64_t m = 1; m <= 17; m++)
            check_layer(panel_bf16_kernel_at(i), &(layer){.m = m, .n = 3 * m + 1, .k = 6});
    }
}

static void products_equal_those_of_layers(void **state)
{
    (void)state;
    enum { M = 11, N = 50, K = 300 };
    static uint16_t a[M * K];
    static float b[N * K], all[M * N], layer[M * N];
    for (int i = 0; i < M * K; i++) a[i] = bf16_from_float(number(5, i, 0));
    for (int i = 0; i < N * K; i++) b[i] = number(6, i, 0);
    panel_bf16 *p = NULL;
    assert_int_equal(panel_bf16_create(&p, b, N, K), OK);
    panel_bf16_multiply(p, a, M, all);
    for (int i = 0; i < M; i++) panel_bf16_layer(p, a + i * K, K, 1, NULL, layer + i * N, N);
    assert_memory_equal(all, layer, sizeof all);
    panel_bf16_free(&p);
}

static void the_best_kernel_goes_no_further_than_what_is_forced(void **state)
{
    (void)state;
    for (enum isa isa = ISA_PLAIN; isa < N_ISAS; isa++) {
        if (!isa_has(isa)) continue;
        assert_int_equal(isa_force(isa_name(isa)), OK);
        if (isa < ISA_AVX512 || isa_bf16()) assert_string_equal(panel_bf16_kernel_best()->name, isa_name(isa));
        assert_true(panel_bf16_kernel_best()->isa <= isa);
    }
    assert_int_equal(isa_force("auto"), OK);
}

static void sizes_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    panel_bf16 *p = NULL;
    float x = 1;
    assert_int_equal(panel_bf16_create(&p, &x, INT64_MAX, 2), ERR_LIMIT);
    assert_int_equal(panel_bf16_create(&p, &x, -1, 2), ERR_LIMIT);
    assert_int_equal(panel_bf16_create(&p, &x, 2, INT64_MAX), ERR_LIMIT);
    assert_int_equal(panel_bf16_create(&p, &x, INT64_MAX / 64, 1 << 20), ERR_LIMIT);
    assert_null(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_odd_product_comes_first),
        cmocka_unit_test(results_below_the_normal_numbers_are_zeros),
        cmocka_unit_test(every_kernel_follows_the_rule_bit_for_bit),
        cmocka_unit_test(products_equal_those_of_layers),
        cmocka_unit_test(the_best_kernel_goes_no_further_than_what_is_forced),
        cmocka_unit_test(sizes_that_do_not_fit_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
