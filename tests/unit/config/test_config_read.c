#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "config_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char folder[] = "/tmp/tessera-test-config-XXXXXX";

static void write_file(const char *name, const char *text)
{
    char *path = NULL;
    assert_int_equal(file_join(&path, folder, name), OK);
    assert_int_equal(file_commit(path, text, strlen(text), "test"), OK);
    mem_free(&path);
}

static int read_named(sample *s, const char *name)
{
    char *path = NULL;
    assert_int_equal(file_join(&path, folder, name), OK);
    int rc = config_read(s->config, path);
    mem_free(&path);
    return rc;
}

static void check_message(const char *format, ...)
{
    char expected[600];
    va_list args;
    va_start(args, format);
    vsnprintf(expected, sizeof expected, format, args);
    va_end(args);
    assert_string_equal(status_message(), expected);
}

static void the_file_overrides_its_presets_and_later_ones_earlier_ones(void **state)
{
    (void)state;
    sample s;
    sample_create(&s);
    write_file("base.yaml", "audio: {rate: 1, codebook: {size: 11, seed: 5}, gain: 9}\n");
    write_file("more.yaml", "preset: base\naudio.rate: 2\naudio.codebook.size: 22\n");
    write_file("other.yaml", "audio.codebook.size: 33\n");
    write_file("main.yaml", "audio.rate: 3\npreset: [more, sub/deep.yaml, other]\n");
    char *sub = NULL;
    assert_int_equal(file_join(&sub, folder, "sub"), OK);
    assert_int_equal(file_make_folder(sub), OK);
    mem_free(&sub);
    write_file("sub/deep.yaml", "preset: near\n");
    write_file("sub/near.yaml", "run.cache: deep\naudio.gain: 4\n");
    assert_int_equal(read_named(&s, "main.yaml"), OK);
    assert_int_equal(s.audio.rate, 3);
    assert_int_equal(s.audio.size, 33);
    assert_int_equal(s.audio.seed, 5);
    assert_true(s.audio.gain == 4);
    assert_string_equal(s.run.cache, "deep");
    sample_free(&s);
}

static void cycles_and_missing_presets(void **state)
{
    (void)state;
    sample s;
    sample_create(&s);
    write_file("a.yaml", "preset: b\n");
    write_file("b.yaml", "\npreset: a\n");
    assert_int_equal(read_named(&s, "a.yaml"), ERR_CONFIG);
    check_message("%s/b.yaml:2:9: preset: %s/a.yaml names itself, directly or through others", folder, folder);
    write_file("c.yaml", "preset: [nothing]\n");
    assert_int_equal(read_named(&s, "c.yaml"), ERR_CONFIG);
    check_message("%s/c.yaml:1:10: preset: cannot read %s/nothing.yaml: No such file or directory", folder, folder);
    write_file("c.yaml", "preset: {a: b}\n");
    assert_int_equal(read_named(&s, "c.yaml"), ERR_CONFIG);
    check_message("%s/c.yaml:1:9: preset: a name or a list of names is expected", folder);
    write_file("c.yaml", "preset:\n");
    assert_int_equal(read_named(&s, "c.yaml"), ERR_CONFIG);
    write_file("c.yaml", "preset: d\npreset: d\n");
    write_file("d.yaml", "");
    assert_int_equal(read_named(&s, "c.yaml"), ERR_CONFIG);
    check_message("%s/c.yaml:2:1: \"preset\" is given twice (first in line 1)", folder);
    sample_free(&s);
}

static void presets_of_presets_cannot_multiply(void **state)
{
    (void)state;
    sample s;
    sample_create(&s);
    for (int i = 0; i < 12; i++) {
        char name[20], text[40];
        snprintf(name, sizeof name, "p%d.yaml", i);
        snprintf(text, sizeof text, "preset: [p%d, p%d]\n", i + 1, i + 1);
        write_file(name, text);
    }
    write_file("p12.yaml", "");
    assert_int_equal(read_named(&s, "p0.yaml"), ERR_CONFIG);
    assert_non_null(strstr(status_message(), "more than 64 presets"));
    sample_free(&s);
}

static void files_that_cannot_be_read(void **state)
{
    (void)state;
    sample s;
    sample_create(&s);
    assert_int_equal(read_named(&s, "none.yaml"), ERR_CONFIG);
    check_message("cannot read %s/none.yaml: No such file or directory", folder);
    assert_int_equal(config_read(s.config, folder), ERR_CONFIG);
    check_message("cannot read %s: Is a directory", folder);
    write_file("wrong.yaml", "preset: inner\n");
    write_file("inner.yaml", "audio:\n  rate: x\n");
    assert_int_equal(read_named(&s, "wrong.yaml"), ERR_CONFIG);
    check_message("%s/inner.yaml:2:9: audio.rate: \"x\" is not a whole number (1 to 192000)", folder);
    write_file("empty.yaml", "");
    assert_int_equal(read_named(&s, "empty.yaml"), OK);
    sample_free(&s);
}

int main(void)
{
    if (!mkdtemp(folder)) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_file_overrides_its_presets_and_later_ones_earlier_ones),
        cmocka_unit_test(cycles_and_missing_presets),
        cmocka_unit_test(presets_of_presets_cannot_multiply),
        cmocka_unit_test(files_that_cannot_be_read),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return file_remove_tree(folder) != OK || failed;
}
