#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "part_maker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[64], path[80];

enum { ROWS = 25, HASH = 42, UNIT = 3, MOST = 1 << 20 };

static void write_part(int64_t rows)
{
    const part_header header = {.tokens_hash = HASH, .unit = UNIT, .piece_position = -1};
    part_writer *w = NULL;
    example e = {0};
    int64_t size;
    assert_int_equal(part_writer_create(&w, &header), OK);
    for (int64_t i = 0; i < rows; i++) {
        make_example(i, 1, &e);
        assert_int_equal(part_writer_add(w, &e), OK);
    }
    assert_int_equal(part_writer_commit(w, path), OK);
    assert_int_equal(file_stat(path, &size, NULL), OK);
    assert_int_equal(part_writer_bytes(w), size);
    part_writer_free(&w);
    example_free(&e);
}

static void rows_come_back(void **state)
{
    (void)state;
    part_reader *r = NULL;
    example e = {0}, back;
    write_part(ROWS);
    assert_int_equal(part_reader_open(&r, path, HASH, UNIT), OK);
    assert_int_equal(part_reader_rows(r), ROWS);
    assert_int_equal(part_reader_header(r)->piece_position, -1);
    for (int64_t i = 0; i < ROWS; i++) {
        make_example(i, 1, &e);
        assert_int_equal(part_reader_row(r, i, &back), OK);
        assert_true(examples_equal(&e, &back));
    }
    assert_int_equal(part_reader_row(r, ROWS, &back), ERR_CORRUPT);
    part_reader_close(&r);
    example_free(&e);
}

static void a_part_without_rows_is_a_part(void **state)
{
    (void)state;
    part_reader *r = NULL;
    write_part(0);
    assert_int_equal(part_reader_open(&r, path, HASH, UNIT), OK);
    assert_int_equal(part_reader_rows(r), 0);
    part_reader_close(&r);
}

static void other_settings_and_units_are_refused(void **state)
{
    (void)state;
    part_reader *r = NULL;
    write_part(2);
    assert_int_equal(part_reader_open(&r, path, HASH + 1, UNIT), ERR_CORRUPT);
    assert_int_equal(part_reader_open(&r, path, HASH, UNIT + 1), ERR_CORRUPT);
    assert_int_equal(part_reader_open(&r, "/tmp/tessera-no-such-part", HASH, UNIT), ERR_MISSING);
    assert_null(r);
}

/* Read everything that a part gives, so that the sanitizers see each access. */
static uint64_t touch(const part_reader *r)
{
    uint64_t sum = 0;
    for (int64_t i = 0; i < part_reader_rows(r); i++) {
        example e;
        assert_int_equal(part_reader_row(r, i, &e), OK);
        for (int t = 0; t < N_EXAMPLE_TEXTS; t++) sum += hash64(e.text[t].bytes, e.text[t].n, 0);
        for (int s = 0; s < N_STREAMS; s++) {
            const example_stream *x = &e.stream[s];
            if (!x->used) continue;
            assert_true(x->n_ids < MOST && x->n_durations < MOST && x->n_vectors < MOST);
            assert_true(!x->n_vectors || x->width < MOST);
            sum += hash64(x->ids, x->n_ids * sizeof *x->ids, 1);
            sum += hash64(x->durations, x->n_durations * sizeof *x->durations, 2);
            sum += hash64(x->vectors, x->n_vectors * (size_t)x->width * sizeof *x->vectors, 3);
        }
        assert_non_null(memchr(e.stage, 0, sizeof e.stage));
        assert_non_null(memchr(e.rule, 0, sizeof e.rule));
        assert_non_null(memchr(e.message, 0, sizeof e.message));
    }
    return sum;
}

static void overwrite(const uint8_t *bytes, size_t n)
{
    unlink(path); /* some file systems flush a file that is cut and written again */
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, n, f), n);
    assert_int_equal(fclose(f), 0);
}

/* A flipped bit is found by the checksum. */
static void flipped_bits_are_found(void **state)
{
    (void)state;
    uint8_t *bytes = NULL;
    size_t n;
    write_part(ROWS);
    assert_int_equal(file_read(path, 1 << 20, &bytes, &n), OK);
    for (uint64_t k = 0; k < 300; k++) {
        part_reader *r = NULL;
        size_t at = k < 72 ? k : rng_bits(1, k, 0) % n;
        bytes[at] ^= (uint8_t)(1u << k % 8);
        overwrite(bytes, n);
        assert_int_equal(part_reader_open(&r, path, HASH, UNIT), ERR_CORRUPT);
        assert_null(r);
        bytes[at] ^= (uint8_t)(1u << k % 8);
    }
    for (size_t cut = 0; cut < n; cut += 1 + n / 60) {
        part_reader *r = NULL;
        overwrite(bytes, cut);
        assert_int_equal(part_reader_open(&r, path, HASH, UNIT), ERR_CORRUPT);
    }
    mem_free(&bytes);
}

/* Make the checksum of a changed part right again, and open it. */
static int open_changed(uint8_t *bytes, size_t n, uint64_t *sum)
{
    part_reader *r = NULL;
    hash128 h = hash128_of(bytes, n - 16);
    memcpy(bytes + n - 16, &h.low, 8);
    memcpy(bytes + n - 8, &h.high, 8);
    overwrite(bytes, n);
    int rc = part_reader_open(&r, path, HASH, UNIT);
    if (rc == OK) *sum += touch(r);
    part_reader_close(&r);
    return rc;
}

/* A row with all kinds of data, one with a single id, and a reject with a long message. */
static void write_small_part(void)
{
    const part_header header = {.tokens_hash = HASH, .unit = UNIT, .piece_position = -1};
    part_writer *w = NULL;
    example e = {0};
    assert_int_equal(part_writer_create(&w, &header), OK);
    make_example(1, 1, &e);
    assert_int_equal(part_writer_add(w, &e), OK);
    e.stream[STREAM_TEXT].n_ids = 1;
    e.stream[STREAM_IMAGE].used = e.stream[STREAM_AUDIO].used = 0;
    assert_int_equal(part_writer_add(w, &e), OK);
    make_example(5, 1, &e);
    memset(e.message, 'm', 60);
    assert_int_equal(part_writer_add(w, &e), OK);
    assert_int_equal(part_writer_commit(w, path), OK);
    part_writer_free(&w);
    example_free(&e);
}

/* The changes: to these numbers, by these numbers, and moved to the number two before. */
static int change_number(uint8_t *bytes, size_t at, size_t change)
{
    static const uint64_t values[] = {UINT64_MAX, INT64_MAX, 1u << 20, 0};
    static const uint64_t steps[] = {1, 4, UINT64_MAX, (uint64_t)1 << 61, (uint64_t)1 << 62, (uint64_t)1 << 63};
    const size_t n_values = sizeof values / sizeof *values, n_steps = sizeof steps / sizeof *steps;
    uint64_t word, before;
    memcpy(&word, bytes + at, 8);
    if (change < n_values) {
        word = values[change];
    } else if (change < n_values + n_steps) {
        word += steps[change - n_values];
    } else {
        if (change > n_values + n_steps || at < 16) return 0;
        memcpy(&before, bytes + at - 16, 8);
        word -= 50;
        before += 50;
        memcpy(bytes + at - 16, &before, 8);
    }
    memcpy(bytes + at, &word, 8);
    return 1;
}

/* Every number of a small part becomes a wrong one behind a right checksum: found, or harmless. */
static void counts_are_tested_behind_the_checksum(void **state)
{
    (void)state;
    uint8_t *bytes = NULL, *copy = NULL;
    size_t n, refused = 0, read = 0;
    uint64_t sum = 0;
    write_small_part();
    assert_int_equal(file_read(path, 1 << 20, &bytes, &n), OK);
    assert_int_equal(mem_copy((char **)&copy, bytes, n), OK);
    for (size_t at = 0; at < n - 16; at += 8)
        for (size_t change = 0;; change++) {
            memcpy(copy, bytes, n);
            if (!change_number(copy, at, change)) break;
            int rc = open_changed(copy, n, &sum);
            assert_true(rc == OK || rc == ERR_CORRUPT);
            refused += rc != OK;
            read += rc == OK;
        }
    assert_true(refused > 200 && read > 200);
    mem_free(&bytes);
    mem_free(&copy);
}

int main(void)
{
    if (!make_folder("part", folder)) return 1;
    snprintf(path, sizeof path, "%s/part", folder);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_back),
        cmocka_unit_test(a_part_without_rows_is_a_part),
        cmocka_unit_test(other_settings_and_units_are_refused),
        cmocka_unit_test(flipped_bits_are_found),
        cmocka_unit_test(counts_are_tested_behind_the_checksum),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return file_remove_tree(folder) != OK || failed;
}
