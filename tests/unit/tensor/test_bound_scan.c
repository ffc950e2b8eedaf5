#include "base/rng.h"
#include "base/status.h"
#include "tensor/bound_scan.h"
#include "tensor/half.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 67, INFINITE_HALF = 0x7c00, LARGEST_HALF = 0x7bff };

static const bound_scan *plain(void)
{
    size_t i = 0;
    while (bound_scan_at(i + 1)) i++;
    assert_string_equal(bound_scan_at(i)->name, "plain");
    return bound_scan_at(i);
}

/* Bounds as they occur: zero, subnormal, usual, the largest, infinite. */
static uint16_t bound_of(uint64_t key, int64_t g)
{
    uint64_t bits = rng_bits(key, (uint64_t)g, 0);
    switch (bits % 8) {
    case 0: return 0;
    case 1: return (uint16_t)(bits >> 8 & 0x3ff);
    case 2: return LARGEST_HALF;
    case 3: return INFINITE_HALF;
    default: return (uint16_t)(0x3c00 + (bits >> 8) % 0x2000);
    }
}

static float moved_of(uint64_t key, int64_t g)
{
    uint64_t bits = rng_bits(key, (uint64_t)g, 1);
    return bits % 4 == 0 ? 0 : bits % 9 == 1 ? 1e6f : (float)(rng_uniform(key, (uint64_t)g, 2) * 50);
}

static void check_scan(const bound_scan *s, const uint16_t *bounds, const float *moved, int64_t n, float limit)
{
    uint32_t want[MOST], got[MOST + 16];
    int64_t n_want = 0;
    for (int64_t g = 0; g < n; g++)
        if (half_to_float(bounds[g]) - moved[g] <= limit) want[n_want++] = (uint32_t)g;
    assert_int_equal(s->below(bounds, moved, n, limit, got), n_want);
    assert_memory_equal(got, want, (size_t)n_want * sizeof *want);
    assert_int_equal(!!s->any(bounds, moved, n, limit), n_want > 0);
}

static void every_variant_finds_the_same_groups(void **state)
{
    (void)state;
    static const float limits[] = {0, 1, 3.5f, 20, 1e5f, -4, -2e6f, INFINITY, -INFINITY};
    for (size_t i = 0; bound_scan_at(i); i++) {
        const bound_scan *s = bound_scan_at(i);
        if (!isa_has(s->isa)) print_message("SKIPPED: this processor has no %s\n", s->name);
        for (int64_t n = 0; n <= MOST && isa_has(s->isa); n++)
            for (uint64_t key = 1; key < 30; key++) {
                uint16_t bounds[MOST];
                float moved[MOST];
                for (int64_t g = 0; g < n; g++) bounds[g] = bound_of(key, g), moved[g] = moved_of(key, g);
                for (int l = 0; l < 9; l++) check_scan(s, bounds, moved, n, limits[l]);
                for (int64_t g = 0; g < n; g += 7) /* a limit that is just reached */
                    check_scan(s, bounds, moved, n, half_to_float(bounds[g]) - moved[g]);
            }
    }
}

/* One low bound among high ones, at every place. */
static void a_single_group_is_found_at_any_place(void **state)
{
    (void)state;
    for (size_t i = 0; bound_scan_at(i); i++)
        for (int64_t n = 1; n <= MOST && isa_has(bound_scan_at(i)->isa); n++)
            for (int64_t at = 0; at < n; at++) {
                uint16_t bounds[MOST];
                float moved[MOST] = {0};
                for (int64_t g = 0; g < n; g++) bounds[g] = g == at ? 0x3c00 : g % 3 ? INFINITE_HALF : 0x4900;
                check_scan(bound_scan_at(i), bounds, moved, n, 2);
                check_scan(bound_scan_at(i), bounds, moved, n, 0.5f);
            }
}

static void check_pack8(const bound_scan *s, const float base[8], const float least[8], float moved, float unit)
{
    uint16_t want[8], got[8];
    plain()->pack8(base, least, moved, unit, want);
    s->pack8(base, least, moved, unit, got);
    assert_memory_equal(got, want, sizeof want);
    for (int i = 0; i < 8; i++) {
        long double square = (long double)base[i] + least[i]; /* exact for what is not infinite */
        if (isnan(square)) continue;
        long double bound = (sqrtl(square > 0 ? square : 0) + moved) * unit;
        if (fabsf(base[i]) > 1e4f * fabsf(base[i] + least[i])) continue; /* the caller's slack is for that rounding */
        assert_true(half_to_float(got[i]) <= bound);
        if (bound < 60000 && bound > 1) assert_true(half_to_float(got[i]) > 0.998L * bound);
    }
}

static void packed_bounds_are_the_same_and_never_above(void **state)
{
    (void)state;
    static const float moves[] = {0, 1e-12f, 0.37f, 100, 1e7f}, units[] = {1, 0x1p-100f, 0x1p100f, 0x1p11f, 0x1p-3f};
    for (size_t i = 0; bound_scan_at(i); i++)
        for (int64_t t = 0; t < 20000 && isa_has(bound_scan_at(i)->isa); t++) {
            float base[8], least[8];
            for (int l = 0; l < 8; l++) {
                uint64_t bits = rng_bits(5, (uint64_t)t, (uint64_t)l);
                base[l] = (float)ldexp(rng_uniform(6, (uint64_t)t, (uint64_t)l), (int)(bits % 60) - 30);
                least[l] = base[l] * (float)(rng_uniform(7, (uint64_t)t, (uint64_t)l) * 4 - 1.5);
                if (bits >> 8 & 1 && bits % 5 == 0) least[l] = INFINITY;
                if (bits >> 9 & 1 && bits % 7 == 0) base[l] = -INFINITY; /* a vector that is too large */
                if (bits % 31 == 0) least[l] = -base[l];
            }
            check_pack8(bound_scan_at(i), base, least, moves[t % 5], units[t / 5 % 5]);
        }
}

/* Every half and its neighbours among the floats. */
static void bound_pack_is_the_largest_half_not_above(void **state)
{
    (void)state;
    for (unsigned h = 0; h < INFINITE_HALF; h++) {
        float at = half_to_float((uint16_t)h), next = half_to_float((uint16_t)(h + 1));
        float between = h == LARGEST_HALF ? 3e38f : at + (next - at) * 0.75f;
        assert_int_equal(bound_pack(at), h);
        assert_int_equal(bound_pack(nextafterf(at, INFINITY)), h);
        assert_int_equal(bound_pack(between), h);
        assert_int_equal(bound_pack(nextafterf(next == INFINITY ? 65536 : next, 0)), h);
    }
    assert_int_equal(bound_pack(INFINITY), INFINITE_HALF);
    assert_int_equal(bound_pack(65519), LARGEST_HALF);
    assert_int_equal(bound_pack(0x1p-149f), 0);
}

static void the_best_variant_obeys_what_is_forced(void **state)
{
    (void)state;
    for (enum isa isa = ISA_PLAIN; isa < N_ISAS; isa++) {
        if (!isa_has(isa)) continue;
        assert_int_equal(isa_force(isa_name(isa)), OK);
        assert_string_equal(bound_scan_best()->name, isa_name(isa));
    }
    assert_int_equal(isa_force("auto"), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_variant_finds_the_same_groups),
        cmocka_unit_test(a_single_group_is_found_at_any_place),
        cmocka_unit_test(packed_bounds_are_the_same_and_never_above),
        cmocka_unit_test(bound_pack_is_the_largest_half_not_above),
        cmocka_unit_test(the_best_variant_obeys_what_is_forced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
