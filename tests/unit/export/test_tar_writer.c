#include "export/tar_writer.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char folder[] = "/tmp/tessera-test-tar-XXXXXX", path[64];

static int set_up(void **state)
{
    (void)state;
    if (!mkdtemp(folder)) return 1;
    snprintf(path, sizeof path, "%s/a.tar", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    return file_remove_tree(folder);
}

/* The header of a member, as POSIX has it; worked out by hand but for the checksum, which is added up here. */
static void check_header(const uint8_t *h, const char *name, const char *size)
{
    uint8_t wanted[512] = {0};
    unsigned sum = 0;
    char text[8];
    memcpy(wanted, name, strlen(name));
    memcpy(wanted + 100, "0000644\0000000000\0000000000", 24);
    memcpy(wanted + 124, size, 11);
    memcpy(wanted + 136, "00000000000", 11);
    memcpy(wanted + 148, "        0", 9);
    memcpy(wanted + 257, "ustar\00000", 8);
    memcpy(wanted + 329, "0000000\0000000000", 16);
    for (int i = 0; i < 512; i++) sum += wanted[i];
    snprintf(text, sizeof text, "%06o", sum);
    memcpy(wanted + 148, text, 7);
    assert_memory_equal(h, wanted, 512);
}

static void members_have_blocks_of_512_bytes(void **state)
{
    (void)state;
    tar_writer *t = NULL;
    uint8_t *bytes = NULL, full[512];
    static const uint8_t zeros[1024];
    size_t n;
    memset(full, 'x', sizeof full);
    assert_int_equal(tar_writer_open(&t, path), OK);
    assert_int_equal(tar_writer_begin(t, "a.txt", 5), OK);
    assert_int_equal(tar_writer_add(t, "he", 2), OK);
    assert_int_equal(tar_writer_add(t, "llo", 3), OK);
    assert_int_equal(tar_writer_begin(t, "empty", 0), OK);
    assert_int_equal(tar_writer_add(t, NULL, 0), OK);
    assert_int_equal(tar_writer_begin(t, "b/full", 512), OK);
    assert_int_equal(tar_writer_add(t, full, 512), OK);
    assert_false(file_exists(path));
    assert_int_equal(tar_writer_commit(&t), OK);
    assert_null(t);
    assert_int_equal(file_read(path, 1 << 20, &bytes, &n), OK);
    assert_int_equal(n, 512 * 7);
    check_header(bytes, "a.txt", "00000000005");
    assert_memory_equal(bytes + 512, "hello", 5);
    assert_memory_equal(bytes + 517, zeros, 507);
    check_header(bytes + 1024, "empty", "00000000000");
    check_header(bytes + 1536, "b/full", "00000001000");
    assert_memory_equal(bytes + 2048, full, 512);
    assert_memory_equal(bytes + 2560, zeros, 1024);
    mem_free(&bytes);
    assert_int_equal(file_remove(path), OK);
}

static void sizes_must_be_kept(void **state)
{
    (void)state;
    tar_writer *t = NULL;
    char name[102] = "";
    file_list names;
    assert_int_equal(tar_writer_open(&t, path), OK);
    memset(name, 'n', 101);
    assert_int_equal(tar_writer_begin(t, name, 1), ERR_LIMIT);
    assert_int_equal(tar_writer_begin(t, "large", (int64_t)1 << 33), ERR_LIMIT);
    name[100] = 0;
    assert_int_equal(tar_writer_begin(t, name, 1), OK);
    assert_int_equal(tar_writer_begin(t, "early", 1), ERR_INTERNAL);
    assert_int_equal(tar_writer_add(t, "ab", 2), ERR_INTERNAL);
    assert_int_equal(tar_writer_commit(&t), ERR_INTERNAL);
    assert_null(t);
    assert_int_equal(file_list_folder(folder, &names), OK);
    assert_int_equal(names.n, 0);
    file_list_free(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_have_blocks_of_512_bytes),
        cmocka_unit_test(sizes_must_be_kept),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
