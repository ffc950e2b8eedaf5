/* Passes with bounds against every distance in fp64, while centroids move in all sorts of ways. */
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "codebook/kmeans_bounds.h"
#include "codebook/unit_length.h"
#include "tensor/half.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { PASSES = 10 };

typedef enum set_kind {
    CLOUD,
    DECAYING, /* value w is as 1 / (w + 1) */
    GRID,     /* small integers: equal distances everywhere */
    TINY,     /* 1e-20 */
    LARGE,    /* 1e12 */
    HUGE_ONES /* every seventh vector beyond what the filter can take, and where fp32 squares overflow */
} set_kind;

/* How centroids move from pass to pass. */
typedef enum move_kind {
    LLOYD,  /* to the means */
    JITTER, /* each a little, less and less */
    SWAP,   /* two change places */
    JUMP,   /* one goes far away and comes back */
    DRIFT,  /* all together, so far that bounds of old say nothing */
    STEPS,  /* whole steps along the axes, some not at all: ties appear and go */
    REST,   /* not at all */
    N_MOVES
} move_kind;

typedef struct setting {
    set_kind kind;
    int64_t n, k, d;
    kmeans_type type;
    kmeans_metric metric;
    int rotated;
    int64_t lead, depth; /* when rotated */
} setting;

typedef struct trial {
    setting s;
    move_kind move;
    float *x, *c; /* (n, d), (k, d) as they are compared */
    void *stored; /* (n, d) as they are read */
    int in_place;
    kmeans_data data;
    kmeans_rows rows;
    kmeans_vectors vectors;
    uint32_t *codes;
    kmeans_bounds *bounds;
    int64_t n_bounded, n_changed, asked, stop_at;
} trial;

static double number(uint64_t key, int64_t i, int64_t w)
{
    double sum = 0;
    for (uint64_t t = 0; t < 3; t++) sum += rng_uniform(key + t, (uint64_t)i, (uint64_t)w) - 0.5;
    return 2 * sum;
}

static double value_of(set_kind kind, int64_t i, int64_t w)
{
    double v = number(10, i, w);
    switch (kind) {
    case DECAYING: return v / (double)(w + 1);
    case GRID: return (double)(rng_bits(4, (uint64_t)i, (uint64_t)w) % 5) - 2;
    case TINY: return 1e-20 * v;
    case LARGE: return 1e12 * v;
    case HUGE_ONES: return i % 7 == 3 ? v * pow(10, 12 + (double)(i % 27)) : v;
    case CLOUD: break;
    }
    return v;
}

static int read_vectors(void *user, int64_t i, int64_t n, void *buffer, const void **rows)
{
    const trial *t = user;
    size_t bytes = kmeans_row_bytes(&t->data);
    const char *from = (const char *)t->stored + (size_t)i * bytes;
    *rows = t->in_place ? from : buffer;
    if (!t->in_place) memcpy(buffer, from, (size_t)n * bytes);
    return OK;
}

static void make_vectors(trial *t)
{
    const setting *s = &t->s;
    size_t size = (size_t)(s->n * s->d);
    assert_int_equal(MEM_ALLOC(t->x, size), OK);
    assert_int_equal(mem_alloc(&t->stored, size, sizeof(float)), OK);
    for (int64_t i = 0; i < s->n; i++)
        for (int64_t w = 0; w < s->d; w++)
            t->x[i * s->d + w] = i % 50 == 7 ? 0 : (float)value_of(s->kind, i % 90 < 80 ? i : 11, w);
    if (s->type == KMEANS_HALF) {
        half_from_floats(t->x, size, t->stored);
        half_to_floats(t->stored, size, t->x);
    } else {
        memcpy(t->stored, t->x, size * sizeof *t->x);
    }
    for (int64_t i = 0; i < s->n && s->metric == KMEANS_COSINE; i++)
        unit_length(t->x + i * s->d, s->d, t->x + i * s->d);
}

/* Zeros, small and large ones, so that scores overflow in both directions. */
static double huge_centroid(int64_t j, int64_t w)
{
    static const double sizes[] = {1, 1e9, 0, 1e13};
    return sizes[j % 4] * number(20, j, w);
}

/* Centroids near vectors, some of them twice. */
static void make_centroids(trial *t)
{
    const setting *s = &t->s;
    double scale = s->kind == HUGE_ONES ? 0
                   : s->kind == TINY    ? 1e-21
                   : s->kind == LARGE   ? 1e11
                   : s->kind == GRID    ? 0
                                        : 0.1;
    assert_int_equal(MEM_ALLOC(t->c, (size_t)(s->k * s->d)), OK);
    for (int64_t j = 0; j < s->k; j++)
        for (int64_t w = 0; w < s->d; w++) {
            int64_t i = j % 9 == 8 ? j - 1 : j;
            double v = s->kind == HUGE_ONES ? huge_centroid(i, w) : t->x[i * 31 % s->n * s->d + w];
            t->c[j * s->d + w] = (float)(v + scale * number(30, i, w));
        }
}

static double longest_of(const trial *t)
{
    double longest = 0;
    for (int64_t i = 0; i < t->s.n + t->s.k; i++) {
        const float *v = i < t->s.n ? t->x + i * t->s.d : t->c + (i - t->s.n) * t->s.d;
        double sum = 0;
        for (int64_t w = 0; w < t->s.d; w++) sum += (double)v[w] * v[w];
        longest = fmax(longest, sum);
    }
    return longest;
}

static void make_bounds(trial *t)
{
    const setting *s = &t->s;
    filter *f = NULL;
    float *centre = NULL, *basis = NULL;
    int64_t rows = s->lead + s->depth;
    double energy[400];
    assert_int_equal(MEM_ALLOC(centre, (size_t)s->d), OK);
    for (int64_t w = 0; w < s->d && s->kind != HUGE_ONES; w++) {
        double sum = 0;
        for (int64_t i = 0; i < s->n; i++) sum += t->x[i * s->d + w];
        centre[w] = (float)(sum / (double)s->n);
    }
    if (s->rotated) {
        assert_int_equal(MEM_ALLOC(basis, (size_t)(rows * s->d)), OK);
        assert_int_equal(filter_basis(t->c, s->k, s->d, centre, rows, basis, energy), OK);
    }
    assert_int_equal(filter_create(&f, s->k, s->d, centre, basis, s->lead, s->rotated ? s->depth : s->d), OK);
    assert_int_equal(filter_group(f, t->c), OK);
    for (int64_t i = 0; i < s->n; i++) t->codes[i] = (uint32_t)(rng_bits(8, (uint64_t)i, 0) % (uint64_t)s->k);
    assert_int_equal(kmeans_bounds_create(&t->bounds, &f, &t->vectors, t->n_bounded, t->codes, t->c, longest_of(t)),
                     OK);
    assert_null(f);
    mem_free(&centre);
    mem_free(&basis);
}

static void begin(trial *t, const setting *s, move_kind move, int in_place)
{
    *t = (trial){.s = *s, .move = move, .in_place = in_place, .n_bounded = s->n};
    make_vectors(t);
    make_centroids(t);
    t->data = (kmeans_data){.n_global = s->n,
                            .n_local = s->n,
                            .d = s->d,
                            .type = s->type,
                            .in_place = in_place,
                            .read = read_vectors,
                            .user = t};
    assert_int_equal(kmeans_rows_create(&t->rows, &t->data, 1, 0, s->metric), OK);
    t->vectors =
        (kmeans_vectors){.rows = &t->rows, .distance = distance_kernel_best(), .quantise = quantise_kernel_best()};
    do {
        assert_int_equal(kmeans_rows_next(&t->rows), OK);
        assert_int_equal(kmeans_vectors_note(&t->vectors), OK);
    } while (t->rows.n_train);
    assert_int_equal(t->vectors.n, s->n);
    assert_int_equal(MEM_ALLOC(t->codes, (size_t)s->n), OK);
    make_bounds(t);
}

static void end(trial *t)
{
    kmeans_bounds_free(&t->bounds);
    kmeans_vectors_free(&t->vectors);
    kmeans_rows_free(&t->rows);
    mem_free(&t->x);
    mem_free(&t->c);
    mem_free(&t->stored);
    mem_free(&t->codes);
}

static void to_means(trial *t)
{
    int64_t n = t->s.n, d = t->s.d;
    double *sum = NULL;
    assert_int_equal(MEM_ALLOC(sum, (size_t)d), OK);
    for (int64_t j = 0; j < t->s.k; j++) {
        int64_t count = 0;
        memset(sum, 0, (size_t)d * sizeof *sum);
        for (int64_t i = 0; i < n; i++) {
            if (t->codes[i] != (uint32_t)j) continue;
            count++;
            for (int64_t w = 0; w < d; w++) sum[w] += t->x[i * d + w];
        }
        for (int64_t w = 0; w < d && count && t->s.kind != HUGE_ONES; w++)
            t->c[j * d + w] = (float)(sum[w] / (double)count);
    }
    mem_free(&sum);
}

static void swap_centroids(trial *t, int64_t a, int64_t b)
{
    for (int64_t w = 0; w < t->s.d; w++) {
        float keep = t->c[a * t->s.d + w];
        t->c[a * t->s.d + w] = t->c[b * t->s.d + w];
        t->c[b * t->s.d + w] = keep;
    }
}

/* Centroids for pass `pass`. */
static void move_centroids(trial *t, int pass)
{
    int64_t k = t->s.k, d = t->s.d;
    double scale = (t->s.kind == TINY ? 1e-20 : t->s.kind == LARGE ? 1e12 : 1) / (1 << pass / 2);
    if (t->move == LLOYD) to_means(t);
    if (t->move == SWAP) swap_centroids(t, pass % k, (pass * 37 + 1) % k);
    for (int64_t j = 0; j < k; j++)
        for (int64_t w = 0; w < d; w++) {
            float *v = &t->c[j * d + w];
            if (t->move == JITTER) *v += (float)(scale * number((uint64_t)(40 + pass), j, w) / 10);
            if (t->move == JUMP && j == (pass / 2) % k) *v = pass % 2 ? *v * 30 : *v / 30;
            if (t->move == DRIFT) *v += (float)((pass % 2 ? 1 : -1) * scale * (1 << pass / 2) * 50);
            if (t->move == STEPS && rng_bits(9, (uint64_t)(pass * 1000 + j), 0) % 3 == 0 && w == j % d)
                *v += (float)((1 - 2 * (pass % 2)) * scale * (1 << pass / 2));
        }
}

static int note_change(void *user, int64_t i, uint32_t code)
{
    trial *t = user;
    assert_true(i >= 0 && i < t->n_bounded && code < t->s.k && t->codes[i] != code);
    t->n_changed++;
    return OK;
}

static int should_stop(void *user)
{
    trial *t = user;
    return t->stop_at && ++t->asked >= t->stop_at;
}

/* Every code is that of the nearest centroid, the lowest on ties. */
static void check_codes(const trial *t, int pass)
{
    const setting *s = &t->s;
    for (int64_t i = 0; i < t->n_bounded; i++) {
        double least = INFINITY;
        uint32_t best = 0;
        for (int64_t j = 0; j < s->k; j++) {
            double distance = t->vectors.distance->floats(t->x + i * s->d, t->c + j * s->d, s->d);
            if (distance < least) least = distance, best = (uint32_t)j;
        }
        if (t->codes[i] != best)
            fail_msg(
                "kind %d, %lld x %lld, %lld + %lld, move %d, pass %d: vector %lld has code %u, not %u (%a, not %a)",
                s->kind, (long long)s->k, (long long)s->d, (long long)s->lead, (long long)s->depth, t->move, pass,
                (long long)i, t->codes[i], best,
                t->vectors.distance->floats(t->x + i * s->d, t->c + t->codes[i] * s->d, s->d), least);
    }
}

static void run_pass(trial *t, int pass)
{
    int stopped;
    uint32_t *before = NULL;
    int64_t differ = 0;
    assert_int_equal(mem_copy((char **)&before, t->codes, (size_t)t->s.n * sizeof *before), OK);
    t->n_changed = 0;
    for (int share = 2; share >= 0; share--) assert_int_equal(kmeans_bounds_load(t->bounds, t->c, share, 3), OK);
    assert_int_equal(kmeans_bounds_run(t->bounds, t->c, note_change, should_stop, t, &stopped), OK);
    assert_false(stopped);
    check_codes(t, pass);
    for (int64_t i = 0; i < t->s.n; i++) differ += before[i] != t->codes[i];
    assert_int_equal(differ, t->n_changed);
    mem_free(&before);
}

/* All passes; returns the share of the groups that the second half of them looked at. */
static double run(trial *t)
{
    int64_t groups = 0, n_groups = (t->s.k + PANEL8_COLUMNS - 1) / PANEL8_COLUMNS;
    for (int pass = 0; pass < PASSES; pass++) {
        if (pass) move_centroids(t, pass);
        run_pass(t, pass);
        kmeans_work work = kmeans_bounds_work(t->bounds);
        assert_true(work.vectors <= t->n_bounded && work.groups <= t->n_bounded * n_groups);
        if (pass == 0) assert_int_equal(work.groups, t->n_bounded * n_groups);
        if (pass >= PASSES / 2) groups += work.groups;
    }
    return (double)groups / (double)(t->n_bounded * n_groups * (PASSES - PASSES / 2));
}

static const setting settings[] = {
    {CLOUD, 400, 200, 13, KMEANS_HALF, KMEANS_L2, 0, 0, 0},
    {CLOUD, 240, 100, 39, KMEANS_FLOAT, KMEANS_L2, 1, 4, 16},
    {CLOUD, 200, 49, 1, KMEANS_FLOAT, KMEANS_L2, 0, 0, 0},
    {CLOUD, 200, 48, 3, KMEANS_HALF, KMEANS_L2, 1, 0, 3},
    {CLOUD, 200, 2, 7, KMEANS_HALF, KMEANS_L2, 0, 0, 0},
    {CLOUD, 200, 1, 7, KMEANS_HALF, KMEANS_L2, 0, 0, 0},
    {DECAYING, 400, 300, 80, KMEANS_HALF, KMEANS_L2, 1, 8, 24},
    {DECAYING, 260, 145, 257, KMEANS_FLOAT, KMEANS_L2, 1, 4, 28},
    {DECAYING, 260, 145, 80, KMEANS_FLOAT, KMEANS_COSINE, 1, 0, 32},
    {CLOUD, 260, 145, 13, KMEANS_HALF, KMEANS_COSINE, 0, 0, 0},
    {CLOUD, 260, 145, 13, KMEANS_HALF, KMEANS_INNER, 0, 0, 0},
    {GRID, 400, 200, 2, KMEANS_HALF, KMEANS_L2, 0, 0, 0},
    {GRID, 400, 200, 5, KMEANS_FLOAT, KMEANS_L2, 1, 0, 3},
    {TINY, 240, 97, 13, KMEANS_FLOAT, KMEANS_L2, 0, 0, 0},
    {TINY, 240, 97, 39, KMEANS_FLOAT, KMEANS_L2, 1, 4, 12},
    {LARGE, 240, 97, 39, KMEANS_FLOAT, KMEANS_L2, 1, 4, 12},
};
enum { N_SETTINGS = sizeof settings / sizeof *settings };

static void codes_are_those_of_all_distances(void **state)
{
    (void)state;
    for (int i = 0; i < N_SETTINGS; i++)
        for (int move = 0; move < N_MOVES; move++) {
            trial t;
            begin(&t, &settings[i], (move_kind)move, (i + move) % 2);
            run(&t);
            end(&t);
        }
}

static void all_instruction_sets_agree(void **state)
{
    (void)state;
    for (enum isa isa = ISA_PLAIN; isa < N_ISAS; isa++) {
        if (!isa_has(isa)) {
            print_message("SKIPPED: this processor has no %s\n", isa_name(isa));
            continue;
        }
        assert_int_equal(isa_force(isa_name(isa)), OK);
        for (int i = 0; i < N_SETTINGS; i++) {
            trial t;
            begin(&t, &settings[i], i % 2 ? LLOYD : STEPS, 1);
            run(&t);
            end(&t);
        }
    }
    assert_int_equal(isa_force("auto"), OK);
}

/* Otherwise the tests here would not notice if every vector were looked at in every pass. */
static void bounds_save_most_of_the_work(void **state)
{
    (void)state;
    static const setting s = {DECAYING, 1500, 300, 39, KMEANS_HALF, KMEANS_L2, 0, 0, 0};
    static const double most[N_MOVES] = {[LLOYD] = 0.5, [JITTER] = 0.6, [SWAP] = 0.5, [REST] = 0.1};
    for (int move = 0; move < N_MOVES; move++) {
        trial t;
        if (most[move] == 0) continue;
        begin(&t, &s, (move_kind)move, 1);
        double share = run(&t);
        print_message("move %d: %.3f of the groups\n", move, share);
        assert_true(share < most[move]);
        end(&t);
    }
}

/* On a line: vectors near 0, centroid a of one group at -1, b of the other at 1.2, all others far away. In `steps`
 * equal steps the gap between a and b closes and a twentieth more, so that bounds a little too tight keep a. */
static void check_line(int64_t a_moves, int64_t b_moves, int steps)
{
    enum { K = 96 };
    static const setting s = {CLOUD, 300, K, 1, KMEANS_FLOAT, KMEANS_L2, 0, 0, 0};
    trial t;
    begin(&t, &s, REST, 1);
    kmeans_bounds_free(&t.bounds);
    for (int64_t i = 0; i < s.n; i++) t.x[i] = ((float *)t.stored)[i] = (float)(i % 7 - 3) / 10000;
    for (int64_t j = 0; j < K; j++) t.c[j] = j % 2 ? 100 + (float)j : -100 - (float)j;
    t.c[10] = -1;
    t.c[11] = 1.2f;
    make_bounds(&t);
    for (int pass = 0; pass <= steps; pass++) {
        float step = pass ? 0.21f / (float)(steps * (a_moves + b_moves)) : 0;
        t.c[10] -= step * (float)a_moves;
        t.c[11] -= step * (float)b_moves;
        run_pass(&t, pass);
        assert_int_equal(t.codes[0], pass < steps ? 10 : 11);
    }
    end(&t);
}

static void bounds_hold_where_nothing_is_to_spare(void **state)
{
    (void)state;
    for (int steps = 1; steps <= 5; steps++) {
        check_line(1, 0, steps);
        check_line(0, 1, steps);
        check_line(1, 1, steps);
    }
}

/* Vectors so long that scores, or squares in fp32, overflow. */
static void vectors_beyond_the_filter_keep_their_codes(void **state)
{
    (void)state;
    static const setting sets[] = {{HUGE_ONES, 400, 100, 3, KMEANS_FLOAT, KMEANS_L2, 0, 0, 0},
                                   {HUGE_ONES, 400, 100, 39, KMEANS_FLOAT, KMEANS_L2, 1, 4, 12}};
    for (int i = 0; i < 2; i++)
        for (int move = 0; move < N_MOVES; move++) {
            trial t;
            begin(&t, &sets[i], (move_kind)move, 1);
            run(&t);
            end(&t);
        }
}

static void vectors_without_bounds_are_left_alone(void **state)
{
    (void)state;
    trial t;
    begin(&t, &settings[0], LLOYD, 1);
    kmeans_bounds_free(&t.bounds);
    t.n_bounded = 201;
    make_bounds(&t);
    uint32_t last = t.codes[201];
    run(&t);
    assert_int_equal(t.codes[201], last);
    end(&t);
    begin(&t, &settings[0], LLOYD, 1);
    kmeans_bounds_free(&t.bounds);
    t.n_bounded = 0;
    make_bounds(&t);
    run(&t);
    end(&t);
}

/* A pass that stops in the middle leaves bounds that are still true. */
static void a_stopped_pass_can_be_repeated(void **state)
{
    (void)state;
    static const setting s = {CLOUD, 3000, 100, 13, KMEANS_HALF, KMEANS_L2, 0, 0, 0};
    trial t;
    int stopped;
    begin(&t, &s, JITTER, 1);
    for (int pass = 0; pass < 8; pass++) {
        if (pass) move_centroids(&t, pass);
        assert_int_equal(kmeans_bounds_load(t.bounds, t.c, 0, 1), OK);
        t.asked = 0;
        t.stop_at = 2;
        assert_int_equal(kmeans_bounds_run(t.bounds, t.c, note_change, should_stop, &t, &stopped), OK);
        assert_true(stopped);
        t.stop_at = 0;
        run_pass(&t, pass);
    }
    end(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_are_those_of_all_distances),
        cmocka_unit_test(all_instruction_sets_agree),
        cmocka_unit_test(bounds_save_most_of_the_work),
        cmocka_unit_test(bounds_hold_where_nothing_is_to_spare),
        cmocka_unit_test(vectors_beyond_the_filter_keep_their_codes),
        cmocka_unit_test(vectors_without_bounds_are_left_alone),
        cmocka_unit_test(a_stopped_pass_can_be_repeated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
