#include "base/memory.h"
#include "base/status.h"
#include "config_sample.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Compare the sample with `old`; check scope and lines. */
static void check(const sample *s, const char *old, option_scope scope, const char *lines)
{
    option_scope first = SCOPE_INDEX;
    char *differences = NULL;
    if (config_compare(s->config, old, &first, &differences) != OK) fail_msg("%s", status_message());
    assert_string_equal(differences, lines);
    assert_int_equal(first, scope);
    mem_free(&differences);
}

/* The resolved text with one place changed. */
static char *edited(const sample *s, const char *from, const char *to)
{
    char *text = NULL, *out = NULL;
    assert_int_equal(config_resolved(s->config, &text), OK);
    char *at = strstr(text, from);
    assert_non_null(at);
    assert_int_equal(mem_format(&out, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)), OK);
    mem_free(&text);
    return out;
}

static void check_edit(const char *from, const char *to, option_scope scope, const char *lines)
{
    sample s;
    sample_create(&s);
    char *old = edited(&s, from, to);
    check(&s, old, scope, lines);
    mem_free(&old);
    sample_free(&s);
}

static void equal_texts_do_not_differ(void **state)
{
    (void)state;
    check_edit("rate", "rate", SCOPE_RUN, "");
    check_edit("gain: 1.0", "gain: 1", SCOPE_RUN, ""); /* another way to write the same */
    check_edit("[\"train: 0.98\", \"valid: 0.02\"]", "{train: 0.98, valid: 0.02}", SCOPE_RUN, "");
}

static void run_keys_do_not_count(void **state)
{
    (void)state;
    sample s;
    char *old = NULL;
    sample_create(&s);
    assert_int_equal(config_resolved(s.config, &old), OK);
    assert_int_equal(config_set(s.config, "run.cache=/elsewhere"), OK);
    check(&s, old, SCOPE_RUN, "");
    mem_free(&old);
    sample_free(&s);
}

static void differences_name_old_and_new(void **state)
{
    (void)state;
    check_edit("size: 500", "size: 1000", SCOPE_CODEBOOK, "audio.codebook.size: 1000 -> 500\n");
    check_edit("overlap: 0.25", "overlap: 0.5", SCOPE_TOKENS, "audio.overlap: 0.5 -> 0.25\n");
    check_edit("[en, de]", "[en]", SCOPE_INDEX, "corpus.langs: [en] -> [en, de]\n");
    check_edit("reduce: true\n  overlap: 0.25\n  gain: 1.0", "reduce: false\n  overlap: 0.25\n  gain: 2.0",
               SCOPE_CODEBOOK, "audio.reduce: false -> true\naudio.gain: 2.0 -> 1.0\n");
    check_edit("kind: mfcc", "kind: of-old", SCOPE_CODEBOOK, "audio.kind: of-old -> mfcc\n"); /* a name that is gone */
    check_edit("gain: 1.0", "gain: [1]", SCOPE_CODEBOOK, "audio.gain: (a list) -> 1.0\n");
}

static void keys_on_one_side(void **state)
{
    (void)state;
    check_edit("  overlap: 0.25\n", "", SCOPE_TOKENS, "audio.overlap: (not there) -> 0.25\n");
    check_edit("overlap: 0.25\n", "overlap: 0.25\n  gone: 7\n", SCOPE_INDEX, "audio.gone: 7 -> (not there)\n");
}

static void what_is_no_such_file(void **state)
{
    (void)state;
    static const char *const texts[] = {"",         "a: [", "- a\n", "text\n", "audio:\n  rate: 1\naudio.rate: 1\n",
                                        "a: \x01\n"};
    sample s;
    sample_create(&s);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        option_scope first;
        char *differences = NULL;
        assert_int_equal(config_compare(s.config, texts[i], &first, &differences), ERR_CORRUPT);
        assert_null(differences);
        assert_non_null(strstr(status_message(), "config.resolved.yaml"));
    }
    sample_free(&s);
}

/* Maps of aliases to maps: 2^20 keys in 20 lines. */
static void aliases_cannot_multiply(void **state)
{
    (void)state;
    sample s;
    char text[2000] = "a0: &a0 {}\n";
    option_scope first;
    char *differences = NULL;
    for (int i = 1; i < 21; i++) sprintf(text + strlen(text), "a%d: &a%d {x: *a%d, y: *a%d}\n", i, i, i - 1, i - 1);
    sample_create(&s);
    assert_int_equal(config_compare(s.config, text, &first, &differences), ERR_CORRUPT);
    sample_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_texts_do_not_differ),    cmocka_unit_test(run_keys_do_not_count),
        cmocka_unit_test(differences_name_old_and_new), cmocka_unit_test(keys_on_one_side),
        cmocka_unit_test(what_is_no_such_file),         cmocka_unit_test(aliases_cannot_multiply),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
