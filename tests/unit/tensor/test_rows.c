/* Norms and softmax of rows, moments of windows, tanh: against long double, and the same bits on every instruction set
 * and wherever a row stands. */
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "tensor/bf16.h"
#include "tensor/channel_norm.h"
#include "tensor/elementwise.h"
#include "tensor/exp_of.h"
#include "tensor/isa.h"
#include "tensor/row_norm.h"
#include "tensor/row_softmax.h"
#include "tensor/window_moments.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 7, GUARD = 3 };
static const int64_t widths[] = {1, 2, 13, 16, 48, 63, 64, 80, 499, 768, 1280};
enum { N_WIDTHS = sizeof widths / sizeof *widths };

static float *numbers(uint64_t seed, int64_t n, double mean, double spread)
{
    float *x = NULL;
    assert_int_equal(MEM_ALLOC(x, (size_t)n), OK);
    for (int64_t i = 0; i < n; i++) x[i] = (float)(mean + spread * (rng_uniform(seed, (uint64_t)i, 0) - 0.5));
    return x;
}

/* Runs `one` for every instruction set and wants the same bytes each time. */
static void on_every_set(void (*one)(void *user), void *user, const void *out, size_t bytes)
{
    char *want = NULL;
    for (enum isa isa = ISA_PLAIN; isa < N_ISAS; isa++) {
        if (!isa_has(isa)) continue;
        assert_int_equal(isa_force(isa_name(isa)), OK);
        one(user);
        if (!want) assert_int_equal(mem_copy(&want, out, bytes), OK);
        assert_memory_equal(out, want, bytes);
    }
    assert_int_equal(isa_force("auto"), OK);
    mem_free(&want);
}

typedef struct norm_case {
    int64_t n, stride;
    const float *x, *weight, *bias;
    float epsilon, *whole;
    uint16_t *half;
} norm_case;

static void run_norm(void *user)
{
    norm_case *c = user;
    row_norm(c->x, c->stride, ROWS, c->n, c->weight, c->bias, c->epsilon, c->whole, c->stride, c->half, c->stride);
}

static void check_norm(int64_t n, double mean, double spread, float epsilon, double within)
{
    int64_t stride = n + GUARD, all = ROWS * stride;
    float *x = numbers(1, all, mean, spread), *w = numbers(2, n, 1, 1), *b = numbers(3, n, 0, 1), *whole = NULL;
    uint16_t *half = NULL;
    assert_int_equal(MEM_ALLOC(whole, (size_t)all), OK);
    assert_int_equal(MEM_ALLOC(half, (size_t)all), OK);
    norm_case c = {n, stride, x, w, b, epsilon, whole, half};
    on_every_set(run_norm, &c, whole, (size_t)all * sizeof *whole);
    for (int64_t i = 0; i < ROWS; i++) {
        long double sum = 0, squares = 0;
        for (int64_t j = 0; j < n; j++) sum += x[i * stride + j];
        sum /= n;
        for (int64_t j = 0; j < n; j++) squares += (x[i * stride + j] - sum) * (x[i * stride + j] - sum);
        for (int64_t j = 0; j < n; j++) {
            long double z = (x[i * stride + j] - sum) / sqrtl(squares / n + (long double)epsilon);
            float got = whole[i * stride + j];
            if (!(fabsl(got - (z * w[j] + b[j])) <= within * (1 + fabsl(z))))
                fail_msg("%lld of mean %g: %g, not %Lg", (long long)n, mean, (double)got, z * w[j] + b[j]);
            assert_int_equal(half[i * stride + j], bf16_from_float(got));
        }
        for (int64_t j = n; j < stride; j++) assert_true(whole[i * stride + j] == 0 && half[i * stride + j] == 0);
    }
    /* alone, in place, fp32 only */
    row_norm(x + 2 * stride, stride, 1, n, w, b, epsilon, x + 2 * stride, stride, NULL, 0);
    assert_memory_equal(x + 2 * stride, whole + 2 * stride, (size_t)n * sizeof *x);
    mem_free(&x);
    mem_free(&w);
    mem_free(&b);
    mem_free(&whole);
    mem_free(&half);
}

static void rows_are_normed(void **state)
{
    (void)state;
    for (int i = 0; i < N_WIDTHS; i++) {
        check_norm(widths[i], 0, 2, 1e-5f, 1e-6);
        check_norm(widths[i], 3, 1e-3, 1e-12f, widths[i] < 3 ? 1e-2 : 2e-6); /* mean far above the deviation */
        check_norm(widths[i], 0, 0, 1e-12f, 1e-6);                           /* no variance */
    }
}

typedef struct softmax_case {
    int64_t n, stride;
    const float *from;
    float *x, *sums, scale;
    uint16_t *half;
} softmax_case;

static void run_softmax(void *user)
{
    softmax_case *c = user;
    memcpy(c->x, c->from, (size_t)(ROWS * c->stride) * sizeof *c->x);
    if (c->half)
        row_softmax_half(c->x, c->stride, ROWS, c->n, c->scale, c->sums, c->half, c->stride);
    else {
        row_softmax(c->x, c->stride, ROWS, c->n, c->scale, c->sums);
        row_divide(c->x, c->stride, ROWS, c->n, c->sums, NULL, 0);
    }
}

static void rows_become_shares(void **state)
{
    (void)state;
    for (int k = 0; k < N_WIDTHS; k++) {
        int64_t n = widths[k], stride = n + GUARD, all = ROWS * stride;
        float *from = numbers(5, all, -3, 60), *x = NULL, sums[ROWS], halves[ROWS];
        uint16_t *half = NULL;
        assert_int_equal(MEM_ALLOC(x, (size_t)all), OK);
        assert_int_equal(MEM_ALLOC(half, (size_t)all), OK);
        softmax_case c = {n, stride, from, x, sums, 0.25f, NULL};
        on_every_set(run_softmax, &c, x, (size_t)all * sizeof *x);
        for (int64_t i = 0; i < ROWS; i++) {
            long double sum = 0, most = -INFINITY;
            for (int64_t j = 0; j < n; j++) most = fmaxl(most, from[i * stride + j]);
            for (int64_t j = 0; j < n; j++) sum += expl((from[i * stride + j] - most) * 0.25L);
            assert_true(fabsl(sums[i] - sum) <= 1e-6L * sum);
            for (int64_t j = 0; j < n; j++) {
                long double want = expl((from[i * stride + j] - most) * 0.25L) / sum;
                assert_true(fabsl(x[i * stride + j] - want) <= 2e-6L * want + 1e-12L);
            }
            for (int64_t j = n; j < stride; j++) assert_true(x[i * stride + j] == from[i * stride + j]);
        }
        c.half = half;
        c.sums = halves;
        on_every_set(run_softmax, &c, half, (size_t)all * sizeof *half);
        assert_memory_equal(sums, halves, sizeof sums);
        for (int64_t i = 0; i < ROWS; i++) /* x is left with the exponentials */
            for (int64_t j = 0; j < n; j++) assert_int_equal(half[i * stride + j], bf16_from_float(x[i * stride + j]));
        mem_free(&from);
        mem_free(&x);
        mem_free(&half);
    }
}

static void exp_and_tanh_are_close(void **state)
{
    (void)state;
    for (int64_t i = 0; i <= 400000; i++) {
        float x = -(float)i * 0.00025f;
        long double want = expl(x);
        if (x > -87) assert_true(fabsl(exp_of(x) - want) <= 1.5e-7L * want);
        if (x <= -87) assert_true(exp_of(x) == 0);
    }
    assert_true(exp_of(0) == 1 && exp_of(-INFINITY) == 0);
    for (int64_t i = -100000; i <= 100000; i++) {
        float x = (float)i * 0.00025f;
        assert_true(fabsl(num_tanh(x) - tanhl(x)) <= 6.1e-8L * fabsl(tanhl(x)));
    }
    assert_true(num_tanh(INFINITY) == 1 && num_tanh(-30) == -1 && isnan(num_tanh(NAN)) && num_tanh(1e-20f) == 1e-20f);
}

typedef struct moments_case {
    const float *x;
    int64_t n, stride, size;
    double *mean, *products; /* products stand behind the mean */
} moments_case;

static void run_moments(void *user)
{
    moments_case *c = user;
    window_moments(c->x, c->n, c->stride, c->size, c->mean, c->products);
}

/* Mean and variance of a filter over all windows, as the moments have them and as the filter's own outputs have. */
static void check_moments(int64_t n, int64_t stride, int64_t size, double offset)
{
    float *x = numbers(7, (n - 1) * stride + size, offset, 2), *filter = numbers(8, size, 0, 1);
    double *mean = NULL, got_mean, got_variance;
    assert_int_equal(MEM_ALLOC(mean, (size_t)(size + size * size)), OK);
    moments_case c = {x, n, stride, size, mean, mean + size};
    on_every_set(run_moments, &c, mean, (size_t)(size + size * size) * sizeof *mean);
    window_moments_of(mean, mean + size, size, filter, &got_mean, &got_variance);
    long double sum = 0, squares = 0;
    for (int turn = 0; turn < 2; turn++)
        for (int64_t i = 0; i < n; i++) {
            long double y = 0;
            for (int64_t k = 0; k < size; k++) y += (long double)filter[k] * x[i * stride + k];
            if (turn)
                squares += (y - sum / n) * (y - sum / n);
            else
                sum += y;
        }
    assert_true(fabsl(got_mean - sum / n) <= 1e-12L * (1 + fabs(offset) * (double)size));
    assert_true(fabsl(got_variance - squares / n) <= 1e-9L * (squares / n) + 1e-14L);
    mem_free(&x);
    mem_free(&filter);
    mem_free(&mean);
}

static void moments_are_those_of_the_outputs(void **state)
{
    (void)state;
    static const int64_t sizes[] = {1, 3, 10, 16, 17, 40};
    for (int i = 0; i < 6; i++)
        for (int64_t stride = 1; stride <= 5; stride += 2) {
            check_moments(1, stride, sizes[i], 0);
            check_moments(4, stride, sizes[i], 0);
            check_moments(1000, stride, sizes[i], 0);
            check_moments(1000, stride, sizes[i], 1000);
        }
}

typedef struct channel_case {
    const float *x, *mean, *scale, *bias;
    float *whole;
    uint16_t *half;
} channel_case;
enum { CHANNELS = 77 };

static void run_channels(void *user)
{
    channel_case *c = user;
    channel_norm_gelu(c->x, ROWS, CHANNELS, c->mean, c->scale, c->bias, c->whole, NULL);
    channel_norm_gelu(c->x, ROWS, CHANNELS, c->mean, c->scale, c->bias, NULL, c->half);
}

static void channels_are_normed(void **state)
{
    (void)state;
    float *x = numbers(1, ROWS * CHANNELS, 0, 5), *mean = numbers(2, CHANNELS, 0, 1),
          *scale = numbers(3, CHANNELS, 1, 1);
    float *bias = numbers(4, CHANNELS, 0, 1), whole[ROWS * CHANNELS];
    uint16_t half[ROWS * CHANNELS];
    channel_case c = {x, mean, scale, bias, whole, half};
    on_every_set(run_channels, &c, whole, sizeof whole);
    on_every_set(run_channels, &c, half, sizeof half);
    for (int i = 0; i < ROWS * CHANNELS; i++) {
        int w = i % CHANNELS;
        assert_true(whole[i] == num_gelu((x[i] - mean[w]) * scale[w] + bias[w]));
        assert_int_equal(half[i], bf16_from_float(whole[i]));
    }
    mem_free(&x);
    mem_free(&mean);
    mem_free(&scale);
    mem_free(&bias);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_normed),        cmocka_unit_test(rows_become_shares),
        cmocka_unit_test(exp_and_tanh_are_close), cmocka_unit_test(moments_are_those_of_the_outputs),
        cmocka_unit_test(channels_are_normed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
