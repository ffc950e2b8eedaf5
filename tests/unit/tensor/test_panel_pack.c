/* Panels that are packed again and again, from rows or from columns, and results as bf16: the bits of panel_create and
 * of fp32 results rounded, on every instruction set. */
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "tensor/bf16.h"
#include "tensor/isa.h"
#include "tensor/panel.h"
#include "tensor/panel_bf16.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { M = 21, STRIDE = 301 };
static const int64_t shapes[][2] = {{1, 1}, {48, 64}, {64, 499}, {49, 7}, {100, 256}, {3, 300}};
enum { N_SHAPES = sizeof shapes / sizeof *shapes };

static float *numbers(uint64_t seed, int64_t n)
{
    float *x = NULL;
    assert_int_equal(MEM_ALLOC(x, (size_t)n), OK);
    for (int64_t i = 0; i < n; i++) x[i] = (float)(rng_uniform(seed, (uint64_t)i, 0) - 0.5);
    return x;
}

/* What is tested for a shape: b (n, k), its transpose, a (M, k), and both as bf16. */
typedef struct operands {
    int64_t n, k;
    float *b, *turned, *a, *want, *got, *bias, *residual;
    uint16_t *b_half, *turned_half, *a_half, *half;
} operands;

static void make(operands *o, int64_t n, int64_t k)
{
    *o = (operands){.n = n, .k = k, .b = numbers(1, n * k), .turned = numbers(1, n * k), .a = numbers(2, M * k)};
    o->bias = numbers(3, n);
    o->residual = numbers(4, M * STRIDE * 2);
    o->want = numbers(5, M * n);
    o->got = numbers(5, M * n);
    assert_int_equal(MEM_ALLOC(o->b_half, (size_t)(n * k)), OK);
    assert_int_equal(MEM_ALLOC(o->turned_half, (size_t)(n * k)), OK);
    assert_int_equal(MEM_ALLOC(o->a_half, (size_t)(M * k)), OK);
    assert_int_equal(MEM_ALLOC(o->half, (size_t)(M * n)), OK);
    for (int64_t j = 0; j < n; j++)
        for (int64_t w = 0; w < k; w++) o->turned[w * n + j] = o->b[j * k + w];
    bf16_from_floats(o->b, (size_t)(n * k), o->b_half);
    bf16_from_floats(o->turned, (size_t)(n * k), o->turned_half);
    bf16_from_floats(o->a, (size_t)(M * k), o->a_half);
}

static void clear(operands *o)
{
    float **floats[] = {&o->b, &o->turned, &o->a, &o->want, &o->got, &o->bias, &o->residual};
    uint16_t **halves[] = {&o->b_half, &o->turned_half, &o->a_half, &o->half};
    for (int i = 0; i < 7; i++) mem_free(floats[i]);
    for (int i = 0; i < 4; i++) mem_free(halves[i]);
}

static void check_half_results(const operands *o)
{
    for (int64_t i = 0; i < M * o->n; i++) assert_int_equal(o->half[i], bf16_from_float(o->want[i]));
}

static void check_whole(operands *o, panel *reused)
{
    panel *p;
    panel_finish finish = {o->bias, ACTIVATION_GELU, o->residual, STRIDE, NULL, 0};
    assert_int_equal(panel_create(&p, o->b, o->n, o->k), OK);
    panel_layer(p, o->a, o->k, M, &finish, o->want, o->n);
    panel_pack(reused, o->b, o->n, o->k, o->k, 1);
    assert_true(panel_rows(reused) == o->n && panel_depth(reused) == o->k);
    panel_layer(reused, o->a, o->k, M, &finish, o->got, o->n);
    assert_memory_equal(o->got, o->want, (size_t)(M * o->n) * sizeof(float));
    panel_pack(reused, o->turned, o->n, o->k, 1, o->n);
    finish.half = o->half;
    finish.half_stride = o->n;
    panel_layer(reused, o->a, o->k, M, &finish, NULL, 0);
    check_half_results(o);
    panel_free(&p);
}

static void check_half(operands *o, panel_bf16 *reused)
{
    panel_bf16 *p;
    panel_finish finish = {o->bias, ACTIVATION_NONE, o->residual, STRIDE, NULL, 0};
    assert_int_equal(panel_bf16_create(&p, o->b, o->n, o->k), OK);
    panel_bf16_layer(p, o->a_half, o->k, M, &finish, o->want, o->n);
    panel_bf16_pack_half(reused, o->b_half, o->n, o->k, o->k, 1);
    panel_bf16_layer(reused, o->a_half, o->k, M, &finish, o->got, o->n);
    assert_memory_equal(o->got, o->want, (size_t)(M * o->n) * sizeof(float));
    panel_bf16_pack(reused, o->turned, o->n, o->k, 1, o->n);
    panel_bf16_layer(reused, o->a_half, o->k, M, &finish, o->got, o->n);
    assert_memory_equal(o->got, o->want, (size_t)(M * o->n) * sizeof(float));
    panel_bf16_pack_half(reused, o->turned_half, o->n, o->k, 1, o->n);
    finish.half = o->half;
    finish.half_stride = o->n;
    panel_bf16_layer(reused, o->a_half, o->k, M, &finish, NULL, 0);
    check_half_results(o);
    panel_bf16_free(&p);
}

static void panels_are_packed_again(void **state)
{
    (void)state;
    for (enum isa isa = ISA_PLAIN; isa < N_ISAS; isa++) {
        void *memory = NULL;
        size_t bytes, least = 0;
        panel *whole;
        panel_bf16 *half;
        if (!isa_has(isa)) continue;
        assert_int_equal(isa_force(isa_name(isa)), OK);
        for (int i = 0; i < N_SHAPES; i++) {
            assert_int_equal(panel_bytes(shapes[i][0], shapes[i][1], &bytes), OK);
            least = bytes > least ? bytes : least;
        }
        assert_int_equal(mem_alloc(&memory, least, 1), OK);
        assert_int_equal(panel_create_at(&whole, memory), OK);
        assert_int_equal(panel_bf16_create_at(&half, memory), OK);
        memset(memory, 0x7f, least); /* what an earlier matrix left */
        for (int i = 0; i < N_SHAPES; i++) {
            operands o;
            make(&o, shapes[i][0], shapes[i][1]);
            check_whole(&o, whole);
            check_half(&o, half);
            clear(&o);
        }
        panel_free(&whole);
        panel_bf16_free(&half);
        mem_free(&memory);
    }
    assert_int_equal(isa_force("auto"), OK);
}

static void sizes_are_checked(void **state)
{
    (void)state;
    size_t bytes;
    assert_int_equal(panel_bytes(49, 3, &bytes), OK);
    assert_int_equal(bytes, 96 * 3 * 4);
    assert_int_equal(panel_bf16_bytes(49, 3, &bytes), OK);
    assert_int_equal(bytes, 96 * 2 * 4);
    assert_int_equal(panel_bytes(INT64_MAX / 2, INT64_MAX / 2, &bytes), ERR_LIMIT);
    assert_int_equal(panel_bf16_bytes(INT64_MAX / 2, INT64_MAX, &bytes), ERR_LIMIT);
    assert_int_equal(panel_bytes(-1, 3, &bytes), ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(panels_are_packed_again), cmocka_unit_test(sizes_are_checked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
