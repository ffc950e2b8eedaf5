#include "base/file.h"
#include "base/memory.h"
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

enum { ROWS = 100 };

static void make_shard(int reduced, int deflate)
{
    part_set p;
    shard_options o;
    shard_counts c;
    make_options(&o, reduced);
    o.deflate = deflate;
    part_set_make(&p, folder, ROWS, 2, reduced);
    assert_int_equal(
        shard_gather(&(shard_files){shard, rejects, filtered}, &(shard_parts){p.paths, p.units, p.n}, &o, NULL, &c),
        OK);
    part_set_free(&p);
}

static void compare_texts(shard_reader *r, int64_t i, const example *e)
{
    for (int t = 0; t < EXAMPLE_PATH; t++) {
        char *text = NULL;
        assert_int_equal(shard_reader_text(r, (example_text)t, i, &text), OK);
        assert_int_equal(strlen(text), e->text[t].n);
        assert_memory_equal(text, e->text[t].bytes, e->text[t].n);
        mem_free(&text);
    }
}

static void compare_stream(shard_reader *r, stream_kind k, int64_t i, const example_stream *s)
{
    uint32_t *ids = NULL;
    int64_t first = shard_reader_offset(r, k, i), n = shard_reader_offset(r, k, i + 1) - first;
    assert_true(shard_reader_has(r, k));
    assert_int_equal(n, s->n_ids);
    assert_int_equal(MEM_ALLOC(ids, (size_t)n), OK);
    assert_int_equal(shard_reader_read_ids(r, k, first, n, ids), OK);
    for (int64_t j = 0; j < n; j++) assert_int_equal(ids[j], s->ids[j]);
    mem_free(&ids);
}

static void examples_come_back(void **state)
{
    const int *setting = *state;
    shard_reader *r = NULL;
    example e = {0};
    int64_t i = 0, found;
    make_shard(setting[0], setting[1]);
    assert_int_equal(shard_reader_open(&r, shard), OK);
    for (int64_t k = 0; k < ROWS; k++) {
        int32_t rows, columns;
        char id[64];
        make_example(k, setting[0], &e);
        snprintf(id, sizeof id, "%.*s", (int)e.text[EXAMPLE_ID].n, e.text[EXAMPLE_ID].bytes);
        assert_int_equal(shard_reader_find(r, id, &found), OK);
        assert_int_equal(found, e.outcome == OUTCOME_EXAMPLE ? i : -1);
        if (e.outcome != OUTCOME_EXAMPLE) continue;
        assert_int_equal(shard_reader_row(r, i), e.row);
        compare_texts(r, i, &e);
        for (int s = 0; s < STREAM_SENSOR; s++) compare_stream(r, (stream_kind)s, i, &e.stream[s]);
        assert_int_equal(shard_reader_grid(r, i, &rows, &columns), OK);
        assert_int_equal(rows, e.stream[STREAM_IMAGE].rows);
        assert_int_equal(columns, e.stream[STREAM_IMAGE].columns);
        i++;
    }
    assert_int_equal(shard_reader_examples(r), i);
    assert_false(shard_reader_has(r, STREAM_SENSOR));
    assert_int_equal(shard_reader_offset(r, STREAM_TEXT, i), shard_reader_ids(r, STREAM_TEXT));
    shard_reader_close(&r);
    assert_null(r);
    example_free(&e);
}

static void wrong_ranges_are_refused(void **state)
{
    (void)state;
    shard_reader *r = NULL;
    uint32_t id;
    char *text = NULL;
    make_shard(0, 0);
    assert_int_equal(shard_reader_open(&r, shard), OK);
    int64_t n = shard_reader_ids(r, STREAM_AUDIO);
    assert_int_equal(shard_reader_read_ids(r, STREAM_AUDIO, n - 1, 1, &id), OK);
    assert_int_equal(shard_reader_read_ids(r, STREAM_AUDIO, n, 1, &id), ERR_CORRUPT);
    assert_int_equal(shard_reader_read_ids(r, STREAM_AUDIO, -1, 1, &id), ERR_CORRUPT);
    assert_int_equal(shard_reader_read_ids(r, STREAM_SENSOR, 0, 1, &id), ERR_CORRUPT);
    assert_int_equal(shard_reader_text(r, EXAMPLE_PATH, 0, &text), ERR_INTERNAL);
    assert_int_equal(shard_reader_text(r, EXAMPLE_ID, shard_reader_examples(r), &text), ERR_INTERNAL);
    shard_reader_close(&r);
}

static int open_edited(const edit *change)
{
    shard_reader *r = NULL;
    shard_copy(shard, edited, change);
    int rc = shard_reader_open(&r, edited);
    shard_reader_close(&r);
    return rc;
}

static int open_patched(const char *dataset, size_t offset, const void *bytes, size_t n)
{
    shard_reader *r = NULL;
    shard_copy(shard, edited, NULL);
    shard_patch(edited, dataset, offset, bytes, n);
    int rc = shard_reader_open(&r, edited);
    shard_reader_close(&r);
    return rc;
}

static void damaged_shards_are_refused(void **state)
{
    (void)state;
    static const edit edits[] = {
        {"/", EDIT_ATTRIBUTE, "format"},
        {"/", EDIT_ATTRIBUTE, "format_version"},
        {"/", EDIT_ATTRIBUTE, "n_examples"},
        {"/examples/id_offsets", EDIT_DROP, NULL},
        {"/examples/id_offsets", EDIT_SHORTEN, NULL},
        {"/examples/lang", EDIT_SHORTEN, NULL},
        {"/examples/starts_group", EDIT_SHORTEN, NULL},
        {"/audio/offsets", EDIT_DROP, NULL},
        {"/audio/ids", EDIT_SHORTEN, NULL},
        {"/image/grid", EDIT_SHORTEN, NULL},
        {"/text", EDIT_ATTRIBUTE, "n_ids"}, /* not read */
    };
    const int64_t negative = -1, large = INT64_MAX;
    const uint16_t code = 4;
    shard_reader *r = NULL;
    make_shard(0, 0);
    assert_int_equal(shard_reader_open(&r, "/tmp/tessera-no-such-shard"), ERR_MISSING);
    assert_int_equal(shard_reader_open(&r, rejects), ERR_CORRUPT);
    assert_int_equal(open_edited(NULL), OK);
    size_t n = sizeof edits / sizeof *edits;
    for (size_t i = 0; i < n; i++) assert_int_equal(open_edited(&edits[i]), i + 1 < n ? ERR_CORRUPT : OK);
    assert_int_equal(open_patched("/audio/offsets", 8, &negative, 8), ERR_CORRUPT);
    assert_int_equal(open_patched("/audio/offsets", 16, &large, 8), ERR_CORRUPT);
    assert_int_equal(open_patched("/examples/text_offsets", 80, &large, 8), ERR_CORRUPT);
    assert_int_equal(open_patched("/examples/source_table_offsets", 0, &large, 8), ERR_CORRUPT);
    assert_int_equal(open_patched("/examples/lang", 6, &code, 2), ERR_CORRUPT);
}

int main(void)
{
    static int settings[][2] = {{0, 0}, {1, 0}, {1, 1}};
    if (!make_folder("shard-reader", folder)) return 1;
    snprintf(shard, sizeof shard, "%s/shard.h5", folder);
    snprintf(rejects, sizeof rejects, "%s/rejects.jsonl", folder);
    snprintf(filtered, sizeof filtered, "%s/filtered.jsonl", folder);
    snprintf(edited, sizeof edited, "%s/edited.h5", folder);
    const struct CMUnitTest tests[] = {
        {"examples_come_back", examples_come_back, NULL, NULL, settings[0]},
        {"examples_come_back reduced", examples_come_back, NULL, NULL, settings[1]},
        {"examples_come_back compressed", examples_come_back, NULL, NULL, settings[2]},
        cmocka_unit_test(wrong_ranges_are_refused),
        cmocka_unit_test(damaged_shards_are_refused),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return file_remove_tree(folder) != OK || failed;
}
