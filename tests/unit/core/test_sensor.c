/* Recordings to vectors: frames, normalisation, segments, rates, limits. */
#include "base/memory.h"
#include "base/status.h"
#include "core/sensor.h"
#include "store/npy.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 1 << 16 };
static float given[MOST];
static int64_t n_given, width, n_calls;
static sensor_content measured;

static int take(void *user, const float *x, int64_t first, int64_t n)
{
    (void)user;
    assert_int_equal(first, n_given);
    assert_true((n_given + n) * width <= MOST);
    memcpy(given + n_given * width, x, (size_t)(n * width) * sizeof *x);
    n_given += n;
    n_calls++;
    return OK;
}

static const vector_sink sink = {take, NULL, NULL};

/* Two channels of n samples: t and 1000 - 2 t, as a .npy in memory. */
static byte_source recording(int64_t n, uint8_t **bytes)
{
    char *head = NULL;
    size_t size;
    const int64_t dims[] = {n, 2};
    assert_int_equal(npy_header("<f4", 2, dims, &head, &size), OK);
    assert_int_equal(mem_alloc((void **)bytes, size + (size_t)n * 2 * sizeof(float), 1), OK);
    memcpy(*bytes, head, size);
    mem_free(&head);
    for (int64_t t = 0; t < n; t++) {
        const float x[] = {(float)t, (float)(1000 - 2 * t)};
        memcpy(*bytes + size + (size_t)t * sizeof x, x, sizeof x);
    }
    return source_of_memory(*bytes, size + (size_t)n * 2 * sizeof(float));
}

static sensor_options plain(void)
{
    return (sensor_options){.use = 1, .channels = 2, .rate_hz = 100, .frame = 4, .max_values = 1 << 20, .dataset = ""};
}

static int run(const sensor_options *o, const sensor_scale *scale, int64_t samples, const corpus_row *row)
{
    int rc = OK;
    sensor *s = NULL;
    uint8_t *bytes = NULL;
    int64_t n;
    byte_source source = recording(samples, &bytes);
    n_given = n_calls = 0;
    TRY(sensor_create(&s, o, scale));
    width = sensor_width(s);
    TRY(sensor_run(s, row, &source, &sink, &n));
    assert_int_equal(n, n_given);
    sensor_measured(s, &measured);
done:
    sensor_free(&s);
    mem_free(&bytes);
    return rc;
}

static corpus_row whole(void) { return (corpus_row){.duration_s = -1}; }

static void frames_follow_frames(void **state)
{
    (void)state;
    sensor_options o = plain();
    corpus_row row = whole();
    assert_int_equal(run(&o, NULL, 11, &row), OK);
    assert_int_equal(n_given, 2); /* three samples are left over */
    static const float first[] = {0, 1, 2, 3, 1000, 998, 996, 994}, second[] = {4, 5, 6, 7, 992, 990, 988, 986};
    assert_memory_equal(given, first, sizeof first);
    assert_memory_equal(given + 8, second, sizeof second);
    o.hop = 1;
    assert_int_equal(run(&o, NULL, 11, &row), OK);
    assert_int_equal(n_given, 8);
    assert_true(given[8] == 1 && given[8 * 7] == 7);
    o.hop = 0;
    assert_int_equal(run(&o, NULL, 3, &row), ERR_EMPTY);
    assert_int_equal(run(&o, NULL, 30000, &row), OK); /* more than is given at a time */
    assert_true(n_given == 7500 && n_calls > 1 && given[8 * 7499] == 29996);
}

static void rows_and_samples_are_normalised(void **state)
{
    (void)state;
    sensor_options o = plain();
    corpus_row row = whole();
    o.normalize = SENSOR_NORMALIZE_ROW;
    assert_int_equal(run(&o, NULL, 4, &row), OK); /* 0 1 2 3: mean 1.5, deviation sqrt(1.25) */
    for (int i = 0; i < 4; i++) {
        float expected = (float)((i - 1.5) / sqrt(1.25));
        assert_true(given[i] == expected && given[4 + i] == -expected);
    }
    const double mean[] = {1, 1000}, deviation[] = {2, 0};
    sensor_scale scale = {2, mean, deviation}, other = {1, mean, deviation};
    o.normalize = SENSOR_NORMALIZE_SAMPLE;
    assert_int_equal(run(&o, &scale, 4, &row), OK);
    static const float expected[] = {-0.5F, 0, 0.5F, 1, 0, -2, -4, -6};
    assert_memory_equal(given, expected, sizeof expected);
    assert_int_equal(run(&o, NULL, 4, &row), ERR_CONFIG);
    assert_int_equal(run(&o, &other, 4, &row), ERR_CONFIG);
}

static void rows_are_measured(void **state)
{
    (void)state;
    sensor_options o = plain();
    corpus_row row = whole();
    sensor *s = NULL;
    uint8_t *bytes = NULL;
    double moments[5];
    byte_source source = recording(5, &bytes);
    assert_int_equal(sensor_create(&s, &o, NULL), OK);
    assert_int_equal(sensor_channels(s), 2);
    assert_int_equal(sensor_measure(s, &row, &source, moments), OK);
    assert_true(moments[0] == 5 && moments[1] == 2 && moments[2] == 996 && moments[3] == 10 && moments[4] == 40);
    sensor_free(&s);
    mem_free(&bytes);
}

static void segments_are_cut_out(void **state)
{
    (void)state;
    sensor_options o = plain();
    corpus_row row = {.offset_s = 0.5, .duration_s = 0.08};
    assert_int_equal(run(&o, NULL, 400, &row), OK);
    assert_true(n_given == 2 && given[0] == 50 && given[8] == 54);
    row.rate_hz = 200; /* samples 100 .. 115, brought to 100 Hz */
    assert_int_equal(run(&o, NULL, 400, &row), OK);
    assert_int_equal(n_given, 2);
    row = (corpus_row){.offset_s = 3.9, .duration_s = -1};
    assert_int_equal(run(&o, NULL, 400, &row), OK); /* to the end */
    assert_true(n_given == 2 && given[0] == 390);
    row.duration_s = 0.2; /* a tenth of a second and more may be missing, but no more than that */
    assert_int_equal(run(&o, NULL, 400, &row), OK);
    row.duration_s = 0.3;
    assert_int_equal(run(&o, NULL, 400, &row), ERR_FORMAT);
    assert_string_equal(status_message(), "truncated: 10 of 30 samples");
    row.offset_s = 4;
    assert_int_equal(run(&o, NULL, 400, &row), ERR_INVALID);
    row.offset_s = 1e17;
    assert_int_equal(run(&o, NULL, 400, &row), ERR_INVALID);
    o.rate_hz = 0;
    row = (corpus_row){.offset_s = 1, .duration_s = -1};
    assert_int_equal(run(&o, NULL, 400, &row), ERR_INVALID); /* where is that? */
    row = (corpus_row){.duration_s = 1};
    assert_int_equal(run(&o, NULL, 400, &row), OK); /* of no known rate: the whole */
    assert_int_equal(n_given, 100);
}

/* A straight line stays one at another rate, away from its ends. */
static void rates_are_made_equal(void **state)
{
    (void)state;
    static const struct {
        double from, to;
        int64_t n_out;
    } rates[] = {{100, 50, 200}, {50, 100, 800}, {12.5, 100, 3200}, {100, 33.333, 134}, {1.0 / 60, 1.0 / 30, 800},
                 {16000, 100, 3}};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        sensor_options o = plain();
        corpus_row row = {.duration_s = -1, .rate_hz = rates[i].from};
        o.rate_hz = rates[i].to;
        o.frame = 1;
        assert_int_equal(run(&o, NULL, 400, &row), OK);
        assert_int_equal(n_given, rates[i].n_out);
        for (int64_t t = n_given / 4; n_given > 100 && t < n_given * 3 / 4; t++) {
            double at = (double)t * rates[i].from / rates[i].to;
            assert_true(fabs(given[2 * t] - at) < 0.5 && fabs(given[2 * t + 1] - (1000 - 2 * at)) < 1);
        }
    }
    sensor_options o = plain();
    corpus_row row = {.duration_s = -1, .rate_hz = 100.00001};
    assert_int_equal(run(&o, NULL, 400, &row), OK); /* as good as equal */
    assert_true(given[8] == 4);
    row.rate_hz = 99.99877;
    assert_int_equal(run(&o, NULL, 400, &row), ERR_UNSUPPORTED);
    row.rate_hz = 1e12;
    assert_int_equal(run(&o, NULL, 400, &row), ERR_INVALID);
}

/* Segments of one file are not the same, and what becomes of the values does not matter. */
static void what_filters_need_is_measured(void **state)
{
    (void)state;
    sensor_options o = plain();
    corpus_row row = whole(), part = {.offset_s = 0, .duration_s = 0.5}, other = {.offset_s = 0.5, .duration_s = 0.5};
    assert_int_equal(run(&o, NULL, 100, &row), OK);
    const sensor_content all = measured;
    assert_true(all.samples == 100 && all.channels == 2);
    o.normalize = SENSOR_NORMALIZE_ROW;
    assert_int_equal(run(&o, NULL, 100, &row), OK);
    assert_memory_equal(&measured, &all, sizeof all);
    assert_int_equal(run(&o, NULL, 100, &part), OK);
    const sensor_content first = measured;
    assert_int_equal(first.samples, 50);
    assert_int_equal(run(&o, NULL, 100, &other), OK);
    assert_int_equal(measured.samples, 50);
    assert_memory_not_equal(measured.hash, first.hash, sizeof first.hash);
    assert_int_equal(run(&o, NULL, 50, &row), OK); /* another file with these values */
    assert_memory_equal(&measured, &first, sizeof first);
}

static void long_rows_are_refused(void **state)
{
    (void)state;
    sensor_options o = plain();
    corpus_row row = whole();
    o.max_seconds = 4;
    assert_int_equal(run(&o, NULL, 400, &row), OK);
    assert_int_equal(run(&o, NULL, 401, &row), ERR_LIMIT);
    assert_string_equal(status_message(), "longer than sensor.max_seconds (4 s)");
    row = (corpus_row){.offset_s = 1, .duration_s = 3.5};
    assert_int_equal(run(&o, NULL, 40000, &row), OK); /* the segment counts */
    row = whole();
    o.max_seconds = 0;
    o.max_values = 80;
    assert_int_equal(run(&o, NULL, 40, &row), OK);
    assert_int_equal(run(&o, NULL, 41, &row), ERR_LIMIT);
    assert_string_equal(status_message(), "more than 80 values (sensor.max_values)");
    row.rate_hz = 10; /* ten times as many samples at 100 Hz */
    assert_int_equal(run(&o, NULL, 5, &row), ERR_LIMIT);
    o.channels = 0;
    assert_int_equal(run(&o, NULL, 5, &row), ERR_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames_follow_frames),
        cmocka_unit_test(rows_and_samples_are_normalised),
        cmocka_unit_test(rows_are_measured),
        cmocka_unit_test(segments_are_cut_out),
        cmocka_unit_test(rates_are_made_equal),
        cmocka_unit_test(long_rows_are_refused),
        cmocka_unit_test(what_filters_need_is_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
