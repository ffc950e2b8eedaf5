#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "tensor/distance.h"
#include "tensor/half.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 5000 };

/* Numbers of which a distance is taken. */
typedef enum numbers_kind { USUAL, MIXED, SMALL, CLOSE, SAME, LARGE, N_KINDS } numbers_kind;

typedef struct pair {
    uint16_t *halves; /* (d) each ends where its memory ends, so that reading on is found by a checker */
    float *x, *c;     /* x: the halves, or fp32 numbers that are no halves */
    int64_t d;
} pair;

static double number(uint64_t key, int64_t w) { return rng_uniform(key, (uint64_t)w, 0) - 0.5; }

static float value_of(numbers_kind kind, int64_t w)
{
    double exponent = (double)(rng_bits(2, (uint64_t)w, 0) % 38) - 24;
    switch (kind) {
    case USUAL: return (float)number(1, w) * 10;
    case MIXED: return (float)ldexp(number(1, w), (int)exponent);
    case SMALL: return (float)ldexp(number(1, w), -16); /* subnormal as a half */
    case CLOSE:
    case SAME: return (float)number(1, w) * 1000;
    case LARGE: return (float)number(1, w) * 1.2e5f;
    case N_KINDS: break;
    }
    return 0;
}

static float centroid_of(numbers_kind kind, int64_t w, float x)
{
    if (kind == SAME) return x;
    if (kind == CLOSE) return nextafterf(x, number(4, w) > 0 ? INFINITY : -INFINITY);
    return value_of(kind, w + 1000000);
}

/* As halves, or as floats with all their bits. */
static void make(pair *p, numbers_kind kind, int64_t d, int as_halves)
{
    p->d = d;
    p->halves = malloc((size_t)d * sizeof *p->halves);
    p->x = malloc((size_t)d * sizeof *p->x);
    p->c = malloc((size_t)d * sizeof *p->c);
    assert_true(p->halves && p->x && p->c);
    for (int64_t w = 0; w < d; w++) {
        p->x[w] = value_of(kind, w);
        p->halves[w] = half_from_float(p->x[w]);
        if (as_halves) p->x[w] = half_to_float(p->halves[w]);
        p->c[w] = centroid_of(kind, w, p->x[w]);
    }
}

static void clear(pair *p)
{
    free(p->halves);
    free(p->x);
    free(p->c);
}

/* The rule of distance.h. */
static double by_rule(const float *x, const float *c, int64_t d)
{
    double lanes[32] = {0};
    for (int64_t w = 0; w < d; w++) {
        double difference = (double)x[w] - (double)c[w];
        lanes[w % 32] = fma(difference, difference, lanes[w % 32]);
    }
    for (int n = 16; n > 0; n /= 2)
        for (int l = 0; l < n; l++) lanes[l] += lanes[l + n];
    return lanes[0];
}

static float quick_by_rule(const float *x, const float *c, int64_t d)
{
    float lanes[64] = {0};
    for (int64_t w = 0; w < d; w++) {
        float difference = x[w] - c[w];
        lanes[w % 64] = fmaf(difference, difference, lanes[w % 64]);
    }
    for (int n = 32; n > 0; n /= 2)
        for (int l = 0; l < n; l++) lanes[l] += lanes[l + n];
    return lanes[0];
}

static void same(const char *name, const char *what, int64_t d, double got, double want)
{
    if (memcmp(&got, &want, sizeof got) != 0)
        fail_msg("%s %s, d %lld: %a, not %a", name, what, (long long)d, got, want);
}

static void check_pair(const distance_kernel *k, const pair *p, int as_halves)
{
    double want = by_rule(p->x, p->c, p->d);
    float quick = quick_by_rule(p->x, p->c, p->d);
    same(k->name, "floats", p->d, k->floats(p->x, p->c, p->d), want);
    same(k->name, "quick floats", p->d, (double)k->quick_floats(p->x, p->c, p->d), (double)quick);
    if (!as_halves) return;
    same(k->name, "halves", p->d, k->halves(p->halves, p->c, p->d), want);
    same(k->name, "quick halves", p->d, (double)k->quick_halves(p->halves, p->c, p->d), (double)quick);
}

static int64_t depth_at(int i)
{
    static const int64_t large[] = {255, 256, 257, 768, 1000, 1280, 4097, MOST};
    return i < 140 ? i + 1 : i < 148 ? large[i - 140] : 0;
}

static void every_kernel_follows_the_rule_bit_for_bit(void **state)
{
    (void)state;
    for (size_t i = 0; distance_kernel_at(i); i++) {
        const distance_kernel *k = distance_kernel_at(i);
        if (!isa_has(k->isa)) print_message("SKIPPED: this processor has no %s\n", k->name);
        for (int n = 0; depth_at(n) && isa_has(k->isa); n++)
            for (int kind = 0; kind < N_KINDS; kind++)
                for (int halves = 0; halves < 2; halves++) {
                    pair p;
                    make(&p, (numbers_kind)kind, depth_at(n), halves);
                    check_pair(k, &p, halves);
                    clear(&p);
                }
    }
}

/* filter.h counts on (d + 16) 2^-53, and kmeans_bounds.c on distance_quick_error. */
static void errors_stay_within_their_limits(void **state)
{
    (void)state;
    double worst = 0, worst_quick = 0;
    const distance_kernel *k = distance_kernel_best();
    for (int n = 0; depth_at(n); n++)
        for (int kind = 0; kind < N_KINDS; kind++)
            for (int halves = 0; halves < 2; halves++) {
                pair p;
                long double sum = 0;
                make(&p, (numbers_kind)kind, depth_at(n), halves);
                for (int64_t w = 0; w < p.d; w++)
                    sum += ((long double)p.x[w] - p.c[w]) * ((long double)p.x[w] - p.c[w]);
                long double off = fabsl(k->floats(p.x, p.c, p.d) - sum), limit = (long double)(p.d + 16) * 0x1p-53L;
                long double quick = fabsl((long double)k->quick_floats(p.x, p.c, p.d) - sum);
                assert_true(off <= limit * sum + 0x1p-1000L);
                assert_true(quick <= (long double)distance_quick_error(p.d) * sum + 0x1p-120L);
                if (kind == SAME) assert_true(k->floats(p.x, p.c, p.d) == 0);
                if (sum > 0) worst = fmax(worst, (double)(off / sum / limit));
                if (sum > 1e-20L) worst_quick = fmax(worst_quick, (double)(quick / sum) / distance_quick_error(p.d));
                clear(&p);
            }
    print_message("worst errors, as shares of what is allowed: %.3f exact, %.3f quick\n", worst, worst_quick);
}

/* All terms equal and each rounded the same way: close to the worst that fp32 sums can do. */
static void quick_errors_of_equal_terms(void **state)
{
    (void)state;
    static float x[MOST], c[MOST];
    for (int t = 0; t < 2000; t++) {
        int64_t d = 1 + (int64_t)(rng_bits(7, (uint64_t)t, 0) % MOST);
        float difference = (float)(1 + rng_uniform(8, (uint64_t)t, 0));
        for (int64_t w = 0; w < d; w++) x[w] = difference;
        long double want = (long double)d * difference * difference;
        for (size_t i = 0; distance_kernel_at(i); i++) {
            if (!isa_has(distance_kernel_at(i)->isa)) continue;
            long double got = distance_kernel_at(i)->quick_floats(x, c, d);
            assert_true(fabsl(got - want) <= (long double)distance_quick_error(d) * want);
        }
    }
}

static void the_best_kernel_obeys_what_is_forced(void **state)
{
    (void)state;
    for (enum isa isa = ISA_PLAIN; isa < N_ISAS; isa++) {
        if (!isa_has(isa)) continue;
        assert_int_equal(isa_force(isa_name(isa)), OK);
        assert_string_equal(distance_kernel_best()->name, isa_name(isa));
    }
    assert_int_equal(isa_force("auto"), OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kernel_follows_the_rule_bit_for_bit),
        cmocka_unit_test(errors_stay_within_their_limits),
        cmocka_unit_test(quick_errors_of_equal_terms),
        cmocka_unit_test(the_best_kernel_obeys_what_is_forced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
