#include "base/memory.h"
#include "base/status.h"
#include "config/option_parse.h"

#include <float.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void whole_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int64_t value;
    } good[] = {{"0", 0},
                {"-7", -7},
                {"+12", 12},
                {"010", 10},
                {"0x1F", 31},
                {"0o17", 15},
                {"9223372036854775807", INT64_MAX},
                {"-9223372036854775808", INT64_MIN}};
    static const char *const bad[] = {"",
                                      "-",
                                      "abc",
                                      "1.0",
                                      "1e3",
                                      " 1",
                                      "1 ",
                                      "0x",
                                      "-0x1",
                                      "1_000",
                                      "9223372036854775808",
                                      "-9223372036854775809",
                                      "99999999999999999999999"};
    int64_t value;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(option_parse_int(good[i].text, &value), OK);
        assert_true(value == good[i].value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(option_parse_int(bad[i], &value), ERR_CONFIG);
}

static void reals(void **state)
{
    (void)state;
    static const char *const bad[] = {"",   ".",     "nan", "inf",  "-inf", ".inf", "0x1p3",
                                      "1e", "1e999", "1,5", "1.5x", " 1",   "1 "};
    double value;
    assert_int_equal(option_parse_real("-1.5e-3", &value), OK);
    assert_true(value == -1.5e-3);
    assert_int_equal(option_parse_real(".5", &value), OK);
    assert_true(value == 0.5);
    assert_int_equal(option_parse_real("2.", &value), OK);
    assert_true(value == 2);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(option_parse_real(bad[i], &value), ERR_CONFIG);
}

static void reals_read_back(void **state)
{
    (void)state;
    static const double values[] = {
        0,       1,          -1,  0.1,   1.0 / 3,   1e22, 1e-5, 123456789012345678.0, 5e-324, DBL_MIN,
        DBL_MAX, 0x1p53 + 2, 2.5, 1e100, 0.1 + 0.2, 1e15, 1e16};
    char text[OPTION_FORMAT_SIZE];
    double back;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        option_format_real(values[i], text);
        assert_int_equal(option_parse_real(text, &back), OK);
        assert_true(back == values[i]);
        option_format_seconds(values[i], text);
        assert_int_equal(option_parse_seconds(text, &back), OK);
        assert_true(back == values[i]);
    }
    option_format_real(0.1, text);
    assert_string_equal(text, "0.1");
    option_format_real(3, text);
    assert_string_equal(text, "3.0");
    option_format_real(1e-5, text);
    assert_string_equal(text, "1.0e-05");
}

static void sizes(void **state)
{
    (void)state;
    static const struct {
        const char *text, *canonical;
        int64_t value;
    } good[] = {
        {"512", "512", 512},
        {"512B", "512", 512},
        {"64KiB", "64KiB", 65536},
        {"64 kib", "64KiB", 65536},
        {"500MB", "500MB", 500000000},
        {"2GiB", "2GiB", INT64_C(2) << 30},
        {"1.5GiB", "1536MiB", INT64_C(3) << 29},
        {"3TB", "3TB", INT64_C(3000000000000)},
        {"1TiB", "1TiB", INT64_C(1) << 40},
        {"0", "0", 0},
        {"0.000001MB", "1", 1},
    };
    static const char *const bad[] = {
        "", "KB", "1K", "1X", "1.5B", "-", "0.3KiB", "9000000TiB", "1.0000001MB", "99999999999999999999", "1. KB"};
    int64_t value;
    char text[OPTION_FORMAT_SIZE];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(option_parse_bytes(good[i].text, &value), OK);
        assert_true(value == good[i].value);
        option_format_bytes(value, text);
        assert_string_equal(text, good[i].canonical);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(option_parse_bytes(bad[i], &value), ERR_CONFIG);
}

static void times(void **state)
{
    (void)state;
    static const struct {
        const char *text, *canonical;
        double value;
    } good[] = {{"30", "30s", 30},     {"90s", "90s", 90},    {"10m", "10m", 600},   {"4h", "4h", 14400},
                {"1.5h", "90m", 5400}, {"2 d", "2d", 172800}, {"0.5s", "0.5s", 0.5}, {"0", "0s", 0}};
    static const char *const bad[] = {"", "s", "1x", "1:30", "1e999", "1 hour", "nan"};
    double value;
    char text[OPTION_FORMAT_SIZE];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_int_equal(option_parse_seconds(good[i].text, &value), OK);
        assert_true(value == good[i].value);
        option_format_seconds(value, text);
        assert_string_equal(text, good[i].canonical);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(option_parse_seconds(bad[i], &value), ERR_CONFIG);
}

static void named_numbers(void **state)
{
    (void)state;
    static const char *const bad[] = {"train", "train: ", ": 1", "train: x", ""};
    char *name = NULL;
    double value;
    assert_int_equal(option_parse_named("train: 0.98", &name, &value), OK);
    assert_string_equal(name, "train");
    assert_true(value == 0.98);
    mem_free(&name);
    assert_int_equal(option_parse_named("a: b:3", &name, &value), OK);
    assert_string_equal(name, "a: b");
    mem_free(&name);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(option_parse_named(bad[i], &name, &value), ERR_CONFIG);
        assert_null(name);
    }
}

static void shown_texts_are_short_and_printable(void **state)
{
    (void)state;
    char text[200];
    memset(text, 'x', sizeof text);
    text[199] = 0;
    text[0] = '\n';
    text[1] = 0x1B;
    memcpy(text + 79, "\xC3\xA9", 2); /* a character over the cut */
    option_shown shown = option_show(text);
    assert_int_equal(strlen(shown.text), 82);
    assert_memory_equal(shown.text, "??x", 3);
    assert_string_equal(shown.text + 78, "x...");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers),
        cmocka_unit_test(reals),
        cmocka_unit_test(reals_read_back),
        cmocka_unit_test(sizes),
        cmocka_unit_test(times),
        cmocka_unit_test(named_numbers),
        cmocka_unit_test(shown_texts_are_short_and_printable),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
