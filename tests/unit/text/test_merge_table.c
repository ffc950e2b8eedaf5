#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "text/merge_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

enum { BASE = 3, IDS = 40 };

/* Random merges: id i is made of two earlier ids. */
static void fill(merge_table *t, int rank[IDS][IDS], uint64_t seed)
{
    for (int i = 0; i < IDS; i++)
        for (int k = 0; k < IDS; k++) rank[i][k] = -1;
    for (int i = BASE; i < IDS; i++) {
        uint32_t left = (uint32_t)(rng_bits(seed, (uint64_t)i, 0) % (uint64_t)i);
        uint32_t right = (uint32_t)(rng_bits(seed, (uint64_t)i, 1) % (uint64_t)i);
        rank[left][right] = i - BASE; /* of the same pair the last counts */
        assert_int_equal(merge_table_add(t, left, right, (uint32_t)i), OK);
    }
}

/* The definition: the least rank, leftmost, until there is none. */
static size_t merge_plainly(int rank[IDS][IDS], uint32_t *ids, size_t n)
{
    for (;;) {
        size_t best = n;
        for (size_t i = 0; i + 1 < n; i++) {
            int r = rank[ids[i]][ids[i + 1]];
            if (r >= 0 && (best == n || r < rank[ids[best]][ids[best + 1]])) best = i;
        }
        if (best == n) return n;
        ids[best] = (uint32_t)(rank[ids[best]][ids[best + 1]] + BASE);
        memmove(ids + best + 1, ids + best + 2, (n - best - 2) * sizeof *ids);
        n--;
    }
}

static void short_and_long_words_merge_by_the_rule(void **state)
{
    (void)state;
    static int rank[IDS][IDS];
    for (uint64_t seed = 0; seed < 300; seed++) {
        merge_table t = {0};
        uint32_t ids[200], want[200];
        fill(&t, rank, seed);
        for (size_t n = 0; n < 200; n += 1 + n / 8) {
            for (size_t i = 0; i < n; i++) ids[i] = want[i] = (uint32_t)(rng_bits(seed, i, 2 + n) % BASE);
            size_t got = n, wanted = merge_plainly(rank, want, n);
            assert_int_equal(merge_table_run(&t, ids, &got), OK);
            assert_int_equal(got, wanted);
            for (size_t i = 0; i < got; i++) assert_int_equal(ids[i], want[i]);
        }
        merge_table_free(&t);
    }
}

static void a_long_word_takes_little_time(void **state)
{
    (void)state;
    enum { N = 1 << 20 };
    merge_table t = {0};
    uint32_t *ids = NULL;
    size_t n = N;
    for (uint32_t i = 0; i < 12; i++) assert_int_equal(merge_table_add(&t, i, i, i + 1), OK);
    assert_int_equal(MEM_ALLOC(ids, N), OK);
    clock_t start = clock();
    assert_int_equal(merge_table_run(&t, ids, &n), OK);
    assert_true((double)(clock() - start) < 20.0 * CLOCKS_PER_SEC); /* it takes 0.2 s; by plain search, hours */
    assert_int_equal(n, N >> 12);
    for (size_t i = 0; i < n; i++) assert_int_equal(ids[i], 12);
    mem_free(&ids);
    merge_table_free(&t);
}

static void ranks_of_pieces_are_ranks_of_pairs(void **state)
{
    (void)state;
    static const char *const pieces[] = {"a", "b", "c", "ab", "bc", "abc", "cab"};
    piece_table p = {0};
    merge_table t = {0};
    uint32_t ids[] = {0, 1, 2, 0, 1}; /* ab c ab: then abc before cab */
    size_t n = 5;
    for (uint32_t i = 0; i < 7; i++) {
        assert_int_equal(piece_table_set(&p, i, pieces[i], strlen(pieces[i])), OK);
        assert_int_equal(piece_table_index(&p, i), OK);
    }
    assert_int_equal(piece_table_find(&p, "abc", 3), 5);
    assert_int_equal(piece_table_find(&p, "abca", 4), -1);
    assert_int_equal(piece_table_set(&p, PIECE_IDS_MAX, "x", 1), ERR_CONFIG);
    assert_int_equal(merge_table_add_all(&t, &p), OK);
    assert_int_equal(merge_table_run(&t, ids, &n), OK);
    assert_int_equal(n, 2);
    assert_int_equal(ids[0], 5);
    assert_int_equal(ids[1], 3);
    merge_table_free(&t);
    piece_table_free(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(short_and_long_words_merge_by_the_rule),
        cmocka_unit_test(a_long_word_takes_little_time),
        cmocka_unit_test(ranks_of_pieces_are_ranks_of_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
