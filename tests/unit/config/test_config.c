#include "base/memory.h"
#include "base/status.h"
#include "config_sample.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Each row: a text, and the whole message that it must give. */
typedef struct refusal {
    const char *text, *message;
} refusal;

static void check_refusals(const refusal *rows, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        sample s;
        sample_create(&s);
        assert_int_equal(sample_load(&s, rows[i].text), ERR_CONFIG);
        assert_string_equal(status_message(), rows[i].message);
        sample_free(&s);
    }
}
#define CHECK_REFUSALS(rows) check_refusals((rows), sizeof(rows) / sizeof *(rows))

static void defaults(void **state)
{
    (void)state;
    sample s;
    sample_create(&s);
    assert_int_equal(s.audio.rate, 16000);
    assert_int_equal(s.audio.kind, 2);
    assert_int_equal(s.audio.reduce, 1);
    assert_true(s.audio.overlap == 0.25);
    assert_string_equal(s.audio.path, "");
    assert_int_equal(s.audio.langs.n, 2);
    assert_string_equal(s.audio.langs.texts[1], "de");
    assert_true(s.run.prefetch == 256 << 20);
    assert_true(s.run.limit == 14400);
    assert_string_equal(s.run.splits.texts[0], "train: 0.98");
    sample_free(&s);
}

static void every_type_from_a_file(void **state)
{
    (void)state;
    sample s;
    sample_create(&s);
    assert_int_equal(
        sample_load(&s, "audio:\n  rate: 8000\n  codebook: {size: 100, seed: -9223372036854775808}\n  kind: off\n"
                        "  reduce: No\n  overlap: 1\n  gain: -2.5e-3\n"
                        "audio.codebook.path: \"a\\tb\"\n"
                        "corpus:\n  langs:\n    - fr\n    - \"no\"\n    - x: 1\n  splits: {a: 0.5, b: 0.5}\n"
                        "run: {prefetch_bytes: 1KiB, time_limit: 90, any_bytes: 3GB}\nrun.cache: C:\\dir\n"),
        OK);
    assert_int_equal(s.audio.rate, 8000);
    assert_int_equal(s.audio.size, 100);
    assert_true(s.audio.seed == INT64_MIN);
    assert_int_equal(s.audio.kind, 3);
    assert_int_equal(s.audio.reduce, 0);
    assert_true(s.audio.overlap == 1);
    assert_true(s.audio.gain == -2.5e-3);
    assert_string_equal(s.audio.path, "a\tb");
    assert_int_equal(s.audio.langs.n, 3);
    assert_string_equal(s.audio.langs.texts[1], "no");
    assert_string_equal(s.audio.langs.texts[2], "x: 1");
    assert_int_equal(s.run.splits.n, 2);
    assert_string_equal(s.run.splits.texts[1], "b: 0.5");
    assert_int_equal(s.run.prefetch, 1024);
    assert_true(s.run.any_bytes == INT64_C(3000000000));
    assert_true(s.run.limit == 90);
    assert_string_equal(s.run.cache, "C:\\dir");
    sample_free(&s);
}

static void what_says_nothing_changes_nothing(void **state)
{
    (void)state;
    static const char *const texts[] = {"",
                                        "\n",
                                        "# only this\n",
                                        "---\n",
                                        "null\n",
                                        "{}\n",
                                        "audio:\nrun: ~\n",
                                        "audio: {}\n",
                                        "\xEF\xBB\xBF# byte order mark\n",
                                        "audio:\r\n"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        sample s, untouched;
        sample_create(&s);
        sample_create(&untouched);
        assert_int_equal(sample_load(&s, texts[i]), OK);
        assert_true(sample_equal(&s, &untouched));
        sample_free(&s);
        sample_free(&untouched);
    }
}

static void unknown_keys_name_the_nearest(void **state)
{
    (void)state;
    static const refusal rows[] = {
        {"audio:\n  rate: 1\n  codebok: {size: 5}\n",
         "f.yaml:3:3: unknown key \"audio.codebok\"; did you mean \"audio.codebook\"? valid keys here: audio.rate, "
         "audio.codebook.*, audio.kind, audio.reduce, audio.overlap, audio.gain"},
        {"\naudio.codebok.size: 500\n",
         "f.yaml:2:1: unknown key \"audio.codebok.size\"; did you mean \"audio.codebook.size\"? valid keys here: "
         "audio.codebook.size, audio.codebook.path, audio.codebook.seed"},
        {"audio:\n  codebook:\n    siez: 500\n",
         "f.yaml:3:5: unknown key \"audio.codebook.siez\"; did you mean \"audio.codebook.size\"? valid keys here: "
         "audio.codebook.size, audio.codebook.path, audio.codebook.seed"},
        {"time_limit: 4h\n", "f.yaml:1:1: unknown key \"time_limit\"; did you mean \"run.time_limit\"? valid keys "
                             "here: run.prefetch_bytes, "
                             "run.any_bytes, run.time_limit, run.cache"},
        {"something.else: 4h\n",
         "f.yaml:1:1: unknown key \"something.else\"; valid keys here: audio.*, corpus.*, run.*"},
        {"audio.rate.x: 4h\n",
         "f.yaml:1:1: unknown key \"audio.rate.x\"; did you mean \"audio.rate\"? valid keys here: "
         "audio.rate, audio.codebook.*, audio.kind, audio.reduce, audio.overlap, audio.gain"},
        {"\"a\\nb\": 1\n", "f.yaml:1:1: unknown key \"a?b\"; valid keys here: audio.*, corpus.*, run.*"},
        {": 1\n", "f.yaml:1:1: unknown key \"\"; valid keys here: audio.*, corpus.*, run.*"},
    };
    CHECK_REFUSALS(rows);
}

static void wrong_values_name_what_is_allowed(void **state)
{
    (void)state;
    static const refusal rows[] = {
        {"audio:\n  rate: abc\n", "f.yaml:2:9: audio.rate: \"abc\" is not a whole number (1 to 192000)"},
        {"audio: {rate: 0}\n", "f.yaml:1:15: audio.rate: 0 is out of range (1 to 192000)"},
        {"audio: {rate: 192001}\n", "f.yaml:1:15: audio.rate: 192001 is out of range (1 to 192000)"},
        {"audio: {rate: 16e3}\n", "f.yaml:1:15: audio.rate: \"16e3\" is not a whole number (1 to 192000)"},
        {"audio.codebook.seed: 9223372036854775808\n",
         "f.yaml:1:22: audio.codebook.seed: 9223372036854775808 is larger than 64 bits hold"},
        {"audio.rate:\n", "f.yaml:1:1: audio.rate has no value"},
        {"audio.rate: [1]\n", "f.yaml:1:13: audio.rate: a list is not a whole number, 1 to 192000"},
        {"audio.rate: {a: 1}\n", "f.yaml:1:13: audio.rate: a map is not a whole number, 1 to 192000"},
        {"audio.overlap: 1.01\n", "f.yaml:1:16: audio.overlap: 1.01 is out of range (0 to 1)"},
        {"audio.overlap: .nan\n", "f.yaml:1:16: audio.overlap: \".nan\" is not a number (0 to 1)"},
        {"audio.gain: .inf\n", "f.yaml:1:13: audio.gain: \".inf\" is not a number"},
        {"audio.kind: mel\n", "f.yaml:1:13: audio.kind: \"mel\" is not one of power, log-mel, mfcc, off"},
        {"audio.reduce: 1\n", "f.yaml:1:15: audio.reduce: \"1\" is not true or false"},
        {"run.prefetch_bytes: 100\n", "f.yaml:1:21: run.prefetch_bytes: 100 is out of range (1KiB to 1TiB)"},
        {"run.prefetch_bytes: 64K\n",
         "f.yaml:1:21: run.prefetch_bytes: \"64K\" is not a size in bytes, like 512, 64KiB, "
         "2GiB or 500MB (1KiB to 1TiB)"},
        {"run.any_bytes: -1\n", "f.yaml:1:16: run.any_bytes: -1 is negative"},
        {"run.time_limit: -1s\n", "f.yaml:1:17: run.time_limit: -1s is out of range (at least 0s)"},
        {"run.time_limit: 04:00:00\n",
         "f.yaml:1:17: run.time_limit: \"04:00:00\" is not a time, like 30, 30s, 10m, 4h or 2d (at least 0s)"},
        {"run.cache: ~\n", "f.yaml:1:12: run.cache has no value; write \"\" for an empty text"},
        {"run.cache: [a]\n", "f.yaml:1:12: run.cache: a list is not a text"},
        {"corpus.langs: en\n", "f.yaml:1:15: corpus.langs: \"en\" is not a list; write [en]"},
        {"corpus.langs:\n", "f.yaml:1:1: corpus.langs has no value; write [] for an empty list"},
        {"corpus.langs: [a, [b]]\n", "f.yaml:1:19: corpus.langs: an entry is a list, not a text or number"},
        {"corpus.langs: [a, ~]\n", "f.yaml:1:19: corpus.langs: an entry has no value"},
        {"corpus.splits: {a: 1, a: 2}\n", "f.yaml:1:23: corpus.splits: \"a\" is given twice"},
        {"audio: 5\n", "f.yaml:1:1: \"audio\" is a map of keys, not a value; its keys: audio.rate, audio.codebook.*, "
                       "audio.kind, audio.reduce, audio.overlap, audio.gain"},
        {"- a\n", "f.yaml:1:1: a map of keys is expected (key: value)"},
        {"preset: x\n", "f.yaml:1:1: presets can be named at the top of a file only"},
    };
    CHECK_REFUSALS(rows);
}

static void keys_given_twice(void **state)
{
    (void)state;
    static const refusal rows[] = {
        {"audio:\n  rate: 1\n  rate: 1\n", "f.yaml:3:3: \"rate\" is given twice (first in line 2)"},
        {"audio:\n  rate: 1\naudio.rate: 1\n", "f.yaml:3:1: \"audio.rate\" is given twice (first in line 2)"},
        {"audio: {rate: 1}\naudio: {kind: mfcc}\n", "f.yaml:2:1: \"audio\" is given twice (first in line 1)"},
    };
    CHECK_REFUSALS(rows);
}

static void syntax_errors_have_a_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *start;
    } rows[] = {
        {"audio:\n  rate: [1\n", "f.yaml:3:1: "},
        {"audio:\n\trate: 1\n", "f.yaml:2:1: "},
        {"run.cache: \"abc\n", "f.yaml:1:13: "},
        {"run.cache: @x\n", "f.yaml:1:12: "},
        {"run.cache: *x\n", "f.yaml:1:12: alias of the unknown anchor \"x\""},
        {"audio: &x {rate: *x}\n", "f.yaml:1:18: the anchor \"x\" contains itself"},
        {"audio.rate: !!int 5\n", "f.yaml:1:19: a tag (!) is not allowed here"},
        {"? [a]\n: 5\n", "f.yaml:1:"},
        {"audio.rate: 5\n---\naudio.rate: 6\n", "f.yaml:2:1: a second document (---) is not allowed"},
        {"run.cache: a\n  \x01\n", "f.yaml:2:3: byte 0x01 is not text"},
        {"run.cache: \xC3\x28\n", "f.yaml:1:12: byte 0xC3 is not text"},
        {"run.cache: \xED\xA0\x80\n", "f.yaml:1:12: byte 0xED is not text"},
        {"run.cache: \"a\\0b\"\n", "f.yaml:1:12: a text may not contain a zero byte"},
        {"audio:\n  <<: {rate: 1}\n", "f.yaml:2:3: merge keys"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sample s;
        sample_create(&s);
        assert_int_equal(sample_load(&s, rows[i].text), ERR_CONFIG);
        if (strncmp(status_message(), rows[i].start, strlen(rows[i].start)))
            fail_msg("%s: %s", rows[i].start, status_message());
        sample_free(&s);
    }
}

static void aliases(void **state)
{
    (void)state;
    sample s;
    sample_create(&s);
    assert_int_equal(sample_load(&s, "corpus.langs: &l [&e en, *e]\ncorpus.splits: *l\nrun.cache: *e\n"), OK);
    assert_int_equal(s.run.splits.n, 2);
    assert_string_equal(s.run.splits.texts[1], "en");
    assert_string_equal(s.run.cache, "en");
    sample_free(&s);
}

/* What a hostile file could ask for in little space. */
static void sizes_are_bounded(void **state)
{
    (void)state;
    sample s;
    char *text = NULL;
    size_t n = (16 << 20) + 1;
    sample_create(&s);
    assert_int_equal(MEM_ALLOC(text, n + 1), OK);
    memset(text, '#', n);
    assert_int_equal(config_load(s.config, "f.yaml", text, n), ERR_CONFIG);
    assert_string_equal(status_message(), "f.yaml:1:1: larger than 16 MiB");
    memset(text, '[', 5000);
    assert_int_equal(config_load(s.config, "f.yaml", text, 5000), ERR_CONFIG);
    assert_non_null(strstr(status_message(), "nested deeper than 32 levels"));
    memset(text, '[', n - 1);
    assert_int_equal(config_load(s.config, "f.yaml", text, n - 1), ERR_CONFIG);
    assert_string_equal(status_message(), "f.yaml:1:524289: more than 524288 YAML signs");
    strcpy(text, "corpus.langs: [&a \"");
    memset(text + strlen(text), 'x', 100000);
    text[100019] = 0;
    strcat(text, "\"");
    for (int i = 0; i < 20; i++) strcat(text, ",*a");
    strcat(text, "]\n");
    assert_int_equal(sample_load(&s, text), ERR_CONFIG);
    assert_non_null(strstr(status_message(), "corpus.langs: longer than 1048576 bytes"));
    mem_free(&text);
    sample_free(&s);
}

static void assignments(void **state)
{
    (void)state;
    sample s;
    sample_create(&s);
    assert_int_equal(config_set(s.config, "audio.rate=8000"), OK);
    assert_int_equal(s.audio.rate, 8000);
    assert_int_equal(config_set(s.config, "corpus.langs=[a, \"b, c\"]"), OK);
    assert_string_equal(s.audio.langs.texts[1], "b, c");
    assert_int_equal(config_set(s.config, "corpus.splits={x: 1}"), OK);
    assert_string_equal(s.run.splits.texts[0], "x: 1");
    assert_int_equal(config_set(s.config, "run.cache=/a=b"), OK);
    assert_string_equal(s.run.cache, "/a=b");
    assert_int_equal(config_set(s.config, "run.cache="), OK);
    assert_string_equal(s.run.cache, "");
    assert_int_equal(config_set(s.config, "audio.codebook={size: 7, path: x}"), OK);
    assert_int_equal(s.audio.size, 7);

    static const refusal rows[] = {
        {"audio.rate=abc", "--set audio.rate=abc: audio.rate: \"abc\" is not a whole number (1 to 192000)"},
        {"audio.rate=", "--set audio.rate=: audio.rate has no value"},
        {"audio.rat=1",
         "--set audio.rat=1: unknown key \"audio.rat\"; did you mean \"audio.rate\"? valid keys here: audio.rate, "
         "audio.codebook.*, audio.kind, audio.reduce, audio.overlap, audio.gain"},
        {"audio.rate", "--set audio.rate: this is not of the form KEY=VALUE"},
        {"=1", "--set =1: this is not of the form KEY=VALUE"},
        {"audio=", "--set audio=: \"audio\" is a map of keys"},
        {"corpus.langs=[a", "--set corpus.langs=[a: "},
        {"audio={rate: 1, rate: 2}", "--set audio={rate: 1, rate: 2}: \"rate\" is given twice"},
        {"preset=x", "--set preset=x: presets can be named at the top of a file only"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(config_set(s.config, rows[i].text), ERR_CONFIG);
        if (strncmp(status_message(), rows[i].message, strlen(rows[i].message))) fail_msg("%s", status_message());
    }
    sample_free(&s);
}

/* Tables are program text: what is wrong with one shows when the program starts. */
static void wrong_tables_are_refused(void **state)
{
    (void)state;
    static const char *const none[] = {NULL};
    const option wrong[][2] = {
        {{.key = "a.b", .default_text = "1", .type = OPTION_INT, .help = ""},
         {.key = "a.b", .default_text = "1", .help = ""}},
        {{.key = "a", .default_text = "1", .type = OPTION_INT, .help = ""},
         {.key = "a.b", .default_text = "no", .help = ""}},
        {{.key = "a", .default_text = "1", .type = OPTION_INT, .min = 2, .max = 3, .help = ""},
         {.key = "b", .default_text = "no", .help = ""}},
        {{.key = "a", .default_text = "x", .type = OPTION_ENUM, .names = none, .help = ""},
         {.key = "b", .default_text = "no", .help = ""}},
        {{.key = "a b", .default_text = "no", .help = ""}, {.key = "b", .default_text = "no", .help = ""}},
        {{.key = "preset", .default_text = "no", .help = ""}, {.key = "b", .default_text = "no", .help = ""}},
        {{.key = "a", .default_text = "no"}, {.key = "b", .default_text = "no", .help = ""}},
        {{.key = "a", .default_text = "no", .min = 2, .max = 1, .help = ""},
         {.key = "b", .default_text = "no", .help = ""}},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        int64_t values[2] = {0};
        config *c = NULL;
        option_table table = {wrong[i], 2};
        config_section section = {&table, values};
        assert_int_equal(config_create(&c, &section, 1), ERR_INTERNAL);
        assert_null(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults),
        cmocka_unit_test(every_type_from_a_file),
        cmocka_unit_test(what_says_nothing_changes_nothing),
        cmocka_unit_test(unknown_keys_name_the_nearest),
        cmocka_unit_test(wrong_values_name_what_is_allowed),
        cmocka_unit_test(keys_given_twice),
        cmocka_unit_test(syntax_errors_have_a_place),
        cmocka_unit_test(aliases),
        cmocka_unit_test(sizes_are_bounded),
        cmocka_unit_test(assignments),
        cmocka_unit_test(wrong_tables_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
