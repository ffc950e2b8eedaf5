/* The Python reader of the README against a materialised file.
 * usage: test_read_sequences PYTHON SCRIPT */
#include "sequence/pack.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "sample_shards.h"

#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>

#include <cmocka.h>

extern char **environ;
static char *python, *script;

enum { ROWS = 90, BLOCKS = 2 };

static void python_reads_what_was_materialised(void **state)
{
    (void)state;
    sample_row rows[ROWS];
    sample_shards s;
    sequence_counts c;
    const int64_t ends[] = {40, ROWS};
    char *row[] = {"{image:newline}{audio}{text}"}, *folder = NULL, no_cache[] = "-B",
         *arguments[7] = {python, no_cache, script, s.folder};
    pid_t child;
    int result = -1;
    for (int64_t i = 0; i < ROWS; i++) {
        uint64_t x = rng_bits(6, (uint64_t)i, 0);
        rows[i] = (sample_row){i == 40 || x % 3 != 0, (int)(x >> 8 & 63), (int)(x >> 16 & 3), 4, (int)(x >> 24 & 15)};
    }
    sample_make(&s, rows, ends, 2);
    sequence_options o = sample_options(64);
    o.block = 50;
    o.row.texts = row;
    const sequence_set set = sample_set(&s, &o);
    assert_int_equal(file_join(&folder, s.folder, "sequences/default"), OK);
    assert_int_equal(file_make_folder(folder), OK);
    for (int b = 0; b < BLOCKS; b++) {
        char *name = NULL, *path = NULL;
        assert_int_equal(pack_name(&name, "train", b, BLOCKS), OK);
        assert_int_equal(file_join(&path, folder, name), OK);
        assert_int_equal(mem_format(&arguments[4 + b], "%s/ids-%d.h5", s.folder, b), OK);
        assert_int_equal(pack_block(&set, b, path, &c), OK);
        assert_int_equal(pack_materialise(&set, path, arguments[4 + b]), OK);
        mem_free(&name);
        mem_free(&path);
    }
    assert_int_equal(posix_spawn(&child, python, NULL, NULL, arguments, environ), 0);
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(result, 0);
    for (int b = 0; b < BLOCKS; b++) mem_free(&arguments[4 + b]);
    mem_free(&folder);
    sample_remove(&s);
}

int main(int argc, char **argv)
{
    if (argc != 3) return 2;
    python = argv[1];
    script = argv[2];
    const struct CMUnitTest tests[] = {cmocka_unit_test(python_reads_what_was_materialised)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
