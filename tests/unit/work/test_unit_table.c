#include "base/file.h"
#include "base/status.h"
#include "work/unit_table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 100 };

static char folder[] = "/tmp/tessera-test-units-XXXXXX", path[64];

/* Splits 0 (70 rows) and 1; groups of three rows; row 10 has three pieces of two windows. */
static int row(void *user, int64_t i, unit_row *out)
{
    (void)user;
    out->split = i >= 70;
    out->starts_group = i == 70 || i % 3 == 0;
    out->weight = 1;
    out->bytes = 100;
    if (i == 10) {
        out->n_pieces = 3;
        out->piece_windows = 2;
        out->piece_weight = 5;
    }
    return OK;
}

static void every_row_is_in_one_unit_and_no_group_is_cut(void **state)
{
    (void)state;
    unit_options o = {.unit_weight = 4, .shard_bytes = 1000, .hash = 7};
    unit_table *t = NULL;
    int64_t next = 0, pieces = 0;
    assert_int_equal(unit_table_make(path, ROWS, &o, row, NULL), OK);
    assert_int_equal(unit_table_open(&t, path, 7), OK);
    for (int64_t u = 0; u < unit_table_units(t); u++) {
        const unit *x = unit_table_unit(t, u);
        if (x->piece >= 0) {
            assert_int_equal(x->first, 10);
            assert_int_equal(x->piece, pieces);
            assert_int_equal(x->window_first, 2 * pieces);
            assert_true(x->window_last == (pieces == 2 ? INT64_MAX : 2 * pieces + 1));
            const unit *before = unit_table_unit(t, u - 1 - pieces);
            assert_true(before->first <= 10 && 10 < before->first + before->count && before->shard == x->shard);
            pieces++;
            continue;
        }
        unit_row r = {0};
        assert_int_equal(x->first, next);
        row(NULL, x->first, &r);
        assert_true(r.starts_group);
        assert_true(x->first >= 70 || x->first + x->count <= 70);
        next += x->count;
    }
    assert_int_equal(next, ROWS);
    assert_int_equal(pieces, 3);
    unit_table_close(&t);
}

static void shards_cover_the_units_and_are_numbered_by_split(void **state)
{
    (void)state;
    unit_options o = {.unit_weight = 4, .shard_bytes = 1000, .hash = 7};
    unit_table *t = NULL;
    int64_t next = 0, rows = 0, number = 0;
    assert_int_equal(unit_table_make(path, ROWS, &o, row, NULL), OK);
    assert_int_equal(unit_table_open(&t, path, 7), OK);
    for (int64_t s = 0; s < unit_table_shards(t); s++) {
        const unit_shard *x = unit_table_shard(t, s);
        assert_int_equal(x->first_unit, next);
        if (s && unit_table_shard(t, s - 1)->split != x->split) number = 0;
        assert_int_equal(x->number, number++);
        assert_true(x->number < x->of);
        next += x->n_units;
        rows += x->rows;
    }
    assert_int_equal(next, unit_table_units(t));
    assert_int_equal(rows, ROWS);
    assert_true(unit_table_shards(t) >= 4);
    unit_table_close(&t);
}

static void damage_and_other_settings_are_noticed(void **state)
{
    (void)state;
    unit_options o = {.unit_weight = 4, .shard_bytes = 1000, .hash = 7};
    unit_table *t = NULL;
    uint8_t *bytes = NULL;
    size_t n;
    assert_int_equal(unit_table_make(path, ROWS, &o, row, NULL), OK);
    assert_int_equal(unit_table_open(&t, path, 8), ERR_MISSING);
    assert_null(t);
    assert_int_equal(file_read(path, 1 << 20, &bytes, &n), OK);
    bytes[n - 5] ^= 1;
    assert_int_equal(file_commit(path, bytes, n, "test"), OK);
    assert_int_equal(unit_table_open(&t, path, 7), ERR_CORRUPT);
    assert_int_equal(file_commit(path, bytes, n - 8, "test"), OK);
    assert_int_equal(unit_table_open(&t, path, 7), ERR_CORRUPT);
    free(bytes);
}

int main(void)
{
    if (!mkdtemp(folder)) return 1;
    strcpy(path, folder);
    strcat(path, "/units.bin");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_is_in_one_unit_and_no_group_is_cut),
        cmocka_unit_test(shards_cover_the_units_and_are_numbered_by_split),
        cmocka_unit_test(damage_and_other_settings_are_noticed),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return file_remove_tree(folder) != OK || failed;
}
