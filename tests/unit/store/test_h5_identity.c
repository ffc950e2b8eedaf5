/* The same calls give the same bytes: in processes started a second apart, with memory that malloc and free fill with
 * other bytes, and however the rows of a compressed dataset are cut into calls. The program starts itself for that. */
#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/status.h"
#include "store/h5.h"

#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/tessera-test-h5-identity-XXXXXX";
static const char *self;

enum { N = 200000 };

static int write_numbers(h5_file *f, const char *path, const uint32_t *ids, int64_t step)
{
    int rc = OK;
    for (int64_t at = 0; at < N; at += step) TRY(h5_write(f, path, at, N - at < step ? N - at : step, ids + at));
done:
    return rc;
}

/* A file with everything that we use: many links and attributes, empty, small, plain and compressed datasets, and one
 * that is not written to its end. */
static int write_file(const char *path, int64_t step)
{
    int rc = OK;
    h5_file *f = NULL;
    uint32_t *ids = NULL;
    const int64_t n = N;
    char name[32];
    TRY(MEM_ALLOC(ids, N));
    for (uint32_t i = 0; i < N; i++) ids[i] = i * 2654435761u >> (i % 3 ? 20 : 28);
    TRY(h5_create(&f, path, "test"));
    TRY(h5_group(f, "/many"));
    for (int i = 0; i < 40; i++) {
        snprintf(name, sizeof name, "/many/%d", i);
        TRY(h5_put(f, name, H5_U32, i, ids));
        TRY(h5_put_text(f, name, "text", name));
        TRY(h5_put_int(f, "/", name + 6, i));
    }
    TRY(h5_dataset(f, "/plain", H5_U32, 1, &n, 0));
    TRY(h5_dataset(f, "/part", H5_U32, 1, &n, 0));
    TRY(h5_dataset(f, "/packed", H5_U32, 1, &n, 1));
    TRY(h5_dataset(f, "/packed_too", H5_U32, 1, &n, 9));
    TRY(h5_dataset(f, "/packed_part", H5_U32, 1, &n, 1));
    TRY(write_numbers(f, "/plain", ids, step));
    TRY(write_numbers(f, "/packed", ids, step));
    TRY(write_numbers(f, "/packed_too", ids, N));
    TRY(h5_write(f, "/part", 0, 17, ids));
    TRY(h5_write(f, "/packed_part", 0, 100017, ids));
    TRY(h5_put_real(f, "/many", "real", 1.0 / 3));
    TRY(h5_commit(&f));
done:
    h5_abandon(&f);
    mem_free(&ids);
    return rc;
}

static void hash_of(const char *name, const char *perturb, const char *step, char hex[SHA256_HEX])
{
    char path[80], variable[32];
    char *arguments[] = {(char *)self, path, (char *)step, NULL}, *variables[] = {variable, NULL};
    pid_t pid;
    int status;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    snprintf(variable, sizeof variable, "MALLOC_PERTURB_=%s", perturb);
    assert_int_equal(posix_spawn(&pid, self, NULL, NULL, arguments, variables), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(sha256_file(path, hex), OK);
}

static void the_same_calls_give_the_same_bytes(void **state)
{
    (void)state;
    char first[SHA256_HEX], second[SHA256_HEX];
    hash_of("a", "85", "3333", first);
    sleep(1);
    hash_of("b", "170", "3333", second);
    assert_string_equal(first, second);
    hash_of("c", "0", "3333", second);
    assert_string_equal(first, second);
}

static void cuts_between_calls_do_not_show(void **state)
{
    (void)state;
    char first[SHA256_HEX], second[SHA256_HEX];
    hash_of("a", "85", "200000", first);
    hash_of("b", "170", "777", second);
    assert_string_equal(first, second);
}

int main(int argc, char **argv)
{
    if (argc == 3) {
        int rc = write_file(argv[1], atoll(argv[2]));
        if (rc != OK) fprintf(stderr, "%s\n", status_message());
        return rc != OK;
    }
    self = argv[0];
    if (!mkdtemp(folder)) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_calls_give_the_same_bytes),
        cmocka_unit_test(cuts_between_calls_do_not_show),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return file_remove_tree(folder) != OK || failed;
}
