#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "codebook/codebook.h"
#include "golden.h"
#include "tensor/score_scan.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static float *numbers(uint64_t seed, int64_t n, double scale, double offset)
{
    float *x = NULL;
    assert_int_equal(MEM_ALLOC(x, (size_t)n), OK);
    for (int64_t i = 0; i < n; i++) {
        double sum = 0;
        for (uint64_t t = 0; t < 4; t++) sum += rng_uniform(seed, (uint64_t)i, t) - 0.5;
        x[i] = (float)(offset + scale * sum);
    }
    return x;
}

static double distance_of(const float *x, const float *c, int64_t d)
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

/* Codes and distances against every distance in fp64, with and without distances asked for. */
static void check_against_all(const float *x, int64_t n, const float *c, int64_t k, int64_t d)
{
    assigner *a = NULL;
    uint32_t *codes = NULL, *alone = NULL;
    double *distances = NULL;
    assert_int_equal(MEM_ALLOC(codes, (size_t)n), OK);
    assert_int_equal(MEM_ALLOC(alone, (size_t)n), OK);
    assert_int_equal(MEM_ALLOC(distances, (size_t)n), OK);
    assert_int_equal(assigner_create(&a, c, k, d), OK);
    assert_int_equal(assigner_run(a, x, n, codes, distances), OK);
    assert_int_equal(assigner_run(a, x, n, alone, NULL), OK);
    assert_memory_equal(codes, alone, (size_t)n * sizeof *codes);
    for (int64_t i = 0; i < n; i++) {
        int64_t best = 0;
        double least = INFINITY;
        for (int64_t j = 0; j < k; j++) {
            double distance = distance_of(x + i * d, c + j * d, d);
            if (distance < least) least = distance, best = j;
        }
        if (codes[i] != best || distances[i] != least)
            fail_msg("K %lld, D %lld, row %lld: code %u at %a, not %lld at %a", (long long)k, (long long)d,
                     (long long)i, codes[i], distances[i], (long long)best, least);
    }
    assigner_free(&a);
    mem_free(&codes);
    mem_free(&alone);
    mem_free(&distances);
}

static void check_random(int64_t n, int64_t k, int64_t d, double scale, double offset)
{
    float *x = numbers(1, n * d, scale, offset), *c = numbers(2, k * d, scale, offset);
    memcpy(c + (k / 2) * d, x, (size_t)d * sizeof *c); /* a row that is a centroid */
    check_against_all(x, n, c, k, d);
    mem_free(&x);
    mem_free(&c);
}

static void equals_the_exhaustive_search(void **state)
{
    (void)state;
    static const int64_t sizes[] = {1, 2, 50, 1000}, depths[] = {1, 13, 39, 80, 256, 768};
    for (size_t i = 0; i < 4; i++)
        for (size_t j = 0; j < 6; j++) check_random(sizes[i] < 1000 ? 150 : 20, sizes[i], depths[j], 1, 0);
}

static void holds_for_offsets_and_extreme_scales(void **state)
{
    (void)state;
    check_random(50, 50, 39, 1, 1000);
    check_random(50, 50, 80, 1e-3, 1000);
    check_random(50, 50, 257, 1, 1e6);
    check_random(50, 50, 13, 1e-30, 0);
    check_random(50, 50, 13, 1e-43, 0);
    check_random(50, 50, 13, 1e18, 0);
    check_random(50, 50, 13, 1e30, 0);
    check_random(50, 50, 13, 1.6e38, 0);
}

/* Rows so far away that products with the centroids overflow in fp32, although centroids alone do not. */
static void holds_where_products_overflow(void **state)
{
    (void)state;
    enum { N = 50, K = 50, D = 13 };
    float *x = numbers(8, N * D, 1e25, 0), *c = numbers(9, K * D, 1e15, 0);
    check_against_all(x, N, c, K, D);
    mem_free(&x);
    mem_free(&c);
}

/* Centroids that differ by a few units in the last place: fp32 scores cannot tell them apart. */
static void resolves_near_ties(void **state)
{
    (void)state;
    enum { N = 60, K = 70, D = 80 };
    float *x = numbers(3, N * D, 1, 0), *c = numbers(4, K * D, 1, 0), *other = numbers(5, K * D, 3e-6, 0);
    for (int j = 1; j < K; j++)
        for (int w = 0; w < D; w++) c[j * D + w] = c[w] + other[j * D + w];
    check_against_all(x, N, c, K, D);
    for (int j = 1; j < K; j++) /* one far away, which makes norms large */
        for (int w = 0; w < D; w++) c[j * D + w] += j == 9 ? 3000 : 0;
    check_against_all(x, N, c, K, D);
    mem_free(&x);
    mem_free(&c);
    mem_free(&other);
}

static void ties_go_to_the_lowest_index(void **state)
{
    (void)state;
    enum { N = 49, K = 60, D = 2 };
    float x[N * D], c[K * D];
    for (int i = 0; i < N; i++) x[2 * i] = (float)(i % 7 - 3), x[2 * i + 1] = (float)(i / 7 - 3);
    for (int j = 0; j < K; j++) c[2 * j] = (float)(j * 5 % 4), c[2 * j + 1] = (float)(j % 3 - 1);
    check_against_all(x, N, c, K, D);
    memset(c, 0, sizeof c);
    check_against_all(x, N, c, K, D);
    memset(x, 0, sizeof x);
    check_against_all(x, N, c, K, D);
}

static void rows_do_not_depend_on_the_batch(void **state)
{
    (void)state;
    enum { N = 300, K = 100, D = 39 };
    float *x = numbers(6, N * D, 1, 0), *c = numbers(7, K * D, 1, 0);
    uint32_t codes[N], one;
    double distances[N], distance;
    assigner *a = NULL;
    assert_int_equal(assigner_create(&a, c, K, D), OK);
    assert_int_equal(assigner_run(a, x, N, codes, distances), OK);
    for (int i = 0; i < N; i++) {
        assert_int_equal(assigner_run(a, x + i * D, 1, &one, &distance), OK);
        assert_int_equal(one, codes[i]);
        assert_true(distance == distances[i]);
    }
    assert_int_equal(assigner_run(a, x, 0, codes, NULL), OK);
    assigner_free(&a);
    mem_free(&x);
    mem_free(&c);
}

static void what_is_not_finite_is_refused_by_row(void **state)
{
    (void)state;
    float x[] = {1, 2, 3, 4, 5, 6}, c[] = {0, 0, 1, 1};
    uint32_t codes[3];
    assigner *a = NULL;
    assert_int_equal(assigner_create(&a, c, 2, 2), OK);
    assert_int_equal(assigner_run(a, x, 3, codes, NULL), OK);
    x[5] = NAN;
    assert_int_equal(assigner_run(a, x, 3, codes, NULL), ERR_INVALID);
    assert_non_null(strstr(status_message(), "vector 2"));
    x[5] = 1;
    x[2] = -INFINITY;
    assert_int_equal(assigner_run(a, x, 3, codes, NULL), ERR_INVALID);
    assert_non_null(strstr(status_message(), "vector 1"));
    assigner_free(&a);
    c[3] = NAN;
    assert_int_equal(assigner_create(&a, c, 2, 2), ERR_INVALID);
    assert_non_null(strstr(status_message(), "centroid 1"));
    assert_int_equal(assigner_create(&a, c, 0, 2), ERR_INVALID);
    assert_null(a);
}

static void every_scan_equals_the_plain_one(void **state)
{
    (void)state;
    enum { N = 131 };
    const score_scan *plain = score_scan_at(0);
    for (size_t i = 0; score_scan_at(i); i++) plain = score_scan_at(i);
    assert_string_equal(plain->name, "plain");
    for (size_t i = 0; score_scan_at(i); i++)
        for (int64_t k = 1; k <= N && isa_has(score_scan_at(i)->isa); k++) {
            float *norms = numbers((uint64_t)k, k, 1, 3), *a = numbers(200 + (uint64_t)k, k, 1, 0), b[N];
            uint32_t from_a[N], from_b[N];
            memcpy(b, a, (size_t)k * sizeof *a);
            float least = plain->least(norms, norms, 0.7f, k, a);
            assert_true(score_scan_at(i)->least(norms, norms, 0.7f, k, b) == least);
            assert_true(score_scan_at(i)->lowest(b, k) == least);
            assert_memory_equal(a, b, (size_t)k * sizeof *a);
            for (int step = 0; step < 5; step++) {
                float limit = least + (float)step;
                int64_t n = plain->up_to(a, k, limit, from_a);
                assert_true(n > 0);
                assert_int_equal(score_scan_at(i)->up_to(b, k, limit, from_b), n);
                assert_memory_equal(from_a, from_b, (size_t)n * sizeof *from_a);
            }
            mem_free(&norms);
            mem_free(&a);
        }
}

/* One iteration of a golden case. Later centroids are rounded to fp32 here, which moves distances by up to `slack`. */
static void check_golden_labels(const float *x, int64_t n, int64_t d, const double *c, int64_t k, const int32_t *labels,
                                const float *margins, double inertia)
{
    float *rounded = NULL;
    uint32_t *codes = NULL;
    double *distances = NULL, sum = 0, moved = 0;
    assigner *a = NULL;
    assert_int_equal(MEM_ALLOC(rounded, (size_t)(k * d)), OK);
    assert_int_equal(MEM_ALLOC(codes, (size_t)n), OK);
    assert_int_equal(MEM_ALLOC(distances, (size_t)n), OK);
    for (int64_t j = 0; j < k; j++) {
        double length = 0;
        for (int64_t w = 0; w < d; w++) {
            rounded[j * d + w] = (float)c[j * d + w];
            length += pow(rounded[j * d + w] - c[j * d + w], 2);
        }
        moved = fmax(moved, sqrt(length));
    }
    assert_int_equal(assigner_create(&a, rounded, k, d), OK);
    assert_int_equal(assigner_run(a, x, n, codes, distances), OK);
    for (int64_t i = 0; i < n; i++) {
        double slack = isinf(margins[i]) ? 0 : 2 * (2 * sqrt(distances[i] + margins[i]) + moved) * moved + 1e-12;
        if (moved == 0 || margins[i] > slack) assert_int_equal(codes[i], labels[i]);
        sum += distances[i];
    }
    assert_true(fabs(sum - inertia) <= 1e-6 * inertia + (double)n * moved);
    assigner_free(&a);
    mem_free(&rounded);
    mem_free(&codes);
    mem_free(&distances);
}

static void golden_labels(void **state)
{
    (void)state;
    static const char *const cases[] = {"all",  "blobs",  "cloud", "duplicates", "empty",
                                        "line", "offset", "one",   "ties"};
    golden *g = golden_open(GOLDEN_DIR "/kmeans/expect.safetensors");
    for (size_t s = 0; s < sizeof cases / sizeof *cases; s++) {
        char name[6][64];
        static const char *const parts[] = {"x", "init", "labels", "margins", "inertia", "centroids"};
        for (int p = 0; p < 6; p++) snprintf(name[p], sizeof name[p], "%s/%s", cases[s], parts[p]);
        const golden_tensor *x = golden_get(g, name[0]), *init = golden_get(g, name[1]);
        int64_t n = x->shape[0], d = x->shape[1], k = init->shape[0];
        double *start = NULL;
        assert_int_equal(MEM_ALLOC(start, (size_t)(k * d)), OK);
        for (int64_t i = 0; i < k * d; i++) start[i] = ((const float *)init->data)[i];
        for (int64_t t = 0; t < 10; t++)
            check_golden_labels(x->data, n, d, t ? golden_f64(g, name[5], NULL) + (t - 1) * k * d : start, k,
                                golden_i32(g, name[2], NULL) + t * n, golden_f32(g, name[3], NULL) + t * n,
                                golden_f64(g, name[4], NULL)[t]);
        mem_free(&start);
    }
    golden_close(g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equals_the_exhaustive_search),
        cmocka_unit_test(holds_for_offsets_and_extreme_scales),
        cmocka_unit_test(holds_where_products_overflow),
        cmocka_unit_test(resolves_near_ties),
        cmocka_unit_test(ties_go_to_the_lowest_index),
        cmocka_unit_test(rows_do_not_depend_on_the_batch),
        cmocka_unit_test(what_is_not_finite_is_refused_by_row),
        cmocka_unit_test(every_scan_equals_the_plain_one),
        cmocka_unit_test(golden_labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
