/* Media are checked against the index when they are opened. */
#include "base/file.h"
#include "base/hash.h"
#include "base/status.h"
#include "core/media.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/tessera-test-media-XXXXXX";

static corpus_row row_of(const char *name)
{
    corpus_row row = {0};
    char path[128];
    for (int k = 0; k < N_MEDIA; k++) row.media[k] = (row_media){-1, 0, -1};
    row.field[FIELD_IMAGE_PATH] = (text_view){name, strlen(name)};
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (file_stat(path, &row.media[MEDIA_IMAGE].size, &row.media[MEDIA_IMAGE].mtime_ns) != OK)
        row.media[MEDIA_IMAGE].size = 1;
    return row;
}

static int write_file(const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return file_commit(path, text, strlen(text), "test");
}

static void small_files_are_in_memory_and_large_ones_are_not(void **state)
{
    (void)state;
    media m;
    char got[16] = "";
    size_t n;
    assert_int_equal(write_file("a", "0123456789"), OK);
    corpus_row row = row_of("a");
    for (int64_t limit = 5; limit <= 10; limit += 5) {
        assert_int_equal(media_open(folder, &row, MEDIA_IMAGE, limit, NULL, &m), OK);
        assert_int_equal(m.status, OK);
        assert_int_equal(m.block != NULL, limit == 10);
        assert_int_equal(source_read(&m.source, 3, got, 4, &n), OK);
        assert_int_equal(n, 4);
        assert_memory_equal(got, "3456", 4);
        media_close(&m);
    }
    assert_int_equal(media_open(folder, &row, MEDIA_AUDIO, 10, NULL, &m), OK);
    assert_false(m.used);
    media_close(&m);
}

static void a_member_is_a_range_of_its_tar(void **state)
{
    (void)state;
    media m;
    char got[16] = "";
    size_t n;
    assert_int_equal(write_file("t.tar", "0123456789"), OK);
    corpus_row row = row_of("t.tar");
    row.field[FIELD_IMAGE_PATH] = (text_view){"t.tar!d/e.png", 13};
    row.media[MEDIA_IMAGE].tar_offset = 4;
    for (int64_t size = 3; size <= 7; size++)
        for (int64_t limit = 0; limit <= 10; limit += 10) {
            row.media[MEDIA_IMAGE].size = size;
            assert_int_equal(media_open(folder, &row, MEDIA_IMAGE, limit, NULL, &m), OK);
            assert_int_equal(m.status, size <= 6 ? OK : ERR_CHANGED);
            if (size <= 6) {
                assert_int_equal(source_read(&m.source, 1, got, sizeof got, &n), OK);
                assert_int_equal(n, size - 1);
                assert_memory_equal(got, "56789", n);
            } else {
                assert_string_equal(m.message, "t.tar!d/e.png: the tar was cut after it was indexed");
            }
            media_close(&m);
        }
    row.media[MEDIA_IMAGE].size = 3;
    row.media[MEDIA_IMAGE].mtime_ns++;
    assert_int_equal(media_open(folder, &row, MEDIA_IMAGE, 10, NULL, &m), OK);
    assert_int_equal(m.status, ERR_CHANGED);
    media_close(&m);
}

static void a_file_that_is_not_the_indexed_one_is_noticed(void **state)
{
    (void)state;
    media m;
    assert_int_equal(write_file("b", "0123456789"), OK);
    corpus_row row = row_of("b"), gone = row_of("c");
    assert_int_equal(write_file("b", "01234"), OK);
    assert_int_equal(media_open(folder, &row, MEDIA_IMAGE, 100, NULL, &m), OK);
    assert_int_equal(m.status, ERR_CHANGED);
    media_close(&m);
    assert_int_equal(write_file("b", "9876543210"), OK); /* the same size, another time */
    assert_int_equal(media_open(folder, &row, MEDIA_IMAGE, 100, NULL, &m), OK);
    assert_int_equal(m.status, ERR_CHANGED);
    media_close(&m);
    assert_int_equal(media_open(folder, &gone, MEDIA_IMAGE, 100, NULL, &m), OK);
    assert_int_equal(m.status, ERR_MISSING);
    assert_non_null(strstr(m.message, "c: "));
    media_close(&m);
}

static void rows_of_one_file_share_its_bytes(void **state)
{
    (void)state;
    media first, second = {0}, kept = {0};
    assert_int_equal(write_file("s", "0123456789"), OK);
    corpus_row row = row_of("s");
    assert_int_equal(media_open(folder, &row, MEDIA_IMAGE, 10, NULL, &first), OK);
    assert_int_equal(media_new_bytes(&first, &kept), 10);
    media_keep(&kept, &first);
    assert_int_equal(media_open(folder, &row, MEDIA_IMAGE, 10, &kept, &second), OK);
    assert_ptr_equal(first.source.bytes, second.source.bytes);
    assert_int_equal(media_new_bytes(&second, &kept), 0);
    media_close(&first);
    media_keep(&kept, &(media){0}); /* a row without a picture */
    media_keep(&kept, &second);
    media_close(&second);
    assert_int_equal(media_open(folder, &row, MEDIA_IMAGE, 10, &kept, &second), OK);
    assert_memory_equal(second.source.bytes, "0123456789", 10);
    media_close(&second);
    /* the same name, size and time, but another file */
    assert_int_equal(write_file("s", "9876543210"), OK);
    row = row_of("s");
    assert_int_equal(media_open(folder, &row, MEDIA_IMAGE, 10, &kept, &second), OK);
    assert_memory_equal(second.source.bytes, "9876543210", 10);
    media_close(&kept);
    media_close(&second);
}

/* Members of a tar are told apart by their place. */
static void members_share_nothing(void **state)
{
    (void)state;
    media a, b;
    assert_int_equal(write_file("u.tar", "0123456789"), OK);
    corpus_row row = row_of("u.tar");
    row.field[FIELD_IMAGE_PATH] = (text_view){"u.tar!a", 7};
    row.media[MEDIA_IMAGE].tar_offset = 2;
    row.media[MEDIA_IMAGE].size = 4;
    assert_int_equal(media_open(folder, &row, MEDIA_IMAGE, 10, NULL, &a), OK);
    row.media[MEDIA_IMAGE].tar_offset = 3;
    assert_int_equal(media_open(folder, &row, MEDIA_IMAGE, 10, &a, &b), OK);
    assert_memory_equal(a.source.bytes, "2345", 4);
    assert_memory_equal(b.source.bytes, "3456", 4);
    media_close(&a);
    media_close(&b);
}

/* What is written into a file in place while it is open would show if it were read again. */
static void a_file_is_hashed_once_until_it_changes(void **state)
{
    (void)state;
    media m[2];
    media_hashed last = {0};
    uint64_t first, again, changed;
    char path[128];
    assert_int_equal(write_file("h", "0123456789"), OK);
    corpus_row row = row_of("h");
    row.media[MEDIA_IMAGE].mtime_ns = 0; /* the index does not know it: only the hash can tell */
    for (int k = 0; k < 2; k++) assert_int_equal(media_open(folder, &row, MEDIA_IMAGE, 0, NULL, &m[k]), OK);
    assert_int_equal(media_hash(&m[0], &last, &first), OK);
    assert_int_equal(first, hash64("0123456789", 10, 0));
    snprintf(path, sizeof path, "%s/h", folder);
    int fd = open(path, O_WRONLY);
    struct timespec times[2] = {{0, UTIME_OMIT},
                                {m[0].identity.mtime_ns / 1000000000, m[0].identity.mtime_ns % 1000000000}};
    assert_int_equal(pwrite(fd, "abc", 3, 0), 3);
    assert_int_equal(futimens(fd, times), 0); /* as some tools that copy do */
    close(fd);
    assert_int_equal(media_hash(&m[1], &last, &again), OK);
    assert_int_equal(again, first);
    for (int k = 0; k < 2; k++) media_close(&m[k]);
    assert_int_equal(media_open(folder, &row, MEDIA_IMAGE, 0, NULL, &m[0]), OK);
    assert_int_equal(media_hash(&m[0], &last, &changed), OK);
    assert_int_equal(changed, hash64("abc3456789", 10, 0));
    media_close(&m[0]);
}

int main(void)
{
    if (!mkdtemp(folder)) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_files_are_in_memory_and_large_ones_are_not),
        cmocka_unit_test(a_member_is_a_range_of_its_tar),
        cmocka_unit_test(a_file_that_is_not_the_indexed_one_is_noticed),
        cmocka_unit_test(rows_of_one_file_share_its_bytes),
        cmocka_unit_test(members_share_nothing),
        cmocka_unit_test(a_file_is_hashed_once_until_it_changes),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return file_remove_tree(folder) != OK || failed;
}
