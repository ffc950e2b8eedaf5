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

#include <cmocka.h>

static char folder[64], path[80];

enum { ROWS = 25, HASH = 42, UNIT = 3 };

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
            sum += hash64(x->ids, x->n_ids * sizeof *x->ids, 1);
            sum += hash64(x->durations, x->n_durations * sizeof *x->durations, 2);
            sum += hash64(x->vectors, x->n_vectors * (size_t)x->width * sizeof *x->vectors, 3);
        }
        sum += strlen(e.stage) + strlen(e.rule) + strlen(e.message);
    }
    return sum;
}

static void overwrite(const uint8_t *bytes, size_t n)
{
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

/* The same behind a checksum that was made right again: found, or harmless. */
static void counts_are_tested_behind_the_checksum(void **state)
{
    (void)state;
    static const uint64_t values[] = {0, 1, 7, 8, 1u << 31, UINT64_MAX, INT64_MAX, UINT64_MAX / 8, 1u << 20};
    uint8_t *bytes = NULL, *copy = NULL;
    size_t n, refused = 0, read = 0;
    write_part(ROWS);
    assert_int_equal(file_read(path, 1 << 20, &bytes, &n), OK);
    assert_int_equal(mem_copy((char **)&copy, bytes, n), OK);
    for (uint64_t k = 0; k < 1500; k++) {
        part_reader *r = NULL;
        size_t at = rng_bits(2, k, 0) % (n / 8 - 2) * 8;
        memcpy(copy, bytes, n);
        if (k % 2)
            memcpy(copy + at, &values[rng_bits(2, k, 1) % 9], 8);
        else
            copy[at + rng_bits(2, k, 2) % 8] ^= (uint8_t)rng_bits(2, k, 3);
        hash128 sum = hash128_of(copy, n - 16);
        memcpy(copy + n - 16, &sum.low, 8);
        memcpy(copy + n - 8, &sum.high, 8);
        overwrite(copy, n);
        int rc = part_reader_open(&r, path, HASH, UNIT);
        assert_true(rc == OK || rc == ERR_CORRUPT);
        refused += rc != OK;
        read += rc == OK && touch(r) != 1;
        part_reader_close(&r);
    }
    assert_true(refused > 100 && read > 100);
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
