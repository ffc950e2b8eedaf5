/* A disk that is full, at every moment of writing a file: each time ERR_SPACE, no file left, and the library is fit for
 * the next file. Needs the right to mount a tmpfs. */
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "store/h5.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include <cmocka.h>

static char folder[] = "/tmp/tessera-test-h5-space-XXXXXX";
static char path[64], ballast_path[64];
static int mounted;

enum { N = 100000, PAGE = 4096, PAGES = 256 };

static int write_file(int deflate)
{
    int rc = OK;
    h5_file *f = NULL;
    uint32_t *ids = NULL;
    const int64_t n = N;
    TRY(MEM_ALLOC(ids, N));
    for (uint32_t i = 0; i < N; i++) ids[i] = i * 2654435761u;
    TRY(h5_create(&f, path, "test"));
    TRY(h5_group(f, "/g"));
    TRY(h5_dataset(f, "/g/a", H5_U32, 1, &n, deflate));
    TRY(h5_dataset(f, "/g/b", H5_U16, 1, &n, deflate));
    TRY(h5_write(f, "/g/a", 0, N, ids));
    TRY(h5_write(f, "/g/b", 0, N, ids));
    TRY(h5_put_int(f, "/", "n", N));
    TRY(h5_commit(&f));
done:
    h5_abandon(&f);
    mem_free(&ids);
    return rc;
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    int full = 0;
    if (!mounted) {
        printf("SKIPPED: no right to mount a tmpfs\n");
        skip();
    }
    for (int taken = PAGES - 1; taken >= 0; taken -= taken > PAGES - 6 ? 1 : 9) {
        char *ballast = NULL;
        file_list names;
        assert_int_equal(mem_alloc((void **)&ballast, (size_t)taken + 1, PAGE), OK);
        assert_int_equal(file_commit(ballast_path, ballast, (size_t)taken * PAGE, "ballast"), OK);
        mem_free(&ballast);
        int rc = write_file(taken % 2), whole = rc == OK;
        if (!whole && rc != ERR_SPACE) print_error("%d pages taken: %s\n", taken, status_message());
        assert_true(whole || rc == ERR_SPACE);
        full += !whole;
        assert_int_equal(file_list_folder(folder, &names), OK);
        assert_int_equal(names.n, 1 + whole);
        file_list_free(&names);
        assert_int_equal(file_remove(ballast_path), OK);
        assert_int_equal(file_remove(path), OK);
        assert_int_equal(write_file(taken % 2), OK);
        assert_int_equal(file_remove(path), OK);
    }
    assert_true(full > 5);
}

int main(void)
{
    if (!mkdtemp(folder)) return 1;
    snprintf(path, sizeof path, "%s/file.h5", folder);
    snprintf(ballast_path, sizeof ballast_path, "%s/ballast", folder);
    mounted = mount("tmpfs", folder, "tmpfs", 0, "size=1m") == 0;
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_full_disk_is_told)};
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (mounted) failed |= umount(folder) != 0;
    return file_remove_tree(folder) != OK || failed;
}
