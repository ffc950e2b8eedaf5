#include "base/file.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "part_maker.h"
#include "shard_edit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char folder[64], shard[80], rejects[80], filtered[80], edited[80];
static shard_options options;
static shard_counts made;

enum { ROWS = 100 };

static void make_shard(int reduced, int deflate)
{
    part_set p;
    make_options(&options, reduced);
    options.deflate = deflate;
    part_set_make(&p, folder, ROWS, 2, reduced);
    assert_int_equal(shard_gather(&(shard_files){shard, rejects, filtered}, &(shard_parts){p.paths, p.units, p.n},
                                  &options, NULL, &made),
                     OK);
    part_set_free(&p);
}

typedef struct faults {
    int n;
    char first[800];
} faults;

static void take_fault(void *user, const char *text)
{
    faults *f = user;
    if (f->n++ == 0) snprintf(f->first, sizeof f->first, "%s", text);
}

static faults check(const char *path, const shard_options *expected)
{
    faults f = {0};
    shard_counts c;
    assert_int_equal(shard_check(path, expected, take_fault, &f, &c), ERR_VERIFY);
    assert_true(f.n > 0);
    return f;
}

static void whole_shards_pass(void **state)
{
    const int *setting = *state;
    faults f = {0};
    shard_counts c;
    make_shard(setting[0], setting[1]);
    int rc = shard_check(shard, &options, take_fault, &f, &c);
    if (f.n) print_error("%s\n", f.first);
    assert_int_equal(rc, OK);
    made.rows = made.examples;
    made.rejects = made.filtered = 0;
    assert_memory_equal(&c, &made, sizeof c);
    assert_int_equal(shard_check(shard, NULL, take_fault, &f, &c), OK);
    options.config_sha256[0] = options.stream[STREAM_TEXT].encoder[0] = 0;
    options.stream[STREAM_AUDIO].codebook_sha256[0] = 0;
    assert_int_equal(shard_check(shard, &options, take_fault, &f, &c), OK);
    assert_int_equal(f.n, 0);
}

/* One change of the bytes of a dataset, and what must be told. */
static void expect_patch(const char *dataset, size_t offset, const void *bytes, size_t n, const char *wanted)
{
    shard_copy(shard, edited, NULL);
    shard_patch(edited, dataset, offset, bytes, n);
    faults f = check(edited, &options);
    if (!strstr(f.first, wanted)) fail_msg("\"%s\" does not say \"%s\"", f.first, wanted);
}

static void planted_values_are_found(void **state)
{
    (void)state;
    const uint16_t id = 500, zero = 0, code = 99;
    const uint32_t pixel = 70000;
    const int64_t negative = -1, row = 1007, three = 3;
    const int32_t side = 77;
    const double seconds = -1;
    make_shard(1, 0);
    shard_reader *r = NULL;
    uint32_t first;
    assert_int_equal(shard_reader_open(&r, shard), OK);
    assert_int_equal(shard_reader_read_ids(r, STREAM_AUDIO, 10, 1, &first), OK);
    shard_reader_close(&r);
    const uint16_t same = (uint16_t)first;
    expect_patch("/audio/ids", 10, &id, 2, "example 1 (id id-1): /audio/ids: 500 at 5, the codebook has 500");
    expect_patch("/image/ids", 0, &pixel, 4, "example 1 (id id-1): /image/ids: 70000 at 0");
    expect_patch("/audio/ids", 22, &same, 2, "at 11 is a run of its own");
    expect_patch("/text/ids", 2, "\x01", 1, "/text/ids differ from the text");
    expect_patch("/audio/durations", 8, &zero, 2, "/audio/durations: zero at 4");
    expect_patch("/audio/offsets", 24, &negative, 8, "example 2 (id id-2): /audio/offsets: offset 3 is -1");
    expect_patch("/image/vector_offsets", 40, &negative, 8,
                 "example 4 (id id-4): /image/vector_offsets: offset 5 is -1");
    expect_patch("/image/vector_offsets", 16, &three, 8, "example 1 (id id-1): /image: 3 vectors for 4 frames");
    expect_patch("/image/grid", 8, &side, 4, "example 1 (id id-1): /image: a grid of 77 x 2 for 4 ids");
    expect_patch("/audio/seconds", 8, &seconds, 8, "example 1 (id id-1): /audio/seconds: -1");
    expect_patch("/examples/lang", 0, &code, 2, "example 0 (id id-0): /examples/lang: code 99 of");
    expect_patch("/examples/row", 0, &row, 8, "/examples/row: row 1007 is also that of example 0");
    expect_patch("/examples/row", 16, &negative, 8, "example 2 (id id-2): /examples/row: -1");
    expect_patch("/examples/starts_group", 0, &zero, 1, "/examples/starts_group: 0");
    expect_patch("/examples/id_offsets", 8, &negative, 8, "example 0: /examples/id_offsets: offset 1 is -1");
    expect_patch("/examples/text", 0, "\xC3", 1, "example 1 (id id-1): /examples/text: byte 0 is not UTF-8");
}

static void planted_changes_are_found(void **state)
{
    (void)state;
    static const edit edits[] = {
        {"/", EDIT_ATTRIBUTE, "format"},
        {"/", EDIT_ATTRIBUTE, "format_version"},
        {"/", EDIT_ATTRIBUTE, "n_examples"},
        {"/", EDIT_ATTRIBUTE, "config_sha256"},
        {"/audio", EDIT_ATTRIBUTE, "vocab_size"},
        {"/audio", EDIT_ATTRIBUTE, "n_ids"},
        {"/audio", EDIT_ATTRIBUTE, "layer"},
        {"/audio", EDIT_ATTRIBUTE, "rate_hz"},
        {"/audio", EDIT_ATTRIBUTE, "encoder"},
        {"/image", EDIT_ATTRIBUTE, "codebook_sha256"},
        {"/audio", EDIT_DROP, NULL},
        {"/audio/durations", EDIT_DROP, NULL},
        {"/audio/durations", EDIT_SHORTEN, NULL},
        {"/audio/ids", EDIT_SHORTEN, NULL},
        {"/audio/ids", EDIT_DROP, NULL},
        {"/audio/ids", EDIT_WIDEN, NULL},
        {"/audio/xxh3", EDIT_SHORTEN, NULL},
        {"/image/grid", EDIT_DROP, NULL},
        {"/image/vectors", EDIT_DROP, NULL},
        {"/image/vectors", EDIT_SHORTEN, NULL},
        {"/examples/row", EDIT_DROP, NULL},
        {"/examples/row", EDIT_SHORTEN, NULL},
        {"/examples/order", EDIT_DROP, NULL},
        {"/examples/text", EDIT_SHORTEN, NULL},
        {"/examples/source_table", EDIT_SHORTEN, NULL},
        {"/examples/license_table_offsets", EDIT_DROP, NULL},
    };
    make_shard(1, 0);
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        shard_copy(shard, edited, &edits[i]);
        check(edited, &options);
    }
    options.stream[STREAM_SENSOR].used = 1;
    assert_string_equal(check(shard, &options).first, "/sensor is missing");
    options.stream[STREAM_SENSOR].used = options.stream[STREAM_TEXT].used = 0;
    assert_string_equal(check(shard, &options).first, "/text is there, but not expected");
}

static void missing_and_broken_files_are_faults(void **state)
{
    (void)state;
    uint8_t *bytes = NULL;
    size_t n;
    make_shard(0, 0);
    assert_int_equal(file_remove(edited), OK);
    check(edited, NULL);
    assert_int_equal(file_read(shard, 1 << 24, &bytes, &n), OK);
    for (size_t cut = 0; cut < n; cut += 1 + n / 20) {
        assert_int_equal(file_commit(edited, bytes, cut, "test"), OK);
        check(edited, NULL);
    }
    mem_free(&bytes);
}

/* Many faults are counted, not listed. */
static void the_list_of_faults_is_bounded(void **state)
{
    (void)state;
    uint8_t starts[ROWS];
    int64_t rows[ROWS];
    memset(starts, 7, sizeof starts);
    memset(rows, 0xFF, sizeof rows);
    make_shard(0, 0);
    shard_copy(shard, edited, NULL);
    shard_patch(edited, "/examples/starts_group", 0, starts, (size_t)made.examples);
    shard_patch(edited, "/examples/row", 0, rows, 8 * (size_t)made.examples);
    assert_int_equal(check(edited, NULL).n, 101);
}

/* HDF5 itself loses some hundred bytes where an object header is damaged: nothing that we could free. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libhdf5"; }

/* Whatever byte changes, checking and reading end, with a fault or without. */
static void flipped_bytes_do_no_harm(void **state)
{
    (void)state;
    uint8_t *bytes = NULL;
    size_t n, found = 0;
    make_shard(1, 0);
    assert_int_equal(file_read(shard, 1 << 24, &bytes, &n), OK);
    for (uint64_t k = 0; k < 150; k++) {
        faults f = {0};
        shard_counts c;
        shard_reader *r = NULL;
        size_t at = rng_bits(3, k, 0) % n;
        uint8_t old = bytes[at];
        bytes[at] = (uint8_t)rng_bits(3, k, 1);
        assert_int_equal(file_commit(edited, bytes, n, "test"), OK);
        int rc = shard_check(edited, &options, take_fault, &f, &c);
        assert_true(rc == OK ? f.n == 0 : rc == ERR_VERIFY && f.n > 0);
        found += rc != OK;
        if (shard_reader_open(&r, edited) == OK) {
            int64_t at_example;
            assert_int_equal(shard_reader_find(r, "id-88", &at_example), OK);
        }
        shard_reader_close(&r);
        bytes[at] = old;
    }
    assert_true(found > 5);
    mem_free(&bytes);
}

int main(void)
{
    static int settings[][2] = {{0, 0}, {1, 0}, {1, 1}};
    if (!make_folder("shard-check", folder)) return 1;
    snprintf(shard, sizeof shard, "%s/shard.h5", folder);
    snprintf(rejects, sizeof rejects, "%s/rejects.jsonl", folder);
    snprintf(filtered, sizeof filtered, "%s/filtered.jsonl", folder);
    snprintf(edited, sizeof edited, "%s/edited.h5", folder);
    const struct CMUnitTest tests[] = {
        {"whole_shards_pass", whole_shards_pass, NULL, NULL, settings[0]},
        {"whole_shards_pass reduced", whole_shards_pass, NULL, NULL, settings[1]},
        {"whole_shards_pass compressed", whole_shards_pass, NULL, NULL, settings[2]},
        cmocka_unit_test(planted_values_are_found),
        cmocka_unit_test(planted_changes_are_found),
        cmocka_unit_test(missing_and_broken_files_are_faults),
        cmocka_unit_test(the_list_of_faults_is_bounded),
        cmocka_unit_test(flipped_bytes_do_no_harm),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return file_remove_tree(folder) != OK || failed;
}
