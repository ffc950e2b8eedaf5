#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "tensor/panel8.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = PANEL8_ROWS, COLUMNS = PANEL8_COLUMNS, STRIDE = 53, GUARD = 64 };

/* How the bytes of rows and columns are chosen. */
typedef enum bytes_kind { RANDOM, HIGHEST, LOWEST, OPPOSITE, ZERO, N_KINDS } bytes_kind;

/* Eight rows, a panel, and what they were made from. */
typedef struct material {
    panel8_layout layout;
    int64_t n, depth; /* columns that are there */
    int8_t *p;        /* (48, depth) */
    float z[COLUMNS], f[PANEL8_MAX_FLOATS * COLUMNS];
    uint8_t *bytes; /* (8, words * 4) */
    float floats[ROWS][PANEL8_MAX_FLOATS];
    void *panel;
    panel8_tile tile;
} material;

static double number(uint64_t key, int64_t i) { return rng_uniform(key, (uint64_t)i, 0) - 0.5; }

static int8_t column_byte(bytes_kind kind, int64_t i)
{
    if (kind == RANDOM) return (int8_t)((int64_t)(rng_bits(1, (uint64_t)i, 0) % 255) - 127);
    return kind == ZERO ? 0 : kind == HIGHEST || kind == OPPOSITE ? 127 : -127;
}

static uint8_t row_byte(bytes_kind kind, int64_t i)
{
    if (kind == RANDOM) return (uint8_t)rng_bits(2, (uint64_t)i, 0);
    return kind == ZERO ? 128 : kind == OPPOSITE || kind == LOWEST ? 0 : 255;
}

static void make(material *m, bytes_kind kind, int64_t depth, int64_t n_floats, int64_t n)
{
    *m = (material){.layout = panel8_layout_of(depth, n_floats), .n = n, .depth = depth};
    int64_t width = m->layout.words * 4;
    assert_int_equal(MEM_ALLOC(m->p, (size_t)(COLUMNS * depth)), OK);
    assert_int_equal(MEM_ALLOC(m->bytes, (size_t)(ROWS * width)), OK);
    assert_int_equal(mem_alloc(&m->panel, 1, m->layout.bytes), OK);
    for (int64_t i = 0; i < COLUMNS * depth; i++) m->p[i] = column_byte(kind, i);
    for (int64_t i = 0; i < ROWS * width; i++) m->bytes[i] = row_byte(kind, i);
    for (int j = 0; j < COLUMNS; j++) m->z[j] = j % 11 == 10 ? 0 : (float)number(3, j);
    for (int64_t i = 0; i < n_floats * COLUMNS; i++) m->f[i] = (float)(number(4, i) * 20);
    for (int64_t j = n; j < COLUMNS; j++) m->f[j] = INFINITY;
    for (int i = 0; i < ROWS; i++) {
        for (int t = 0; t < PANEL8_MAX_FLOATS; t++) m->floats[i][t] = (float)number(5, i * 100 + t);
        m->tile.bytes[i] = m->bytes + i * width;
        m->tile.floats[i] = m->floats[i];
    }
    panel8_pack(&m->layout, m->p, n, depth, m->z, m->f, m->panel);
}

static void clear(material *m)
{
    mem_free(&m->p);
    mem_free(&m->bytes);
    mem_free(&m->panel);
}

/* Score of row i and column j by the rule of panel8.h, from what was packed and not from the panel. */
static float by_rule(const material *m, int i, int64_t j)
{
    int64_t dot = 0;
    for (int64_t w = 0; w < m->depth && j < m->n; w++) dot += (m->tile.bytes[i][w] - 128) * m->p[j * m->depth + w];
    float score = fmaf(m->floats[i][0], (float)dot * m->z[j], m->f[j]);
    for (int64_t t = 1; t < m->layout.n_floats; t++) score = fmaf(m->floats[i][t], m->f[t * COLUMNS + j], score);
    return score;
}

static const char *text_of(const material *m)
{
    static char text[64];
    snprintf(text, sizeof text, "depth %lld, %lld floats, %lld columns", (long long)m->depth,
             (long long)m->layout.n_floats, (long long)m->n);
    return text;
}

static void check_scores(const panel8_kernel *k, const material *m)
{
    static float out[ROWS * STRIDE + GUARD];
    for (int i = 0; i < ROWS * STRIDE + GUARD; i++) out[i] = 7;
    k->scores(&m->layout, m->panel, &m->tile, out, STRIDE);
    for (int i = 0; i < ROWS; i++)
        for (int64_t j = 0; j < STRIDE; j++) {
            float want = j < COLUMNS ? by_rule(m, i, j) : 7, got = out[i * STRIDE + j];
            if (memcmp(&want, &got, sizeof want) != 0)
                fail_msg("%s, %s: score (%d, %lld) is %a, not %a", k->name, text_of(m), i, (long long)j, (double)got,
                         (double)want);
        }
    for (int i = 0; i < GUARD; i++) assert_true(out[ROWS * STRIDE + i] == 7);
}

static void check_filter(const panel8_kernel *k, const material *m)
{
    _Alignas(64) static float scores[ROWS * COLUMNS + GUARD];
    uint64_t below[ROWS];
    float least[ROWS];
    for (int i = 0; i < GUARD; i++) scores[ROWS * COLUMNS + i] = 7;
    k->filter(&m->layout, m->panel, &m->tile, scores, below, least);
    for (int i = 0; i < ROWS; i++) {
        uint64_t bits = 0;
        float low = INFINITY;
        for (int64_t j = 0; j < COLUMNS; j++) {
            float want = by_rule(m, i, j);
            assert_memory_equal(&want, &scores[i * COLUMNS + j], sizeof want);
            if (want <= m->tile.limit[i])
                bits |= (uint64_t)1 << j;
            else if (want < low)
                low = want;
        }
        if (below[i] != bits || memcmp(&least[i], &low, sizeof low) != 0)
            fail_msg("%s, %s, limit %a: row %d has %llx and %a, not %llx and %a", k->name, text_of(m),
                     (double)m->tile.limit[i], i, (unsigned long long)below[i], (double)least[i],
                     (unsigned long long)bits, (double)low);
    }
    for (int i = 0; i < GUARD; i++) assert_true(scores[ROWS * COLUMNS + i] == 7);
}

/* Limits that no, some, and all scores reach, and scores themselves. */
static void check_limits(const panel8_kernel *k, material *m)
{
    for (int shift = 0; shift < ROWS; shift++) {
        for (int i = 0; i < ROWS; i++) {
            float score = by_rule(m, i, (5 * i + 7 * shift) % (m->n ? m->n : 1));
            const float limits[] = {-INFINITY, INFINITY, score, nextafterf(score, -INFINITY), 0, -0.0f, 3, -1e30f};
            m->tile.limit[i] = limits[(i + shift) % 8];
        }
        check_filter(k, m);
    }
}

/* The kernels that this processor has; what it lacks is said. */
static int usable(const panel8_kernel *k)
{
    if (panel8_kernel_usable(k)) return 1;
    print_message("SKIPPED: this processor has no %s kernel\n", k->name);
    return 0;
}

static void every_kernel_equals_the_rule_bit_for_bit(void **state)
{
    (void)state;
    static const int64_t depths[] = {0, 1, 3, 4, 5, 39, 64, 768}, columns[] = {0, 1, 47, 48};
    for (size_t i = 0; panel8_kernel_at(i); i++) {
        if (!usable(panel8_kernel_at(i))) continue;
        for (size_t d = 0; d < sizeof depths / sizeof *depths; d++)
            for (int64_t n_floats = 1; n_floats <= PANEL8_MAX_FLOATS; n_floats++)
                for (int c = 0; c < 4; c++) {
                    material m;
                    make(&m, RANDOM, depths[d], n_floats, columns[c]);
                    check_scores(panel8_kernel_at(i), &m);
                    check_limits(panel8_kernel_at(i), &m);
                    clear(&m);
                }
    }
}

/* Products of the largest magnitude, up to the greatest depth, where the integers come near 2^31. */
static void extreme_bytes_do_not_saturate(void **state)
{
    (void)state;
    static const int64_t depths[] = {1, 4, 768, PANEL8_MAX_DEPTH};
    for (size_t i = 0; panel8_kernel_at(i); i++) {
        if (!panel8_kernel_usable(panel8_kernel_at(i))) continue;
        for (int kind = HIGHEST; kind < N_KINDS; kind++)
            for (int d = 0; d < 4; d++) {
                material m;
                make(&m, (bytes_kind)kind, depths[d], 3, 48);
                check_scores(panel8_kernel_at(i), &m);
                clear(&m);
            }
    }
}

/* One row far above the others and far below: least and masks belong to their own row. */
static void rows_do_not_mix(void **state)
{
    (void)state;
    for (size_t i = 0; panel8_kernel_at(i); i++) {
        if (!panel8_kernel_usable(panel8_kernel_at(i))) continue;
        for (int row = 0; row < ROWS; row++)
            for (int64_t j = 0; j < COLUMNS; j++) {
                material m;
                make(&m, ZERO, 4, 2, 48);
                for (int64_t c = 0; c < COLUMNS; c++) m.f[c] = (float)(100 + c), m.f[COLUMNS + c] = c == j ? -90 : 0;
                panel8_pack(&m.layout, m.p, 48, 4, m.z, m.f, m.panel);
                for (int r = 0; r < ROWS; r++) m.floats[r][1] = r == row ? 1 : (float)r / 16, m.tile.limit[r] = 0;
                check_filter(panel8_kernel_at(i), &m);
                m.tile.limit[row] = 1000;
                check_filter(panel8_kernel_at(i), &m);
                clear(&m);
            }
    }
}

static void the_best_kernel_is_one_that_is_allowed(void **state)
{
    (void)state;
    for (enum isa isa = ISA_PLAIN; isa < N_ISAS; isa++) {
        if (!isa_has(isa)) continue;
        assert_int_equal(isa_force(isa_name(isa)), OK);
        const panel8_kernel *best = panel8_kernel_best();
        assert_true(best->isa <= isa && panel8_kernel_usable(best));
        for (size_t i = 0; panel8_kernel_at(i) != best; i++) assert_false(panel8_kernel_usable(panel8_kernel_at(i)));
        if (isa != ISA_AVX512) assert_int_equal(best->isa, isa);
    }
    assert_int_equal(isa_force("auto"), OK);
}

static void panels_are_whole_lines(void **state)
{
    (void)state;
    for (int64_t depth = 0; depth < 70; depth++)
        for (int64_t n_floats = 1; n_floats <= PANEL8_MAX_FLOATS; n_floats++) {
            panel8_layout l = panel8_layout_of(depth, n_floats);
            assert_true(l.bytes % 64 == 0 && l.words * 4 >= depth && l.words * 4 < depth + 4);
            assert_int_equal(l.n_floats, n_floats);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kernel_equals_the_rule_bit_for_bit),
        cmocka_unit_test(extreme_bytes_do_not_saturate),
        cmocka_unit_test(rows_do_not_mix),
        cmocka_unit_test(the_best_kernel_is_one_that_is_allowed),
        cmocka_unit_test(panels_are_whole_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
