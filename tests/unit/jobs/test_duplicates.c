/* Runs of contents, in pieces or not, and the map of duplicates against a search by hand; damaged maps. */
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "jobs/content_run.h"
#include "jobs/duplicate_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { N = 3000, RUNS = 5, CONTENTS = 700, HASH = 77 };

static char folder[] = "/tmp/tessera-test-duplicates-XXXXXX", path[64];

/* Content of a position, -1: it is no example; and its row of the manifest. One content in three is that of many. */
static int64_t content_of(int64_t i)
{
    if (i % 10 == 7) return -1;
    uint64_t x = rng_bits(3, (uint64_t)i, 0);
    return x % 3 == 0 ? 5 : (int64_t)(x / 3 % CONTENTS);
}

static int64_t row_of(int64_t i) { return (int64_t)rng_permute(9, (uint64_t)i, N); }

static int give_row(void *user, int64_t position, int64_t *row)
{
    int64_t *asked = user;
    ++*asked;
    *row = row_of(position);
    return OK;
}

static void make_runs(size_t most)
{
    for (int64_t r = 0; r < RUNS; r++) {
        content_run *run = NULL;
        assert_int_equal(content_run_open(&run, folder, "content", r, most), OK);
        for (int64_t i = r * N / RUNS; i < (r + 1) * N / RUNS; i++) {
            int64_t c = content_of(i);
            if (c >= 0) assert_int_equal(content_run_add(run, hash128_of(&c, sizeof c), i), OK);
        }
        assert_int_equal(content_run_commit(run), OK);
        content_run_free(&run);
    }
}

static void make_map(int64_t width, int64_t n_positions, int status)
{
    int64_t n = 0, asked = 0;
    duplicate_map_job job = {
        .keys = {.folder = folder, .stem = "content", .kind = RUN_IDS, .n_runs = RUNS, .width = width},
        .n_positions = n_positions,
        .hash = HASH,
        .row = give_row,
        .user = &asked};
    assert_int_equal(duplicate_map_make(path, &job, &n), status);
    if (status != OK) return;
    int64_t examples = 0, kinds = 0;
    for (int64_t c = 0; c < CONTENTS; c++) {
        int64_t before = examples;
        for (int64_t i = 0; i < N; i++) examples += content_of(i) == c;
        kinds += examples > before;
    }
    assert_int_equal(n, examples - kinds);
    assert_true(asked > n && asked <= 2 * n);
}

static void the_least_row_is_the_first(void **state)
{
    (void)state;
    static int64_t first[CONTENTS];
    duplicate_map map;
    memset(first, -1, sizeof first);
    for (int64_t i = 0; i < N; i++) {
        int64_t c = content_of(i);
        if (c >= 0 && (first[c] < 0 || row_of(i) < row_of(first[c]))) first[c] = i;
    }
    static const size_t most[] = {10000, 600, 7};
    static const int64_t widths[] = {512, 2, 3};
    for (size_t k = 0; k < 3; k++) {
        make_runs(most[k]);
        make_map(widths[k], N, OK);
        assert_int_equal(duplicate_map_open(&map, path, HASH), OK);
        assert_int_equal(map.n, N);
        for (int64_t i = 0; i < N; i++) {
            int64_t c = content_of(i), is;
            assert_int_equal(duplicate_map_first(&map, i, &is), OK);
            assert_int_equal(is, c < 0 || first[c] == i ? -1 : first[c]);
        }
        duplicate_map_close(&map);
    }
    file_list names;
    assert_int_equal(file_list_folder(folder, &names), OK);
    for (size_t i = 0; i < names.n; i++) assert_null(strstr(names.names[i], "piece")); /* all of them are removed */
    file_list_free(&names);
}

static void runs_of_other_corpora_are_refused(void **state)
{
    (void)state;
    make_runs(10000);
    assert_int_equal(file_remove(path), OK);
    make_map(512, N - 2, ERR_CORRUPT);
    assert_false(file_exists(path));
}

static void change(size_t at, int64_t value)
{
    FILE *f = fopen(path, "r+b");
    assert_non_null(f);
    fseek(f, (long)(at * sizeof value), SEEK_SET);
    fwrite(&value, sizeof value, 1, f);
    fclose(f);
}

static void damage_is_seen(void **state)
{
    (void)state;
    duplicate_map map;
    int64_t first, at = 0;
    make_runs(10000);
    make_map(512, N, OK);
    assert_int_equal(duplicate_map_open(&map, path, HASH + 1), ERR_MISSING);
    assert_int_equal(duplicate_map_open(&map, path, HASH), OK);
    assert_int_equal(duplicate_map_first(&map, -1, &first), ERR_INTERNAL);
    assert_int_equal(duplicate_map_first(&map, N, &first), ERR_INTERNAL);
    duplicate_map_close(&map);
    while (content_of(at) != -1) at++; /* stands for itself: no leader */
    const int64_t values[] = {N + 1, at + 1, -N - 1, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        change((size_t)at, values[i]);
        assert_int_equal(duplicate_map_open(&map, path, HASH), OK);
        assert_int_equal(duplicate_map_first(&map, at, &first), ERR_CORRUPT);
        duplicate_map_close(&map);
    }
    change(N + 2, N + 1); /* the number of positions */
    assert_int_equal(duplicate_map_open(&map, path, HASH), ERR_CORRUPT);
    assert_int_equal(file_remove(path), OK);
    assert_int_equal(duplicate_map_open(&map, path, HASH), ERR_MISSING);
    duplicate_map_close(&map);
}

int main(void)
{
    if (!mkdtemp(folder)) return 1;
    snprintf(path, sizeof path, "%s/map", folder);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_least_row_is_the_first),
        cmocka_unit_test(runs_of_other_corpora_are_refused),
        cmocka_unit_test(damage_is_seen),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return file_remove_tree(folder) != OK || failed;
}
