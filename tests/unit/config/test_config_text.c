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

static const char *const nasty[] = {
    "",
    " ",
    "a ",
    " a",
    "null",
    "~",
    "true",
    "No",
    "off",
    "y",
    "5",
    "-1",
    "1e3",
    "0x10",
    ".5",
    ".inf",
    "2024-01-01",
    "12:30:00",
    "a: b",
    "a:",
    ": a",
    "a #b",
    "#a",
    "- a",
    "-",
    "?",
    "? a",
    "[a]",
    "{a: b}",
    "&a",
    "*a",
    "!a",
    "|",
    ">",
    "@a",
    "`a",
    "%a",
    "\"",
    "\"a\"",
    "'",
    "'a'",
    "a'b\"c",
    "\\",
    "\\n",
    "a\nb",
    "\n",
    "\r\n",
    "\t",
    "a\tb",
    "\x01\x1F\x7F",
    "\xC2\x80\xC2\x85\xC2\xA0",
    "\xE2\x80\xA8\xE2\x80\xA9",
    "\xEF\xBB\xBF",
    "\xEF\xBF\xBE",
    "\xEE\x80\x80",
    "\xF4\x8F\xBF\xBF",
    "gr\xC3\xBC\xC3\x9F",
    "\xE6\x97\xA5\xE6\x9C\xAC",
    "\xF0\x9F\x98\x80",
    "a,b",
    "a]b",
    "a}b",
    "---",
    "...",
    "--- a",
    "<<",
    "=",
    "a=b",
    "/data/a b/c",
    "./x",
    "..",
    "../y",
    "~/x",
    "data-{0..9}.tar",
    "*.tar",
    "%YAML 1.2",
    "x\xC2\xADy",
    "a  b",
    "None",
    "NaN",
    "train: 0.98",
    "key: \"v\"",
    "preset",
};
enum { N_NASTY = sizeof nasty / sizeof *nasty };

/* Set a text the way a file would: as JSON-like escapes of each byte below 0x80, so that this test does not lean on our
 * own writer. */
static void set_text(sample *s, const char *key, const char *text, int as_list)
{
    char *assignment = NULL;
    assert_int_equal(MEM_ALLOC(assignment, 6 * strlen(text) + 100), OK);
    char *p = assignment + sprintf(assignment, "%s=%s\"", key, as_list ? "[x, " : "");
    for (const char *t = text; *t; t++)
        if ((unsigned char)*t < 0x80)
            p += sprintf(p, "\\u%04X", (unsigned)*t);
        else
            *p++ = *t;
    strcpy(p, as_list ? "\", y]" : "\"");
    if (config_set(s->config, assignment) != OK) fail_msg("%s", status_message());
    mem_free(&assignment);
}

static void check_round_trip(const sample *s)
{
    sample back;
    char *text = NULL, *again = NULL;
    assert_int_equal(config_dump(s->config, &text), OK);
    sample_create(&back);
    if (sample_load(&back, text) != OK) fail_msg("%s in:\n%s", status_message(), text);
    if (!sample_equal(s, &back)) fail_msg("not equal after:\n%s", text);
    assert_int_equal(config_dump(back.config, &again), OK);
    assert_string_equal(text, again);
    mem_free(&text);
    mem_free(&again);
    sample_free(&back);
}

static void texts_read_back_exactly(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_NASTY; i++) {
        sample s;
        sample_create(&s);
        set_text(&s, "run.cache", nasty[i], 0);
        assert_string_equal(s.run.cache, nasty[i]);
        set_text(&s, "corpus.langs", nasty[i], 1);
        assert_string_equal(s.audio.langs.texts[1], nasty[i]);
        check_round_trip(&s);
        sample_free(&s);
    }
}

/* Other readers, those of YAML 1.1 too, must take a text for the same text. */
static void texts_are_quoted_where_readers_differ(void **state)
{
    (void)state;
    static const struct {
        const char *text, *written;
    } rows[] = {
        {"mfcc", "mfcc"},
        {"/data/a b", "/data/a b"},
        {"../x", "../x"},
        {"No", "\"No\""},
        {"NULL", "\"NULL\""},
        {"16", "\"16\""},
        {".5", "\".5\""},
        {"a: b", "\"a: b\""},
        {"a ", "\"a \""},
        {"a\tb\n\"\\", "\"a\\tb\\n\\\"\\\\\""},
        {"\x7F\xC2\x85\xC2\xA0", "\"\\x7F\\x85\\xA0\""},
        {"\xE2\x80\xA8", "\"\\u2028\""},
        {"gr\xC3\xBC", "\"gr\xC3\xBC\""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        sample s;
        char *text = NULL, *expected = NULL;
        sample_create(&s);
        set_text(&s, "run.cache", rows[i].text, 0);
        assert_int_equal(config_dump(s.config, &text), OK);
        assert_int_equal(mem_format(&expected, "\n  cache: %s\n", rows[i].written), OK);
        if (!strstr(text, expected)) fail_msg("no %s in %s", expected, text);
        mem_free(&text);
        mem_free(&expected);
        sample_free(&s);
    }
}

static void values_read_back_exactly(void **state)
{
    (void)state;
    static const char *const assignments[] = {
        "audio.gain=0.1",          "audio.gain=-1e308",
        "audio.gain=5e-324",       "audio.gain=0.30000000000000004",
        "audio.gain=-0.0",         "audio.kind=off",
        "audio.reduce=no",         "audio.codebook.seed=-9223372036854775808",
        "run.any_bytes=123456789", "run.any_bytes=1.5TiB",
        "run.time_limit=0.1",      "run.time_limit=1e300",
        "run.time_limit=36h",      "corpus.langs=[]",
        "corpus.splits={}",        "corpus.langs=[\"\"]",
        "audio.overlap=1e-7",      "run.time_limit=100000.25s",
        "corpus.langs=[a: 1, b]",  "audio.rate=192000",
    };
    for (size_t i = 0; i < sizeof assignments / sizeof *assignments; i++) {
        sample s;
        sample_create(&s);
        if (config_set(s.config, assignments[i]) != OK) fail_msg("%s", status_message());
        check_round_trip(&s);
        sample_free(&s);
    }
}

static void long_texts_read_back(void **state)
{
    (void)state;
    sample s;
    char *text = NULL;
    sample_create(&s);
    assert_int_equal(MEM_ALLOC(text, 20001), OK);
    for (int i = 0; i < 20000; i++) text[i] = i % 7 ? 'a' : i % 3 ? ' ' : '\n';
    set_text(&s, "run.cache", text, 0);
    set_text(&s, "corpus.langs", text, 1);
    check_round_trip(&s);
    mem_free(&text);
    sample_free(&s);
}

static void resolved_has_content_keys_in_table_order(void **state)
{
    (void)state;
    sample s;
    char *text = NULL;
    sample_create(&s);
    assert_int_equal(config_set(s.config, "run.cache=/elsewhere"), OK);
    assert_int_equal(config_resolved(s.config, &text), OK);
    assert_string_equal(text, "audio:\n"
                              "  rate: 16000\n"
                              "  codebook:\n"
                              "    size: 500\n"
                              "    path: \"\"\n"
                              "    seed: -1\n"
                              "  kind: mfcc\n"
                              "  reduce: true\n"
                              "  overlap: 0.25\n"
                              "  gain: 1.0\n"
                              "corpus:\n"
                              "  langs: [en, de]\n"
                              "  splits: [\"train: 0.98\", \"valid: 0.02\"]\n");
    mem_free(&text);
    sample_free(&s);
}

static void scope_texts_are_sorted(void **state)
{
    (void)state;
    sample s;
    char *text = NULL;
    sample_create(&s);
    assert_int_equal(config_scope_text(s.config, SCOPE_CODEBOOK, &text), OK);
    assert_string_equal(
        text, "audio.codebook.path: \"\"\naudio.codebook.seed: -1\naudio.codebook.size: 500\naudio.gain: 1.0\n"
              "audio.kind: mfcc\naudio.rate: 16000\n");
    mem_free(&text);
    assert_int_equal(config_scope_text(s.config, SCOPE_SEQUENCES, &text), OK);
    assert_string_equal(text, "");
    mem_free(&text);
    sample_free(&s);
}

static void reference_holds_every_key_with_its_default(void **state)
{
    (void)state;
    sample s, untouched;
    char *text = NULL;
    sample_create(&s);
    sample_create(&untouched);
    assert_int_equal(config_set(s.config, "audio.rate=8000"), OK);
    assert_int_equal(config_set(s.config, "corpus.langs=[x]"), OK);
    assert_int_equal(config_reference(s.config, &text), OK);
    assert_non_null(
        strstr(text, "\n\naudio:\n  # samples per second (a whole number, 1 to 192000) [codebook]\n  rate: 16000\n"));
    assert_non_null(strstr(text, "\n  # stop after (a time, at least 0s) [run]\n  time_limit: 4h\n"));
    assert_int_equal(sample_load(&s, text), OK);
    assert_true(sample_equal(&s, &untouched));
    mem_free(&text);
    sample_free(&s);
    sample_free(&untouched);
}

static void help_names_every_key_within_100_columns(void **state)
{
    (void)state;
    sample s;
    char *text = NULL, *reference = NULL;
    size_t n = 0;
    sample_create(&s);
    FILE *f = open_memstream(&text, &n);
    config_help(s.config, f);
    fclose(f);
    assert_non_null(
        strstr(text, "audio.kind: mfcc\n      what frames hold (one of power, log-mel, mfcc, off) [codebook]\n"));
    assert_non_null(strstr(text, "run.cache: /tmp\n      folder for files of the node (a text) [run]\n"));
    assert_int_equal(config_reference(s.config, &reference), OK);
    const char *both[] = {text, reference};
    for (int i = 0; i < 2; i++)
        for (const char *p = both[i]; *p; p += strcspn(p, "\n") + 1) assert_in_range(strcspn(p, "\n"), 0, 100);
    mem_free(&text);
    mem_free(&reference);
    sample_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_read_back_exactly),
        cmocka_unit_test(texts_are_quoted_where_readers_differ),
        cmocka_unit_test(values_read_back_exactly),
        cmocka_unit_test(long_texts_read_back),
        cmocka_unit_test(resolved_has_content_keys_in_table_order),
        cmocka_unit_test(scope_texts_are_sorted),
        cmocka_unit_test(reference_holds_every_key_with_its_default),
        cmocka_unit_test(help_names_every_key_within_100_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
