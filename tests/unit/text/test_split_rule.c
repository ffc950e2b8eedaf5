/* The procedures cut like the regular expressions that they stand for. */
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "text/split_pattern.h"
#include "text/split_rule.h"
#include "text/text_split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define WORD(high, low, end)                                                                                           \
    "[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]" high "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]" low              \
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)?" end
#define LLAMA(numbers)                                                                                                 \
    "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|" numbers "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|"           \
    "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"

static const struct {
    split_rule rule;
    const char *pattern;
} rules[] = {
    {SPLIT_GPT2, "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"},
    {SPLIT_GPT2, "'(?:[sdmt]|ll|ve|re)| ?\\p{L}++| ?\\p{N}++| ?[^\\s\\p{L}\\p{N}]++|\\s++$|\\s+(?!\\S)|\\s"},
    {SPLIT_LLAMA3, LLAMA("\\p{N}{1,3}")},
    {SPLIT_QWEN, LLAMA("\\p{N}")},
    {SPLIT_CL100K,
     "'(?i:[sdmt]|ll|ve|re)|[^\\r\\n\\p{L}\\p{N}]?+\\p{L}++|\\p{N}{1,3}+| ?[^\\s\\p{L}\\p{N}]++[\\r\\n]*+|"
     "\\s++$|\\s*[\\r\\n]|\\s+(?!\\S)|\\s"},
    {SPLIT_O200K, WORD("*", "+", "|") WORD("+", "*", "|") "\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|"
                                                          "\\s+(?!\\S)|\\s+"},
};

/* A text of characters of every class that the rules tell apart. */
static size_t make_text(uint64_t seed, char out[256])
{
    static const char *const parts[] = {
        " ",
        "\n",
        "\r",
        "\t",
        "a",
        "b",
        "s",
        "S",
        "T",
        "l",
        "L",
        "e",
        "v",
        "r",
        "d",
        "m",
        "'",
        "'",
        "1",
        "2",
        "3",
        "/",
        ".",
        "!",
        "  ",
        "\xC3\xA9",     /* Ll */
        "\xC3\x89",     /* Lu */
        "\xC5\xBF",     /* a long s */
        "\xC7\x85",     /* Lt */
        "\xCB\x87",     /* Lm */
        "\xE4\xB8\xAD", /* Lo */
        "\xCC\x81",     /* M */
        "\xC2\xBD",     /* No */
        "\xE3\x80\x80", /* a wide space */
        "\xC2\xA0",
        "\xF0\x9F\x99\x82",
    };
    size_t n = 0, count = rng_bits(seed, 0, 0) % 24;
    for (size_t i = 0; i < count; i++) {
        const char *part = parts[rng_bits(seed, i + 1, 0) % (sizeof parts / sizeof *parts)];
        memcpy(out + n, part, strlen(part));
        n += strlen(part);
    }
    return n;
}

static void rules_cut_like_their_patterns(void **state)
{
    (void)state;
    char text[256];
    for (size_t r = 0; r < sizeof rules / sizeof *rules; r++) {
        split_pattern *p = NULL;
        assert_int_equal(split_rule_of_pattern(rules[r].pattern), rules[r].rule);
        assert_int_equal(split_pattern_create(&p, rules[r].pattern), OK);
        for (uint64_t seed = 0; seed < 20000; seed++) {
            size_t n = make_text(seed, text), start, end;
            for (size_t at = 0; at < n; at = end) {
                assert_int_equal(split_pattern_find(p, text, n, at, &start, &end), OK);
                if (start != at || end - at != split_rule_next(rules[r].rule, text + at, n - at))
                    fail_msg("rule %zu, text %llu: \"%.*s\" at %zu: %zu bytes, not %zu", r, (unsigned long long)seed,
                             (int)n, text, at, split_rule_next(rules[r].rule, text + at, n - at), end - at);
            }
        }
        split_pattern_free(&p);
        assert_null(p);
    }
}

static void rules_have_names(void **state)
{
    (void)state;
    assert_int_equal(split_rule_of_name("o200k"), SPLIT_O200K);
    assert_int_equal(split_rule_of_name("gpt2"), SPLIT_GPT2);
    assert_int_equal(split_rule_of_name("o100k"), -1);
    assert_int_equal(split_rule_of_pattern("\\s+"), -1);
}

/* A pattern that tries every way to part a run before it gives up is stopped. */
static void patterns_cannot_run_for_ever(void **state)
{
    (void)state;
    split_pattern *p = NULL;
    char text[64];
    size_t start, end;
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = 'b';
    assert_int_equal(split_pattern_create(&p, "(a+)+$"), OK);
    assert_int_equal(split_pattern_find(p, text, sizeof text, 0, &start, &end), ERR_LIMIT);
    split_pattern_free(&p);
    assert_int_equal(split_pattern_create(&p, "(a"), ERR_CONFIG);
    assert_null(p);
}

static int note(void *user, const char *piece, size_t n)
{
    char *out = user;
    strncat(out, piece, n);
    strcat(out, "|");
    return OK;
}

static void steps_follow_each_other(void **state)
{
    (void)state;
    text_split s = {0};
    split_step *step;
    char out[128] = "";
    const split_sink sink = {note, out};
    assert_int_equal(text_split_add(&s, &step), OK);
    step->kind = STEP_PATTERN;
    step->keep_gaps = 1; /* the matches go */
    assert_int_equal(split_pattern_create(&step->pattern, "-|(?=c)"), OK);
    assert_int_equal(text_split_add(&s, &step), OK);
    step->kind = STEP_DIGITS;
    assert_int_equal(text_split_add(&s, &step), OK);
    step->kind = STEP_SPACE;
    assert_int_equal(text_split_run(&s, "ab-cd12-3 4", 11, 1, &sink), OK);
    assert_string_equal(out, " ab| cd| 12| 3| | 4|");
    for (int i = 3; i < SPLIT_STEPS; i++) assert_int_equal(text_split_add(&s, &step), OK);
    assert_int_equal(text_split_add(&s, &step), ERR_CONFIG);
    text_split_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_cut_like_their_patterns),
        cmocka_unit_test(rules_have_names),
        cmocka_unit_test(patterns_cannot_run_for_ever),
        cmocka_unit_test(steps_follow_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
