/* A damaged index gives ERR_CORRUPT or the rows that were written: never others, and never a crash. */
#include "corpus_fixture.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 12 };

static void build(fixture *f)
{
    char text[2048];
    size_t at = 0;
    for (int i = 0; i < ROWS; i++)
        at += (size_t)snprintf(text + at, sizeof text - at,
                               "{\"id\":\"r%d\",\"group\":\"g%d\",\"text\":\"words %d\"%s}\n", i, i % 4, i,
                               i % 5 == 2 ? ",\"order\":-1" : "");
    fixture_write(f, "in/m.jsonl", text);
    fixture_corpus(f, "in/m.jsonl");
    corpus_index *x = fixture_index(f, "state", NULL, NULL);
    fixture_index_rows(f, x);
    corpus_index_close(&x);
}

static void put(const char *path, const uint8_t *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

typedef struct tally {
    int opened, rows, damaged;
} tally;

/* Open the index and read all of it; `whole` has the rows as they were. */
static void read_all(fixture *f, const char *folder, const char *whole, tally *t)
{
    corpus_index *x = NULL;
    corpus_row row;
    int64_t position;
    int rc = corpus_index_open(&x, folder);
    assert_true(rc == OK || rc == ERR_CORRUPT);
    t->damaged += rc != OK;
    t->opened += rc == OK;
    for (int64_t i = 0; x && i < corpus_index_rows(x); i++) {
        rc = corpus_index_row(x, i, &row);
        assert_true(rc == OK || rc == ERR_CORRUPT);
        t->damaged += rc != OK;
        if (rc != OK) continue;
        t->rows++;
        f->n = 0;
        fixture_add_row(f, &row);
        assert_non_null(strstr(whole, f->text));
    }
    for (int i = -1; x && i < ROWS; i++) {
        char id[16];
        int n = snprintf(id, sizeof id, "r%d", i);
        rc = corpus_index_find(x, (text_view){id, (size_t)n}, &position);
        assert_true(rc == OK || rc == ERR_CORRUPT);
        if (rc != OK || position < 0) continue;
        assert_int_equal(corpus_index_row(x, position, &row), OK);
        assert_true(row.field[FIELD_ID].n == (size_t)n && !memcmp(row.field[FIELD_ID].bytes, id, (size_t)n));
    }
    corpus_index_close(&x);
}

static void flipped_bytes_and_cut_files_are_seen(void **state)
{
    fixture *f = *state;
    file_list list;
    char *folder = NULL, *whole = NULL, *path = NULL;
    tally t = {0};
    build(f);
    assert_int_equal(mem_string(&whole, f->text), OK);
    assert_int_equal(file_join(&folder, f->folder, "state"), OK);
    assert_int_equal(file_list_folder(folder, &list), OK);
    for (size_t k = 0; k < list.n; k++) {
        uint8_t *bytes = NULL;
        size_t n = 0;
        if (!strcmp(list.names[k], "scan.json")) continue;
        assert_int_equal(file_join(&path, folder, list.names[k]), OK);
        assert_int_equal(file_read(path, 1 << 20, &bytes, &n), OK);
        for (uint64_t i = 0; i < 400; i++) {
            size_t at = (size_t)(rng_bits(1, k, 2 * i) % n);
            uint8_t kept = bytes[at], flip = (uint8_t)(1 + rng_bits(1, k, 2 * i + 1) % 255);
            bytes[at] ^= i % 2 ? flip : (uint8_t)(1 << flip % 8);
            put(path, bytes, n);
            read_all(f, folder, whole, &t);
            bytes[at] = kept;
        }
        for (size_t cut = 0; cut < n; cut += 1 + n / 40) {
            put(path, bytes, cut);
            read_all(f, folder, whole, &t);
        }
        put(path, bytes, n);
        mem_free(&bytes);
        mem_free(&path);
    }
    assert_true(t.opened > 300 && t.rows > 1000 && t.damaged > 300);
    file_list_free(&list);
    mem_free(&folder);
    mem_free(&whole);
}

/* Each value of the header changed to another one of its type. */
static void change(json_t *json, const char *key)
{
    json_t *value = json_object_get(json, key);
    if (json_is_object(value))
        change(value, "rows");
    else if (json_is_array(value))
        change(json_array_get(value, 1), "start");
    else if (json_is_integer(value))
        json_object_set_new(json, key, json_integer(json_integer_value(value) + 1));
    else
        json_object_set_new(json, key, json_string("0123456789abcdef"));
}

static void every_field_of_the_header_counts(void **state)
{
    fixture *f = *state;
    char *path = NULL, *folder = NULL;
    corpus_index *x = NULL;
    const char *key;
    json_t *value, *json;
    int n = 0;
    build(f);
    assert_int_equal(file_join(&folder, f->folder, "state"), OK);
    assert_int_equal(file_join(&path, folder, "index.json"), OK);
    json = json_load_file(path, 0, NULL);
    assert_non_null(json);
    json_object_foreach(json, key, value)
    {
        json_t *changed = json_deep_copy(json), *without = json_deep_copy(json);
        change(changed, key);
        json_object_del(without, key);
        assert_int_equal(json_dump_file(changed, path, 0), 0);
        assert_int_equal(corpus_index_open(&x, folder), ERR_CORRUPT);
        assert_int_equal(json_dump_file(without, path, 0), 0);
        assert_int_equal(corpus_index_open(&x, folder), ERR_CORRUPT);
        json_decref(changed);
        json_decref(without);
        n++;
    }
    assert_int_equal(n, 11);
    assert_int_equal(json_dump_file(json, path, 0), 0);
    assert_int_equal(corpus_index_open(&x, folder), OK);
    corpus_index_close(&x);
    json_decref(json);
    mem_free(&path);
    mem_free(&folder);
}

static void a_damaged_scan_is_made_again(void **state)
{
    fixture *f = *state;
    static const char *const wrong[] = {"", "{", "[]", "{\"format\":\"tessera-scan\",\"version\":1,\"rows\":-1}"};
    build(f);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        fixture_write(f, "state/scan.json", wrong[i]);
        corpus_index *x = fixture_index(f, "state", NULL, NULL);
        assert_int_equal(corpus_index_rows(x), ROWS);
        corpus_index_close(&x);
    }
}

static void damage_file(const char *path, uint64_t k, uint64_t i)
{
    uint8_t *bytes = NULL;
    size_t n;
    assert_int_equal(file_read(path, 1 << 20, &bytes, &n), OK);
    bytes[rng_bits(2, k, i) % n] ^= 0x40;
    put(path, bytes, i % 7 ? n : n / 2);
    mem_free(&bytes);
}

/* One bit of each segment and run, which lie in folders of their own. */
static void damage_runs(const char *folder, uint64_t i)
{
    file_list folders, files;
    char *path = NULL, *parent = NULL;
    assert_int_equal(file_list_folder(folder, &folders), OK);
    for (size_t f = 0; f < folders.n; f++) {
        if (strstr(folders.names[f], ".json")) continue;
        assert_int_equal(file_join(&parent, folder, folders.names[f]), OK);
        assert_int_equal(file_list_folder(parent, &files), OK);
        for (size_t k = 0; k < files.n; k++) {
            assert_int_equal(file_join(&path, parent, files.names[k]), OK);
            damage_file(path, 100 * f + k, i);
            mem_free(&path);
        }
        file_list_free(&files);
        mem_free(&parent);
    }
    file_list_free(&folders);
}

/* Damaged segments and runs stop the build. */
static void damaged_runs_stop_the_build(void **state)
{
    fixture *f = *state;
    int64_t n_rows, n_segments;
    int n_failed = 0;
    build(f);
    char *folder = NULL;
    assert_int_equal(file_join(&folder, f->folder, "again"), OK);
    f->options.segment_rows = 5;
    for (uint64_t i = 0; i < 60; i++) {
        assert_int_equal(corpus_scan(&f->options, NULL, folder, &n_rows, &n_segments), OK);
        for (int64_t k = 0; k < n_segments && i % 2; k++)
            assert_int_equal(corpus_segment_build(&f->options, folder, k, NULL, NULL, NULL), OK);
        damage_runs(folder, i);
        int rc = OK;
        for (int64_t k = 0; k < n_segments && rc == OK; k++)
            rc = corpus_segment_build(&f->options, folder, k, NULL, NULL, NULL);
        if (rc == OK) rc = corpus_index_merge(&f->options, folder, NULL, NULL);
        assert_true(rc == OK || rc == ERR_CORRUPT);
        n_failed += rc != OK;
        assert_int_equal(file_remove_tree(folder), OK);
    }
    assert_in_range(n_failed, 50, 60);
    mem_free(&folder);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_start_in_memory, fixture_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(flipped_bytes_and_cut_files_are_seen),
        TEST(every_field_of_the_header_counts),
        TEST(a_damaged_scan_is_made_again),
        TEST(damaged_runs_stop_the_build),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
