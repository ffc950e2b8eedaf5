#include "base/memory.h"
#include "base/status.h"
#include "corpus/tar_reader.h"
#include "tar_build.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* All members as "NAME TYPE SIZE[ cut]; ", then the error if there is one. */
static const char *members(const tar_build *t)
{
    static char text[4096];
    static const char *const types[] = {"file", "folder", "link", "sparse", "special"};
    byte_source source = source_of_memory(t->bytes, t->n);
    tar_reader *r = NULL;
    tar_member m;
    int got = 1, rc;
    size_t n = 0;
    text[0] = 0;
    assert_int_equal(tar_reader_open(&r, &source), OK);
    while ((rc = tar_reader_next(r, &m, &got)) == OK && got)
        n += (size_t)snprintf(text + n, sizeof text - n, "%.60s %s %lld%s; ", m.name, types[m.type], (long long)m.size,
                              m.cut ? " cut" : "");
    if (rc != OK) {
        assert_int_equal(rc, ERR_FORMAT);
        n += (size_t)snprintf(text + n, sizeof text - n, "%s", status_message());
        assert_int_equal(tar_reader_next(r, &m, &got), ERR_FORMAT); /* again and again */
    } else if (tar_reader_lacks_end(r)) {
        snprintf(text + n, sizeof text - n, "no end");
    }
    tar_reader_close(&r);
    return text;
}

static void drop(tar_build *t)
{
    mem_free(&t->bytes);
    *t = (tar_build){0};
}

static void members_come_in_order_with_their_data(void **state)
{
    tar_build t = {0};
    tar_reader *r = NULL;
    tar_member m;
    int got;
    char big[10000], *text = NULL;
    memset(big, 'x', sizeof big);
    tar_build_add(&t, "d/", '5', "", 0);
    tar_build_file(&t, "d/a.txt", "hello");
    tar_build_add(&t, "b.bin", '0', big, sizeof big);
    tar_build_add(&t, "old.bin", 0, "", 0);
    tar_build_add(&t, "v7/", '0', "", 0);
    tar_build_end(&t);
    assert_string_equal(members(&t), "d/ folder 0; d/a.txt file 5; b.bin file 10000; old.bin file 0; v7/ folder 0; ");
    byte_source source = source_of_memory(t.bytes, t.n);
    assert_int_equal(tar_reader_open(&r, &source), OK);
    for (int i = 0; i < 2; i++) assert_int_equal(tar_reader_next(r, &m, &got), OK);
    tar_reader_back(r);
    assert_int_equal(tar_reader_next(r, &m, &got), OK);
    assert_string_equal(m.name, "d/a.txt");
    assert_memory_equal(t.bytes + m.offset, "hello", 5);
    assert_int_equal(tar_reader_content(r, &m, &text), OK);
    assert_string_equal(text, "hello");
    mem_free(&text);
    assert_int_equal(tar_reader_next(r, &m, &got), OK);
    assert_int_equal(tar_reader_content(r, &m, &text), OK);
    assert_int_equal(strlen(text), sizeof big);
    mem_free(&text);
    tar_reader_close(&r);
    drop(&t);
}

static void long_names_and_sizes_are_read(void **state)
{
    tar_build t = {0};
    char name[300];
    memset(name, 'n', sizeof name - 1);
    name[sizeof name - 1] = 0;
    tar_build_pax(&t, "path", "of/pax.txt");
    tar_build_file(&t, "short", "1");
    tar_build_add(&t, "././@LongLink", 'L', "of/gnu.txt", 11);
    tar_build_file(&t, "short", "22");
    tar_build_add(&t, "././@LongLink", 'K', name, sizeof name);
    tar_build_add(&t, "link", '2', "", 0);
    tar_build_add(&t, "global", 'g', "16 path=of/all\n", 15);
    tar_build_file(&t, "plain", "333");
    tar_build_pax(&t, "size", "4"); /* the field in the header is too small for real sizes */
    size_t h = tar_build_file(&t, "sized", "4444");
    memcpy(t.bytes + h + 124, "00000000000", 12);
    tar_build_sum(&t, h);
    h = tar_build_file(&t, "binary", "55555");
    memcpy(t.bytes + h + 124, "\x80\0\0\0\0\0\0\0\0\0\0\5", 12);
    tar_build_sum(&t, h);
    h = tar_build_file(&t, "name", "666666");
    memcpy(t.bytes + h + 345, "prefix", 6);
    tar_build_sum(&t, h);
    tar_build_pax(&t, "path", name);
    tar_build_file(&t, "x", "");
    tar_build_end(&t);
    assert_string_equal(members(&t), "of/pax.txt file 1; of/gnu.txt file 2; link link 0; plain file 3; sized file 4; "
                                     "binary file 5; prefix/name file 6; "
                                     "nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn file 0; ");
    drop(&t);
}

static void what_is_no_plain_file_is_told_apart(void **state)
{
    tar_build t = {0};
    char more[512] = {0};
    tar_build_add(&t, "hard", '1', "", 0);
    size_t h = tar_build_add(&t, "lies", '2', "", 0); /* a link has no data whatever its size says */
    memcpy(t.bytes + h + 124, "00000000777", 12);
    tar_build_sum(&t, h);
    tar_build_add(&t, "pipe", '6', "", 0);
    tar_build_add(&t, "unknown", 'Z', "abc", 3);
    tar_build_pax(&t, "GNU.sparse.name", "sparse-new");
    tar_build_file(&t, "made/up", "map and data");
    h = tar_build_add(&t, "sparse-old", 'S', "", 0);
    memcpy(t.bytes + h + 124, "00000000004", 12);
    t.bytes[h + 482] = 1;
    tar_build_sum(&t, h);
    assert_int_equal(MEM_GROW(t.bytes, &t.capacity, t.n + 1024), OK);
    memcpy(t.bytes + t.n, more, 512);
    memcpy(t.bytes + t.n + 512, "data", 4);
    memset(t.bytes + t.n + 516, 0, 508);
    t.n += 1024;
    tar_build_file(&t, "last", "z");
    tar_build_end(&t);
    assert_string_equal(members(&t),
                        "hard link 0; lies link 0; pipe special 0; unknown special 3; sparse-new sparse 12; "
                        "sparse-old sparse 4; last file 1; ");
    drop(&t);
}

static void ends_of_all_kinds(void **state)
{
    tar_build t = {0};
    assert_string_equal(members(&t), "no end");
    tar_build_file(&t, "a", "1");
    assert_string_equal(members(&t), "a file 1; no end");
    tar_build_end(&t);
    tar_build_file(&t, "behind", "1");
    assert_string_equal(members(&t), "a file 1; ");
    drop(&t);
    tar_build_file(&t, "a", "1");
    tar_build_end(&t);
    t.n -= 512; /* one block of zeros alone is no end where more follows */
    tar_build_file(&t, "b", "22");
    assert_string_equal(members(&t), "a file 1; b file 2; no end");
    t.n -= 511;
    assert_string_equal(members(&t), "a file 1; b file 2 cut; no end");
    t.n -= 600;
    assert_string_equal(members(&t), "a file 1; a header that is cut at byte 1024");
    drop(&t);
}

static void damage_is_an_error_of_the_place(void **state)
{
    static const char *const sizes[] = {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", "0000000x005",
                                        "\x80\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"};
    tar_build t = {0};
    for (int i = 0; i < 3; i++) {
        tar_build_file(&t, "a", "1");
        size_t h = tar_build_file(&t, "b", "2");
        memcpy(t.bytes + h + 124, sizes[i], 12);
        tar_build_sum(&t, h);
        tar_build_end(&t);
        assert_string_equal(members(&t), "a file 1; no header of a tar at byte 1024");
        drop(&t);
    }
    tar_build_file(&t, "a", "1");
    size_t h = tar_build_file(&t, "b", "2");
    t.bytes[h] ^= 1;
    assert_string_equal(members(&t), "a file 1; no header of a tar at byte 1024");
    drop(&t);
    h = tar_build_file(&t, "huge", "2"); /* 2^55 bytes: no sum of it overflows */
    memcpy(t.bytes + h + 124, "\x80\0\0\0\0\x7f\xff\xff\xff\xff\xff\xff", 12);
    tar_build_sum(&t, h);
    assert_string_equal(members(&t), "huge file 36028797018963967 cut; no end");
    drop(&t);
    tar_build_pax(&t, "size", "9223372036854775800");
    tar_build_file(&t, "huge", "2");
    assert_string_equal(members(&t), "a damaged pax header at byte 0");
    drop(&t);
}

static void damaged_pax_headers(void **state)
{
    static const char *const records[] = {"5 a=b\n",    "99 a=b\n",    "a=b\n",   "6 a=bx",
                                          "7 abcd\n",   "1 ",          "0 a=b\n", "99999999999999999999999 a=b\n",
                                          "10 size=\n", "12 size=-1\n"};
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        tar_build t = {0};
        tar_build_add(&t, "x", 'x', records[i], strlen(records[i]));
        tar_build_file(&t, "a", "1");
        tar_build_end(&t);
        if (strcmp(members(&t), "a damaged pax header at byte 0") != 0) fail_msg("\"%s\": %s", records[i], members(&t));
        drop(&t);
    }
    tar_build t = {0};
    size_t h = tar_build_add(&t, "x", 'x', "9 a=bcd\n", 8);
    memcpy(t.bytes + h + 124, "77777777777", 12);
    tar_build_sum(&t, h);
    assert_string_equal(members(&t), "a header that is too long at byte 0");
    memcpy(t.bytes + h + 124, "00000007777", 12);
    tar_build_sum(&t, h);
    assert_string_equal(members(&t), "a header that is cut at byte 0");
    drop(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_come_in_order_with_their_data), cmocka_unit_test(long_names_and_sizes_are_read),
        cmocka_unit_test(what_is_no_plain_file_is_told_apart),   cmocka_unit_test(ends_of_all_kinds),
        cmocka_unit_test(damage_is_an_error_of_the_place),       cmocka_unit_test(damaged_pax_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
