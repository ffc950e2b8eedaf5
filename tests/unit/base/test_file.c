#include "base/fault.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char folder[] = "/tmp/tessera-test-file-XXXXXX";
static char path[64];

static int fail_before_rename(const char *name) { return strcmp(name, "test.before-rename") == 0 ? ENOSPC : 0; }

static void commit_replaces_the_file_whole(void **state)
{
    (void)state;
    uint8_t *bytes = NULL;
    size_t n = 0;
    assert_int_equal(file_commit(path, "first", 5, "test"), OK);
    assert_int_equal(file_commit(path, "second", 6, "test"), OK);
    assert_int_equal(file_read(path, 100, &bytes, &n), OK);
    assert_int_equal(n, 6);
    assert_memory_equal(bytes, "second", 7);
    mem_free(&bytes);
}

static void failed_commit_leaves_the_old_file_and_no_other(void **state)
{
    (void)state;
    file_list names;
    uint8_t *bytes = NULL;
    size_t n = 0;
    assert_int_equal(file_commit(path, "old", 3, "test"), OK);
    fault_set_hook(fail_before_rename);
    assert_int_equal(file_commit(path, "new", 3, "test"), ERR_SPACE);
    fault_set_hook(NULL);
    assert_int_equal(file_read(path, 100, &bytes, &n), OK);
    assert_memory_equal(bytes, "old", 4);
    mem_free(&bytes);
    assert_int_equal(file_list_folder(folder, &names), OK);
    assert_int_equal(names.n, 1);
    file_list_free(&names);
}

static void read_refuses_what_is_too_large_or_missing(void **state)
{
    (void)state;
    uint8_t *bytes = NULL;
    size_t n = 0;
    assert_int_equal(file_commit(path, "0123456789", 10, "test"), OK);
    assert_int_equal(file_read(path, 9, &bytes, &n), ERR_LIMIT);
    assert_null(bytes);
    assert_int_equal(file_read("/tmp/tessera-no-such-file", 9, &bytes, &n), ERR_MISSING);
}

static void removes_what_dead_processes_left(void **state)
{
    (void)state;
    file_list names;
    char *below = NULL, *left = NULL;
    assert_int_equal(file_join(&below, folder, "below"), OK);
    assert_int_equal(file_make_folder(below), OK);
    mem_free(&below);
    assert_int_equal(file_join(&below, folder, "below/kept"), OK);
    assert_int_equal(file_temporary(&left, below), OK);
    assert_int_equal(file_commit(below, "kept", 4, "test"), OK);
    assert_int_equal(file_commit(left, "left", 4, "test"), OK);
    assert_int_equal(file_remove_temporaries(folder), OK);
    assert_true(file_exists(below));
    assert_false(file_exists(left));
    assert_int_equal(file_remove(below), OK);
    *strrchr(below, '/') = 0;
    assert_int_equal(file_list_folder(below, &names), OK);
    assert_int_equal(names.n, 0);
    file_list_free(&names);
    mem_free(&below);
    mem_free(&left);
}

int main(void)
{
    if (!mkdtemp(folder)) return 1;
    strcpy(path, folder);
    strcat(path, "/file");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(commit_replaces_the_file_whole),
        cmocka_unit_test(failed_commit_leaves_the_old_file_and_no_other),
        cmocka_unit_test(read_refuses_what_is_too_large_or_missing),
        cmocka_unit_test(removes_what_dead_processes_left),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return file_remove_tree(folder) != OK || failed;
}
