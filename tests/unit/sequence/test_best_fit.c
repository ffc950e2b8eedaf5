#include "sequence/best_fit.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

static void longest_first_into_the_tightest_bin(void **state)
{
    (void)state;
    /*                           0  1  2  3  4  5  6  7 */
    const uint32_t lengths[] = {3, 7, 0, 5, 10, 2, 3, 1};
    uint32_t bin[8];
    size_t n_bins = 0;
    assert_int_equal(best_fit(lengths, 8, 10, bin, &n_bins), OK);
    assert_int_equal(n_bins, 4);
    assert_int_equal(bin[4], 0);             /* 10 */
    assert_int_equal(bin[1], 1);             /* 7, room 3 */
    assert_int_equal(bin[3], 2);             /* 5, room 5 */
    assert_int_equal(bin[0], 1);             /* the first 3 fills the tighter bin */
    assert_int_equal(bin[6], 2);             /* the second 3, room 2 */
    assert_int_equal(bin[5], 2);             /* 2 */
    assert_int_equal(bin[7], 3);             /* 1: no room anywhere */
    assert_int_equal(bin[2], BEST_FIT_NONE); /* nothing to place */
}

static void refuses_what_does_not_fit(void **state)
{
    (void)state;
    const uint32_t lengths[] = {3, 11};
    uint32_t bin[2];
    size_t n_bins;
    assert_int_equal(best_fit(lengths, 2, 10, bin, &n_bins), ERR_INTERNAL);
    assert_int_equal(best_fit(lengths, 0, 10, bin, &n_bins), OK);
    assert_int_equal(n_bins, 0);
}

/* The same rule by looking at every bin: of the tightest ones the bin filled last. */
static size_t slow_best_fit(const uint32_t *lengths, size_t n, uint32_t capacity, uint32_t *bin)
{
    uint32_t room[512];
    int64_t touched[512], clock = 0;
    size_t n_bins = 0;
    for (uint32_t length = capacity; length > 0; length--)
        for (size_t i = 0; i < n; i++) {
            if (lengths[i] != length) continue;
            size_t best = n_bins;
            for (size_t b = 0; b < n_bins; b++)
                if (room[b] >= length &&
                    (best == n_bins || room[b] < room[best] || (room[b] == room[best] && touched[b] > touched[best])))
                    best = b;
            if (best == n_bins) room[n_bins++] = capacity;
            room[best] -= length;
            touched[best] = clock++;
            bin[i] = (uint32_t)best;
        }
    return n_bins;
}

static void agrees_with_looking_at_every_bin(void **state)
{
    (void)state;
    enum { N = 500 };
    uint32_t lengths[N], bin[N], slow[N];
    const uint32_t capacities[] = {1, 2, 63, 64, 65, 127, 1000, 4096, 5000};
    for (uint64_t seed = 0; seed < 45; seed++) {
        uint32_t capacity = capacities[seed % 9];
        for (size_t i = 0; i < N; i++)
            lengths[i] = 1 + (uint32_t)(rng_bits(seed, i, 0) % (seed % 2 ? capacity : (capacity + 3) / 4));
        size_t n_bins = 0, wanted = slow_best_fit(lengths, N, capacity, slow);
        assert_int_equal(best_fit(lengths, N, capacity, bin, &n_bins), OK);
        assert_int_equal(n_bins, wanted);
        assert_memory_equal(bin, slow, sizeof bin);
    }
}

/* A million short documents: never over capacity, hardly any padding, a fraction of a second. */
static void a_million_short_documents_leave_no_padding(void **state)
{
    (void)state;
    enum { N = 1000000, L = 4096 };
    uint32_t *lengths = NULL, *bin = NULL, *filled = NULL;
    size_t n_bins = 0;
    int64_t total = 0;
    assert_int_equal(MEM_ALLOC(lengths, N), OK);
    assert_int_equal(MEM_ALLOC(bin, N), OK);
    for (size_t i = 0; i < N; i++) total += lengths[i] = 8 + (uint32_t)(rng_bits(1, i, 0) % 500);
    clock_t start = clock();
    assert_int_equal(best_fit(lengths, N, L, bin, &n_bins), OK);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    assert_int_equal(MEM_ALLOC(filled, n_bins), OK);
    for (size_t i = 0; i < N; i++) {
        assert_true(bin[i] < n_bins);
        filled[bin[i]] += lengths[i];
    }
    for (size_t b = 0; b < n_bins; b++) assert_true(filled[b] > 0 && filled[b] <= L);
    double padding = 1 - (double)total / ((double)n_bins * L);
    printf("%d documents in %zu sequences of %d: %.3f %% padding, %.2f s\n", N, n_bins, L, 100 * padding, seconds);
    assert_true(padding < 0.01);
    mem_free(&lengths);
    mem_free(&bin);
    mem_free(&filled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(longest_first_into_the_tightest_bin),
        cmocka_unit_test(refuses_what_does_not_fit),
        cmocka_unit_test(agrees_with_looking_at_every_bin),
        cmocka_unit_test(a_million_short_documents_leave_no_padding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
