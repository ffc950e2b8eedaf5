/* Sorted files: what a search and a join find is what a plain look through all lines finds. */
#include "corpus_fixture.h"

#include "base/memory.h"
#include "base/status.h"
#include "corpus/keyed_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static text_view view(const char *text) { return (text_view){text, strlen(text)}; }

static keyed_file *open_file(fixture *f, const char *text, size_t n)
{
    keyed_file *k = NULL;
    fixture_write_bytes(f, "k", text, n);
    assert_int_equal(keyed_file_open(&k, fixture_path(f, "k")), OK);
    assert_non_null(k);
    return k;
}

enum { KEYS = 30000 };

/* Lines of very different length; odd numbers are keys, even ones are not. */
static size_t make(char *text)
{
    size_t n = 0;
    for (int i = 1; i < KEYS; i += 2) {
        n += (size_t)sprintf(text + n, "key%06d%s", i, i % 3 ? " " : "\t ");
        size_t length = i % 997 == 5 ? 15000 : (size_t)(i * 31 % 200);
        memset(text + n, 'v', length);
        n += length;
        n += (size_t)sprintf(text + n, "%d%s", i, i % 5 ? "\n" : "\r\n");
    }
    return n;
}

static void expect(keyed_file *k, int i, int join)
{
    char key[16], end[16];
    text_view value;
    int found;
    sprintf(key, "key%06d", i);
    int n = sprintf(end, "%d", i);
    assert_int_equal((join ? keyed_file_join : keyed_file_search)(k, view(key), &value, &found), OK);
    assert_int_equal(found, i % 2);
    if (found) assert_memory_equal(value.bytes + value.n - n, end, n);
}

static void search_and_join_find_every_key(void **state)
{
    fixture *f = *state;
    char *text = NULL;
    uint32_t random = 1;
    int64_t unused;
    assert_int_equal(MEM_ALLOC(text, 8 << 20), OK);
    size_t n = make(text);
    assert_true(n < 8 << 20 && n > 1 << 20);
    keyed_file *k = open_file(f, text, n);
    assert_int_equal(keyed_file_check(k), OK);
    for (int i = 0; i < KEYS; i++) expect(k, i, 0);
    for (int i = 0; i < 20000; i++) expect(k, (int)((random = random * 1664525 + 1013904223) >> 8) % KEYS, 0);
    keyed_file_close(&k);
    k = open_file(f, text, n - 1); /* without the last line end */
    for (int i = 0; i < KEYS; i += 3) expect(k, i, 1);
    assert_int_equal(keyed_file_unused(k, &unused), OK);
    assert_int_equal(unused, KEYS / 2 - KEYS / 6);
    keyed_file_close(&k);
    mem_free(&text);
}

static void small_files(void **state)
{
    fixture *f = *state;
    text_view value;
    int found;
    const char *const files[] = {"", "b v\n", "b v",
                                 "\xEF\xBB\xBF"
                                 "b v w \n"};
    for (size_t i = 0; i < 4; i++) {
        keyed_file *k = open_file(f, files[i], strlen(files[i]));
        assert_int_equal(keyed_file_check(k), OK);
        for (const char *key = "abc"; *key; key++) {
            assert_int_equal(keyed_file_search(k, (text_view){key, 1}, &value, &found), OK);
            assert_int_equal(found, *key == 'b' && i > 0);
        }
        keyed_file_close(&k);
    }
    keyed_file *k = NULL;
    assert_int_equal(keyed_file_open(&k, fixture_path(f, "missing")), OK);
    assert_null(k);
    assert_int_equal(keyed_file_open(&k, f->folder), ERR_CONFIG);
    assert_null(k);
}

static void what_is_not_sorted_is_an_error(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *text, *message;
    } files[] = {{"a 1\nc 2\nb 3\n", "line 3 comes before"},
                 {"a 1\na 2\n", "line 2: the key is there twice"},
                 {"a 1\n\nb 2\n", "line 2 is empty"},
                 {"a 1\n \n", "line 2 is empty"},
                 {"\na 1\n", "line 1 is empty"},
                 {"a\xC3\xA4 1\na 2\n", "line 2 comes before"},
                 {"\x1f\x8b", "is compressed"}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        keyed_file *k = open_file(f, files[i].text, strlen(files[i].text));
        assert_int_equal(keyed_file_check(k), ERR_CONFIG);
        assert_non_null(strstr(status_message(), files[i].message));
        keyed_file_close(&k);
    }
    char *text = NULL;
    assert_int_equal(MEM_ALLOC(text, 20000), OK);
    memset(text, 'a', 20000);
    keyed_file *k = open_file(f, text, 20000);
    assert_int_equal(keyed_file_check(k), ERR_CONFIG);
    assert_non_null(strstr(status_message(), "line 1 is longer"));
    keyed_file_close(&k);
    mem_free(&text);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_start, fixture_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(search_and_join_find_every_key),
        TEST(small_files),
        TEST(what_is_not_sorted_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
