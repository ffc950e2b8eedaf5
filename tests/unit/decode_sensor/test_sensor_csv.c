/* CSV: what is read, and what ends a row, with the line where it stands. */
#include "base/memory.h"
#include "base/status.h"
#include "decode/sensor_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static float values[64];
static int64_t n_read;

static int read_bytes(const char *text, size_t n, sensor_read_options o)
{
    int rc = OK;
    sensor_stream *s = NULL;
    sensor_info info;
    byte_source source = source_of_memory(text, n);
    n_read = 0;
    TRY(sensor_open(&s, &source, &o, &info));
    assert_int_equal(info.format, SENSOR_CSV);
    assert_true(info.n_samples == -1 && info.rate_hz == 0);
    TRY(sensor_read(s, values, 64 / o.channels, &n_read));
done:
    sensor_close(&s);
    return rc;
}

static int read_text(const char *text, sensor_read_options o) { return read_bytes(text, strlen(text), o); }

static const sensor_read_options two = {.channels = 2, .dataset = ""};

static void expect(const char *text, sensor_read_options o, int64_t n, const float *expected)
{
    assert_int_equal(read_text(text, o), OK);
    assert_int_equal(n_read, n);
    assert_memory_equal(values, expected, (size_t)(n * o.channels) * sizeof *values);
}

static const float four[] = {1, 2.5F, -3, 0.004F};

static void lines_are_samples(void **state)
{
    (void)state;
    expect("1,2.5\n-3,4e-3\n", two, 2, four);
    expect("1,2.5\n-3,4e-3", two, 2, four);       /* no end of the last line */
    expect("1,2.5\r\n-3,4e-3\r\n", two, 2, four); /* ends as Windows writes them */
    expect("\xEF\xBB\xBF"
           "1,2.5\n-3,4e-3\n",
           two, 2, four); /* a byte order mark */
    expect(" 1 ,\t+2.50\n\n# a remark\n -3., .004E0\n\n", two, 2, four);
    expect("\n# nothing\n", two, 0, four);
}

static void separators_and_columns(void **state)
{
    (void)state;
    sensor_read_options o = two;
    o.separator = CSV_SEMICOLON;
    expect("1;2.5\n-3;4e-3\n", o, 2, four);
    o.separator = CSV_TAB;
    expect("1\t2.5\n-3\t4e-3\n", o, 2, four);
    o.separator = CSV_SPACE;
    expect("  1   2.5 \n-3\t 4e-3\n", o, 2, four);
    o.skip_columns = 1;
    expect("12:00:01 1 2.5\n12:00:02 -3 4e-3\n", o, 2, four);
    o.separator = CSV_TAB;
    expect("\t1\t2.5\n\t-3\t4e-3\n", o, 2, four); /* an empty first column is one */
}

static void a_header_is_passed_over(void **state)
{
    (void)state;
    sensor_read_options o = two;
    expect("x,y\n1,2.5\n-3,4e-3\n", o, 2, four);
    o.header = CSV_HEADER_NO;
    assert_int_equal(read_text("x,y\n1,2.5\n", o), ERR_INVALID);
    assert_string_equal(status_message(), "line 1: field 1, \"x\", is not a number");
    o.header = CSV_HEADER_YES;
    expect("7,8\n1,2.5\n-3,4e-3\n", o, 2, four);
    o.header = CSV_HEADER_AUTO; /* one number, or what was meant as one: no header */
    assert_int_equal(read_text("x,1\n1,2.5\n", o), ERR_INVALID);
    assert_int_equal(read_text("nan,nan\n1,2.5\n", o), ERR_INVALID);
    o.skip_columns = 1; /* columns that are not read do not count */
    expect("1,x,y\n0,1,2.5\n1,-3,4e-3\n", o, 2, four);
}

static void wrong_lines_are_named(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message;
    } wrong[] = {
        {"1,2\n3\n", "line 2 has 1 fields, not 2 (sensor.csv.skip_columns + sensor.channels)"},
        {"1,2\n\n3,4,5\n", "line 3 has 3 fields, not 2 (sensor.csv.skip_columns + sensor.channels)"},
        {"1,2\n3,\n", "line 2: field 2 is empty"},
        {"1,2\n3,0x10\n", "line 2: field 2, \"0x10\", is not a number"},
        {"1,2\n3,1e\n", "line 2: field 2, \"1e\", is not a number"},
        {"1,2\n3,.\n", "line 2: field 2, \".\", is not a number"},
        {"1,2\n3,1 2\n", "line 2: field 2, \"1 2\", is not a number"},
        {"1,2\n3,\"4\"\n", "line 2: field 2, \"?4?\", is not a number"},
        {"1,2\n3,\xC3\xA9\n", "line 2: field 2, \"??\", is not a number"},
        {"1,2\n-nan,4\n", "line 2: field 1, \"-nan\", is not a finite number of fp32"},
        {"1,2\n3,Infinity\n", "line 2: field 2, \"Infinity\", is not a finite number of fp32"},
        {"1,2\n3,1e39\n", "line 2: field 2, \"1e39\", is not a finite number of fp32"},
        {"1,2\n3,12345678901234567890123456789012345678901234567890123456789012345\n",
         "line 2: field 2, \"123456789012345678901234...\", is not a number"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_int_equal(read_text(wrong[i].text, two), ERR_INVALID);
        assert_string_equal(status_message(), wrong[i].message);
    }
    assert_int_equal(read_bytes("1,2\n3,4\0", 8, two), ERR_INVALID);
}

/* Lines that lie across the ends of what is read at a time, and lines that are too long. */
static void long_files_and_long_lines(void **state)
{
    (void)state;
    enum { LINES = 60000 };
    char *text = NULL;
    size_t n = 0;
    sensor_stream *s = NULL;
    sensor_info info;
    int64_t got, total = 0;
    assert_int_equal(mem_alloc((void **)&text, LINES * 16 + SENSOR_LINE_LIMIT + 16, 1), OK);
    for (int i = 0; i < LINES; i++) n += (size_t)sprintf(text + n, "%d,%d\n", i, -i);
    byte_source source = source_of_memory(text, n);
    assert_int_equal(sensor_open(&s, &source, &two, &info), OK);
    assert_int_equal(sensor_skip(s, 10), OK);
    for (total = 10;; total += got) {
        assert_int_equal(sensor_read(s, values, 31, &got), OK);
        for (int64_t i = 0; i < got; i++)
            assert_true(values[2 * i] == (float)(total + i) && values[2 * i + 1] == -(float)(total + i));
        if (got < 31) break;
    }
    assert_int_equal(total + got, LINES);
    sensor_close(&s);
    memset(text, ' ', SENSOR_LINE_LIMIT + 8);
    assert_int_equal(read_bytes(text, SENSOR_LINE_LIMIT + 8, two), ERR_LIMIT);
    mem_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_samples),         cmocka_unit_test(separators_and_columns),
        cmocka_unit_test(a_header_is_passed_over),   cmocka_unit_test(wrong_lines_are_named),
        cmocka_unit_test(long_files_and_long_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
