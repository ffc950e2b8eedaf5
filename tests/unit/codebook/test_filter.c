/* The proof of codebook/filter.h, checked: no score is above the true difference of squared distances by more than the
 * slack, and no centroid that the fp64 sums put at or before another is above the limit. */
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "codebook/filter.h"
#include "tensor/distance.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 24 };

typedef enum set_kind {
    ISOTROPIC,
    DECAYING,   /* value w is as 1 / (w + 1) */
    OUTLIERS,   /* three values a thousand times as large as the others */
    OFFSET,     /* far from zero, and centred */
    UNCENTRED,  /* far from zero, the centre is not */
    TINY,       /* 1e-20 */
    TINIER,     /* squares vanish in fp32 */
    LARGE,      /* 1e12 */
    LONG_ROWS,  /* rows of 1e17, centroids of 1e-5 */
    SHORT_ROWS, /* the other way round */
    CONSTANT,   /* every second value the same */
    ZEROS,      /* zero rows, zero centroids, zero centre */
    TWINS,      /* centroids that repeat, or differ in one bit; rows that are centroids */
    WIDE,       /* any magnitude from 2^-20 to 2^20 */
    N_KINDS
} set_kind;
static const char *const names[] = {"isotropic", "decaying",  "outliers",   "offset",   "uncentred", "tiny",  "tinier",
                                    "large",     "long rows", "short rows", "constant", "zeros",     "twins", "wide"};

typedef struct set {
    int64_t k, d;
    float *x, *c, *centre;   /* (ROWS, d), (k, d), (d) */
    long double *difference; /* (ROWS, k) S */
    double *distance;        /* (ROWS, k) the fp64 sums */
    const char *name;
} set;

static double number(uint64_t key, int64_t i, int64_t w)
{
    double sum = 0;
    for (uint64_t t = 0; t < 3; t++) sum += rng_uniform(key + t, (uint64_t)i, (uint64_t)w) - 0.5;
    return 2 * sum;
}

/* Value w of row i (centroids: i from 1000000 on). */
static double value_of(set_kind kind, int64_t i, int64_t w)
{
    int centroid = i >= 1000000;
    double v = number(10, i, w);
    switch (kind) {
    case DECAYING: return v / (double)(w + 1);
    case OUTLIERS: return w % 97 < 3 ? 1000 * v : v;
    case OFFSET:
    case UNCENTRED: return 3000 + v;
    case TINY: return 1e-20 * v;
    case TINIER: return 1e-35 * v;
    case LARGE: return 1e12 * v;
    case LONG_ROWS: return centroid ? 1e-5 * v : 1e15 * v;
    case SHORT_ROWS: return centroid ? 1e13 * v : 1e-5 * v;
    case CONSTANT: return w % 2 ? 3.5 : v;
    case ZEROS: return i % 3 ? v : 0;
    case WIDE: return ldexp(v, (int)(rng_bits(5, (uint64_t)i, (uint64_t)w) % 41) - 20);
    case ISOTROPIC:
    case TWINS:
    case N_KINDS: break;
    }
    return v;
}

static void make_twins(set *s)
{
    for (int64_t j = 0; j < s->k; j++) {
        if (j % 3 == 1) memcpy(s->c + j * s->d, s->c + (j - 1) * s->d, (size_t)s->d * sizeof *s->c);
        if (j % 3 == 2) memcpy(s->c + j * s->d, s->x + j % ROWS * s->d, (size_t)s->d * sizeof *s->c);
        if (j % 6 == 4) s->c[j * s->d] = nextafterf(s->c[j * s->d], 9);
    }
}

/* What is true, and what the fp64 sums say. */
static void measure(set *s)
{
    const distance_kernel *kernel = distance_kernel_best();
    for (int64_t i = 0; i < ROWS; i++) {
        const float *x = s->x + i * s->d;
        long double whole = 0;
        for (int64_t w = 0; w < s->d; w++) whole += powl((long double)x[w] - s->centre[w], 2);
        for (int64_t j = 0; j < s->k; j++) {
            const float *c = s->c + j * s->d;
            long double sum = 0;
            for (int64_t w = 0; w < s->d; w++) sum += ((long double)x[w] - c[w]) * ((long double)x[w] - c[w]);
            s->difference[i * s->k + j] = sum - whole;
            s->distance[i * s->k + j] = kernel->floats(x, c, s->d);
        }
    }
}

static void allocate(set *s, int64_t k, int64_t d)
{
    *s = (set){.k = k, .d = d};
    assert_int_equal(MEM_ALLOC(s->x, (size_t)(ROWS * d)), OK);
    assert_int_equal(MEM_ALLOC(s->c, (size_t)(k * d)), OK);
    assert_int_equal(MEM_ALLOC(s->centre, (size_t)d), OK);
    assert_int_equal(MEM_ALLOC(s->difference, (size_t)(ROWS * k)), OK);
    assert_int_equal(MEM_ALLOC(s->distance, (size_t)(ROWS * k)), OK);
}

static void make(set *s, set_kind kind, int64_t k, int64_t d)
{
    allocate(s, k, d);
    s->name = names[kind];
    for (int64_t i = 0; i < ROWS * d; i++) s->x[i] = (float)value_of(kind, i / d, i % d);
    for (int64_t i = 0; i < k * d; i++) s->c[i] = (float)value_of(kind, 1000000 + i / d, i % d);
    for (int64_t w = 0; w < d && kind != UNCENTRED && kind != ZEROS; w++) {
        double sum = 0;
        for (int64_t j = 0; j < k; j++) sum += s->c[j * d + w];
        s->centre[w] = (float)(sum / (double)k);
    }
    if (kind == TWINS) make_twins(s);
    measure(s);
}

static void clear(set *s)
{
    mem_free(&s->x);
    mem_free(&s->c);
    mem_free(&s->centre);
    mem_free(&s->difference);
    mem_free(&s->distance);
}

static void check_permutation(const filter *f)
{
    char *seen = NULL;
    assert_int_equal(MEM_ALLOC(seen, (size_t)f->k), OK);
    for (int64_t j = 0; j < f->n_panels * PANEL8_COLUMNS; j++) {
        int32_t code = f->codes[j];
        assert_int_equal(code == FILTER_NONE, j >= f->k);
        if (code == FILTER_NONE) continue;
        assert_true(code >= 0 && code < f->k && !seen[code]);
        seen[code] = 1;
        assert_int_equal(f->panel_of[code], j / PANEL8_COLUMNS);
    }
    mem_free(&seen);
}

/* One tile: the bound of each pair, and what else a tile says. */
static void check_tile(const set *s, const filter *f, const filter_rows *r, int64_t g, int64_t first,
                       const panel8_kernel *kernel, float *all)
{
    panel8_tile t;
    _Alignas(64) float scores[PANEL8_ROWS * PANEL8_COLUMNS];
    uint64_t below[PANEL8_ROWS];
    float least[PANEL8_ROWS];
    for (int i = 0; i < PANEL8_ROWS; i++) filter_tile_set(r, first + i, i, &t), t.limit[i] = 0;
    kernel->filter(&f->layout, f->panels + (size_t)g * f->layout.bytes, &t, scores, below, least);
    for (int i = 0; i < PANEL8_ROWS; i++)
        for (int64_t j = 0; j < PANEL8_COLUMNS; j++) {
            int32_t code = f->codes[g * PANEL8_COLUMNS + j];
            float score = scores[i * PANEL8_COLUMNS + j];
            if (code == FILTER_NONE) {
                assert_true(score == INFINITY);
                continue;
            }
            long double slack = filter_slack(f, r->squared[first + i]);
            long double want = s->difference[(first + i) * s->k + code];
            if (!(want >= score - slack))
                fail_msg("%s, %lld x %lld, %lld + %lld%s, %s: S (%lld, %d) is %Lg, score %g, slack %Lg", s->name,
                         (long long)s->k, (long long)s->d, (long long)f->lead, (long long)f->depth,
                         f->basis ? " rotated" : "", kernel->name, (long long)first + i, (int)code, want, (double)score,
                         slack);
            all[(first + i) * s->k + code] = score;
        }
}

/* Whatever centroid a the limit comes from: those that the fp64 sums put at or before it stay. */
static void check_limits(const set *s, const filter *f, const filter_rows *r, const float *scores)
{
    for (int64_t i = 0; i < ROWS; i++) {
        const double *distance = s->distance + i * s->k;
        int64_t nearest = 0;
        for (int64_t j = 0; j < s->k; j++)
            if (distance[j] < distance[nearest]) nearest = j;
        for (int64_t t = 0; t < 12; t++) {
            int64_t a = t ? (int64_t)(rng_bits(6, (uint64_t)i, (uint64_t)t) % (uint64_t)s->k) : nearest;
            float limit = filter_limit(f, r, i, distance[a]);
            assert_true(scores[i * s->k + nearest] <= limit);
            for (int64_t b = 0; b < s->k; b++)
                if (distance[b] <= distance[a]) assert_true(scores[i * s->k + b] <= limit);
        }
    }
}

static void check_filter(const set *s, const float *basis, int64_t lead, int64_t depth)
{
    filter *f = NULL;
    filter_rows r;
    float *scores = NULL;
    const panel8_kernel *kernels[2] = {panel8_kernel_best()};
    for (size_t i = 0; panel8_kernel_at(i); i++) kernels[1] = panel8_kernel_at(i); /* the plain one */
    assert_int_equal(MEM_ALLOC(scores, (size_t)(ROWS * s->k)), OK);
    assert_int_equal(filter_create(&f, s->k, s->d, s->centre, basis, lead, depth), OK);
    check_permutation(f);
    assert_int_equal(filter_group(f, s->c), OK);
    check_permutation(f);
    assert_int_equal(filter_load(f, s->c), OK);
    assert_int_equal(filter_rows_create(&r, f, ROWS), OK);
    filter_rows_set(&r, f, 0, s->x, ROWS);
    for (int k = 0; k < 2; k++) {
        for (int64_t g = 0; g < f->n_panels; g++)
            for (int64_t i = 0; i < ROWS; i += PANEL8_ROWS) check_tile(s, f, &r, g, i, kernels[k], scores);
        check_limits(s, f, &r, scores);
    }
    filter_rows_free(&r);
    filter_free(&f);
    mem_free(&scores);
}

/* Principal directions of the centroids, n of them. */
static float *make_basis(const set *s, int64_t n)
{
    float *basis = NULL;
    double *energy = NULL, sum = 0;
    assert_int_equal(MEM_ALLOC(basis, (size_t)(n * s->d)), OK);
    assert_int_equal(MEM_ALLOC(energy, (size_t)n), OK);
    assert_int_equal(filter_basis(s->c, s->k, s->d, s->centre, n, basis, energy), OK);
    for (int64_t i = 0; i < n; i++) {
        assert_true(energy[i] >= -1e-6 && (i == 0 || energy[i] <= energy[i - 1] + 1e-6));
        sum += energy[i];
        for (int64_t j = 0; j <= i; j++) {
            double product = 0;
            for (int64_t w = 0; w < s->d; w++) product += (double)basis[i * s->d + w] * basis[j * s->d + w];
            assert_true(fabs(product - (i == j)) < 1e-5);
        }
    }
    assert_true(sum < 1 + 1e-4);
    mem_free(&energy);
    return basis;
}

/* All shapes of a filter that kmeans_tune.c may choose, for one set. */
static void check_shapes(const set *s, int64_t most)
{
    static const int64_t totals[] = {1, 3, 13, 32, 64, 128}, leads[] = {0, 4, 8};
    int64_t n = s->d < most ? s->d : most;
    float *basis = make_basis(s, n);
    check_filter(s, NULL, 0, s->d);
    for (size_t t = 0; t < sizeof totals / sizeof *totals; t++)
        for (size_t l = 0; l < 3; l++)
            if (totals[t] <= n && leads[l] <= totals[t]) check_filter(s, basis, leads[l], totals[t] - leads[l]);
    if (n == s->d) check_filter(s, basis, 0, n); /* nothing is outside */
    if (n == s->d && n >= 4) check_filter(s, basis, 4, n - 4);
    mem_free(&basis);
}

static void bounds_hold_for_all_sets(void **state)
{
    (void)state;
    static const int64_t sizes[] = {1, 47, 48, 49, 97}, depths[] = {1, 3, 13, 39, 80};
    for (int kind = 0; kind < N_KINDS; kind++)
        for (int k = 0; k < 5; k++)
            for (int d = 0; d < 5; d++) {
                set s;
                make(&s, (set_kind)kind, sizes[k], depths[d]);
                check_shapes(&s, 128);
                clear(&s);
            }
}

static void bounds_hold_for_long_vectors(void **state)
{
    (void)state;
    for (int kind = 0; kind < N_KINDS; kind++) {
        set s;
        make(&s, (set_kind)kind, 97, 257);
        check_shapes(&s, 128);
        clear(&s);
        make(&s, (set_kind)kind, 49, 768);
        check_shapes(&s, 64);
        clear(&s);
    }
}

static void bounds_hold_for_many_centroids(void **state)
{
    (void)state;
    static const set_kind kinds[] = {DECAYING, OFFSET, TWINS, WIDE};
    for (int kind = 0; kind < 4; kind++) {
        set s;
        make(&s, kinds[kind], 1000, 39);
        check_shapes(&s, 39);
        clear(&s);
    }
    set s;
    make(&s, DECAYING, 1000, 768);
    check_shapes(&s, 64);
    clear(&s);
}

/* Sets whose errors add up to all that the bound allows for; a bound that is a little too tight fails on them, and one
 * that is not tight at all fails as well. */
typedef enum worst_kind { OF_ROW, OF_COLUMN, OF_TAIL, N_WORST } worst_kind;

/* `exact` is a multiple of the step everywhere, and `rounded` is off by nearly half a step in every value in which
 * `exact` is not zero, always in the same direction. */
static void make_worst(set *s, worst_kind kind, int64_t d, int64_t depth)
{
    allocate(s, 50, d);
    s->name = "worst";
    for (int64_t i = 0; i < ROWS + 50; i++) {
        int column = i >= ROWS, rounded = kind == OF_ROW ? !column : column;
        float *v = column ? s->c + (i - ROWS) * d : s->x + i * d;
        for (int64_t w = 1; w < depth; w++) {
            float level = (float)(rng_bits(3, (uint64_t)i, (uint64_t)w) % 101) - 50;
            v[w] = kind == OF_TAIL ? level : rounded ? level + 0.49f : column ? 2 : (float)(1 + i);
        }
        v[0] = rounded || kind == OF_TAIL ? 127 : 0;
        for (int64_t w = depth; w < d; w++) v[w] = (float)(5 + w % 3); /* one direction */
    }
    measure(s);
}

static void check_tight(const set *s, const filter *f, long double within)
{
    filter_rows r;
    float *scores = NULL;
    long double off = INFINITY;
    assert_int_equal(MEM_ALLOC(scores, (size_t)(ROWS * s->k)), OK);
    assert_int_equal(filter_rows_create(&r, f, ROWS), OK);
    filter_rows_set(&r, f, 0, s->x, ROWS);
    for (int64_t g = 0; g < f->n_panels; g++)
        for (int64_t i = 0; i < ROWS; i += PANEL8_ROWS) check_tile(s, f, &r, g, i, panel8_kernel_best(), scores);
    for (int64_t i = 0; i < ROWS; i++)
        for (int64_t j = 0; j < s->k; j++) {
            long double above = s->difference[i * s->k + j] - scores[i * s->k + j];
            off = fminl(off, above / (sqrtl(r.squared[i]) * f->largest));
        }
    assert_true(off < within); /* of |X| |C| */
    filter_rows_free(&r);
    mem_free(&scores);
}

static void bounds_hold_where_all_errors_add_up(void **state)
{
    (void)state;
    static const int64_t depths[] = {3, 13, 80, 257, 768};
    for (int kind = 0; kind < N_WORST; kind++)
        for (int i = 0; i < 5; i++) {
            int64_t d = depths[i], depth = kind == OF_TAIL ? (d + 1) / 2 : d;
            float *basis = NULL;
            set s;
            filter *f = NULL;
            make_worst(&s, (worst_kind)kind, d, depth);
            assert_int_equal(MEM_ALLOC(basis, (size_t)(depth * d)), OK);
            for (int64_t w = 0; w < depth; w++) basis[w * d + w] = 1;
            assert_int_equal(filter_create(&f, 50, d, s.centre, kind == OF_TAIL ? basis : NULL, 0, depth), OK);
            assert_int_equal(filter_load(f, s.c), OK);
            check_tight(&s, f, kind == OF_TAIL ? 3e-3L : 1.2e-5L); /* tails are rounded up more */
            filter_free(&f);
            mem_free(&basis);
            clear(&s);
        }
}

/* A basis whose rows are a little too short makes products too small. */
static void bounds_hold_for_a_basis_that_is_off(void **state)
{
    (void)state;
    static const float scales[] = {0.999f, 1.001f, 0.9999f, 0.999999f};
    for (int t = 0; t < 4; t++)
        for (int64_t d = 1; d <= 40; d += 13) {
            float basis[40] = {0};
            set s;
            allocate(&s, 3, d);
            s.name = "off";
            basis[0] = scales[t];
            for (int64_t i = 0; i < ROWS; i++) s.x[i * d] = (float)(i + 1);
            for (int64_t j = 0; j < 3; j++) s.c[j * d] = (float)(5 * (j + 1));
            measure(&s);
            check_filter(&s, basis, 0, 1);
            check_filter(&s, basis, 1, 0);
            clear(&s);
        }
    filter *f = NULL;
    float one = 1, basis = 0.9f;
    assert_int_equal(filter_create(&f, 1, 1, &one, &basis, 0, 1), ERR_INVALID);
    assert_null(f);
}

/* The same bytes whoever loads the panels, and with every instruction set. */
static void panels_and_rows_are_the_same_everywhere(void **state)
{
    (void)state;
    enum { K = 150, D = 80, LEAD = 4, DEPTH = 33 };
    set s;
    filter *first = NULL;
    filter_rows want;
    make(&s, DECAYING, K, D);
    float *basis = make_basis(&s, LEAD + DEPTH);
    assert_int_equal(filter_create(&first, K, D, s.centre, basis, LEAD, DEPTH), OK);
    assert_int_equal(filter_group(first, s.c), OK);
    assert_int_equal(filter_load(first, s.c), OK);
    assert_int_equal(filter_rows_create(&want, first, ROWS), OK);
    filter_rows_set(&want, first, 0, s.x, ROWS);
    for (enum isa isa = ISA_PLAIN; isa < N_ISAS; isa++) {
        filter *f = NULL;
        filter_rows r;
        void *memory = NULL;
        if (!isa_has(isa)) continue;
        assert_int_equal(isa_force(isa_name(isa)), OK);
        float *again = make_basis(&s, LEAD + DEPTH);
        assert_memory_equal(again, basis, sizeof(float) * (LEAD + DEPTH) * D);
        assert_int_equal(filter_create(&f, K, D, s.centre, again, LEAD, DEPTH), OK);
        assert_int_equal(filter_group(f, s.c), OK);
        assert_memory_equal(f->codes, first->codes, (size_t)(f->n_panels * PANEL8_COLUMNS) * sizeof *f->codes);
        assert_int_equal(mem_alloc(&memory, 1, filter_panel_bytes(f)), OK);
        filter_use_memory(f, memory);
        for (int64_t g = f->n_panels; g > 0; g--) assert_int_equal(filter_load_panels(f, s.c, g - 1, g), OK);
        assert_memory_equal(memory, first->panels, filter_panel_bytes(f));
        assert_int_equal(filter_rows_create(&r, f, ROWS), OK);
        for (int64_t i = 0; i < ROWS; i++) filter_rows_set(&r, f, i, s.x + i * D, 1);
        assert_memory_equal(r.bytes, want.bytes, (size_t)(ROWS * r.pitch));
        assert_memory_equal(r.floats, want.floats, (size_t)(ROWS * r.n_floats) * sizeof *r.floats);
        assert_memory_equal(r.squared, want.squared, ROWS * sizeof *r.squared);
        filter_rows_free(&r);
        filter_free(&f);
        mem_free(&memory);
        mem_free(&again);
    }
    assert_int_equal(isa_force("auto"), OK);
    filter_rows_free(&want);
    filter_free(&first);
    mem_free(&basis);
    clear(&s);
}

static void what_could_overflow_is_refused(void **state)
{
    (void)state;
    float x[2] = {3e19f, 0}, c[2] = {2e16f, 0}, centre[2] = {0};
    filter *f = NULL;
    filter_rows r;
    assert_int_equal(filter_create(&f, 1, 2, centre, NULL, 0, 2), OK);
    assert_int_equal(filter_load(f, c), ERR_LIMIT);
    c[0] = 1;
    assert_int_equal(filter_load(f, c), OK);
    assert_int_equal(filter_rows_create(&r, f, 1), OK);
    filter_rows_set(&r, f, 0, x, 1);
    assert_true(filter_limit(f, &r, 0, 1) == INFINITY);
    filter_rows_free(&r);
    filter_free(&f);
    assert_int_equal(filter_create(&f, 1, 2, centre, NULL, 1, 1), ERR_LIMIT);
    assert_int_equal(filter_create(&f, 0, 2, centre, NULL, 0, 2), ERR_LIMIT);
    assert_int_equal(filter_create(&f, 1, 2, centre, x, 2, 1), ERR_LIMIT);
    assert_null(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds_hold_for_all_sets),
        cmocka_unit_test(bounds_hold_for_long_vectors),
        cmocka_unit_test(bounds_hold_for_many_centroids),
        cmocka_unit_test(bounds_hold_where_all_errors_add_up),
        cmocka_unit_test(bounds_hold_for_a_basis_that_is_off),
        cmocka_unit_test(panels_and_rows_are_the_same_everywhere),
        cmocka_unit_test(what_could_overflow_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
