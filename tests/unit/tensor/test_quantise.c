#include "base/rng.h"
#include "base/status.h"
#include "tensor/quantise.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 1300, LANES = QUANTISE_LANES, GUARD = 16 };

typedef enum numbers_kind { USUAL, MIXED, TINY, HUGE_ONES, ZERO, TIES, N_KINDS } numbers_kind;

static float value_of(numbers_kind kind, uint64_t key, int64_t w)
{
    double uniform = rng_uniform(key, (uint64_t)w, 0) - 0.5;
    switch (kind) {
    case USUAL: return (float)uniform;
    case MIXED: return (float)ldexp(uniform, (int)(rng_bits(key, (uint64_t)w, 1) % 80) - 40);
    case TINY: return (float)ldexp(uniform, -120); /* squares vanish, products are subnormal */
    case HUGE_ONES: return (float)ldexp(uniform, 63);
    case TIES: return (float)(rng_bits(key, (uint64_t)w, 2) % 255) / 2 - 63.5f; /* halves of a step of 1 */
    case ZERO:
    case N_KINDS: break;
    }
    return 0;
}

static const quantise_kernel *plain(void)
{
    size_t i = 0;
    while (quantise_kernel_at(i + 1)) i++;
    assert_string_equal(quantise_kernel_at(i)->name, "plain");
    return quantise_kernel_at(i);
}

static void fill(numbers_kind kind, uint64_t key, int64_t n, float *x)
{
    for (int64_t w = 0; w < n; w++) x[w] = value_of(kind, key, w);
    if (n > 3 && kind != TIES) x[n - 1] = -fabsf(x[n - 1]) * 3; /* the largest may stand last, and below zero */
}

static void check_centre(const quantise_kernel *k, numbers_kind kind, int64_t n)
{
    float x[MOST], centre[MOST], a[MOST + GUARD], b[MOST + GUARD];
    double sums_a[LANES], sums_b[LANES];
    fill(kind, 1, n, x);
    fill(kind, 2, n, centre);
    for (int64_t w = 0; w < MOST + GUARD; w++) a[w] = b[w] = 7;
    plain()->centre(x, centre, n, a, sums_a);
    k->centre(x, centre, n, b, sums_b);
    assert_memory_equal(a, b, sizeof a);
    assert_memory_equal(sums_a, sums_b, sizeof sums_a);
    for (int64_t w = 0; w < n; w++) assert_true(a[w] == x[w] - centre[w]);
    k->centre(x, centre, n, x, sums_b); /* onto itself */
    assert_memory_equal(a, x, (size_t)n * sizeof *x);
    assert_memory_equal(sums_a, sums_b, sizeof sums_a);
}

static void check_range(const quantise_kernel *k, numbers_kind kind, int64_t n)
{
    float y[MOST], most = 0;
    double sums_a[LANES], sums_b[LANES], want[LANES] = {0};
    fill(kind, 3, n, y);
    for (int64_t w = 0; w < n; w++) {
        most = fmaxf(most, fabsf(y[w]));
        want[w % LANES] += (double)y[w] * (double)y[w];
    }
    assert_true(plain()->range(y, n, sums_a) == most && k->range(y, n, sums_b) == most);
    assert_memory_equal(sums_a, sums_b, sizeof sums_a);
    assert_memory_equal(sums_a, want, sizeof want);
}

/* Results against the plain twin, and that against the words of quantise.h. */
static void check_steps(const quantise_kernel *k, numbers_kind kind, int64_t n, float s, int shift)
{
    float y[MOST], residuals_a[LANES], residuals_b[LANES], inverse = s > 0 ? 1 / s : 0;
    uint8_t a[MOST + GUARD], b[MOST + GUARD];
    int32_t squares_a[LANES], squares_b[LANES], squares[LANES] = {0};
    fill(kind, 4, n, y);
    memset(a, 9, sizeof a);
    memset(b, 9, sizeof b);
    plain()->steps(y, n, s, inverse, shift, a, residuals_a, squares_a);
    k->steps(y, n, s, inverse, shift, b, residuals_b, squares_b);
    assert_memory_equal(a, b, sizeof a);
    assert_memory_equal(residuals_a, residuals_b, sizeof residuals_a);
    assert_memory_equal(squares_a, squares_b, sizeof squares_a);
    for (int64_t w = 0; w < n; w++) {
        int level = shift ? a[w] - shift : (int8_t)a[w];
        float scaled = fmaxf(fminf(y[w] * inverse, 127), -127);
        assert_int_equal(level, (int)nearbyintf(scaled));
        squares[w % LANES] += level * level;
    }
    assert_memory_equal(squares, squares_a, sizeof squares);
}

static float step_for(numbers_kind kind, int64_t n)
{
    float y[MOST], most = 0;
    fill(kind, 4, n, y);
    for (int64_t w = 0; w < n; w++) most = fmaxf(most, fabsf(y[w]));
    return kind == TIES ? 1 : most < 1e-30f ? 0 : most / QUANTISE_LEVELS;
}

static void every_variant_equals_the_plain_one(void **state)
{
    (void)state;
    for (size_t i = 0; quantise_kernel_at(i); i++) {
        const quantise_kernel *k = quantise_kernel_at(i);
        if (!isa_has(k->isa)) print_message("SKIPPED: this processor has no %s\n", k->name);
        for (int64_t n = 0; n <= MOST && isa_has(k->isa); n += n < 70 ? 1 : 123)
            for (int kind = 0; kind < N_KINDS; kind++) {
                check_centre(k, (numbers_kind)kind, n);
                check_range(k, (numbers_kind)kind, n);
                float s = step_for((numbers_kind)kind, n);
                for (int shift = 0; shift <= 128; shift += 128) {
                    check_steps(k, (numbers_kind)kind, n, s, shift);
                    if (kind != HUGE_ONES) check_steps(k, (numbers_kind)kind, n, s / 3, shift); /* beyond 127 */
                }
            }
    }
}

static void the_best_variant_obeys_what_is_forced(void **state)
{
    (void)state;
    for (enum isa isa = ISA_PLAIN; isa < N_ISAS; isa++) {
        if (!isa_has(isa)) continue;
        assert_int_equal(isa_force(isa_name(isa)), OK);
        assert_string_equal(quantise_kernel_best()->name, isa_name(isa));
    }
    assert_int_equal(isa_force("auto"), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_variant_equals_the_plain_one),
        cmocka_unit_test(the_best_variant_obeys_what_is_forced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
