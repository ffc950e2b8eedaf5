/* Moments, normalisation and frames, against values computed by hand. */
#include "feature/sensor_frames.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* Two channels: 1 2 3 6 (mean 3, squares 4 + 1 + 0 + 9) and -1 -1 -1 -1. */
static const float samples[] = {1, -1, 2, -1, 3, -1, 6, -1};

static void moments_are_those_of_each_channel(void **state)
{
    (void)state;
    double mean[2], squares[2], deviation[2];
    channel_moments(samples, 4, 2, mean, squares);
    assert_true(mean[0] == 3 && squares[0] == 14 && mean[1] == -1 && squares[1] == 0);
    channel_deviation(4, mean, squares, 2, deviation);
    assert_true(deviation[0] == sqrt(3.5) && deviation[1] == 0);
}

static void moments_of_parts_add_up(void **state)
{
    (void)state;
    double mean[2], squares[2], more[2], squares_more[2];
    int64_t n = 0;
    channel_moments(samples, 1, 2, more, squares_more);
    channel_moments_add(&n, mean, squares, 1, more, squares_more, 2);
    channel_moments(samples + 2, 3, 2, more, squares_more);
    assert_true(fabs(more[0] - 11.0 / 3) < 1e-15);
    channel_moments_add(&n, mean, squares, 3, more, squares_more, 2);
    assert_int_equal(n, 4);
    assert_true(fabs(mean[0] - 3) < 1e-15 && fabs(squares[0] - 14) < 1e-14);
    assert_true(mean[1] == -1 && squares[1] == 0);
}

static void a_constant_channel_does_not_deviate(void **state)
{
    (void)state;
    enum { N = 1001 };
    static float x[N];
    double mean, squares, deviation;
    for (int i = 0; i < N; i++) x[i] = 0.1F;
    channel_moments(x, N, 1, &mean, &squares);
    channel_deviation(N, &mean, &squares, 1, &deviation);
    assert_true(deviation == 0);
    channel_normalise(x, N, 1, &mean, &deviation);
    for (int i = 0; i < N; i++) assert_true(fabsf(x[i]) < 1e-12F);
}

static void values_are_centred_and_scaled(void **state)
{
    (void)state;
    float x[] = {1, 10, 5, 10};
    const double mean[] = {3, 9}, deviation[] = {4, 0};
    channel_normalise(x, 2, 2, mean, deviation);
    assert_true(x[0] == -0.5F && x[1] == 1 && x[2] == 0.5F && x[3] == 1);
}

static void frames_are_counted(void **state)
{
    (void)state;
    assert_int_equal(sensor_frames(0, 4, 4), 0);
    assert_int_equal(sensor_frames(3, 4, 4), 0);
    assert_int_equal(sensor_frames(4, 4, 4), 1);
    assert_int_equal(sensor_frames(11, 4, 4), 2);
    assert_int_equal(sensor_frames(12, 4, 4), 3);
    assert_int_equal(sensor_frames(6, 4, 1), 3);
    assert_int_equal(sensor_frames(20, 4, 7), 3);
}

static void vectors_have_channel_after_channel(void **state)
{
    (void)state;
    float x[12], out[12];
    for (int t = 0; t < 6; t++) {
        x[2 * t] = (float)t;
        x[2 * t + 1] = (float)(100 + t);
    }
    static const float expected[] = {2, 3, 4, 102, 103, 104, 3, 4, 5, 103, 104, 105};
    sensor_vectors(x, 2, 3, 1, 2, 2, out); /* frames 2 and 3 */
    for (int i = 0; i < 12; i++) assert_true(out[i] == expected[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moments_are_those_of_each_channel),
        cmocka_unit_test(moments_of_parts_add_up),
        cmocka_unit_test(a_constant_channel_does_not_deviate),
        cmocka_unit_test(values_are_centred_and_scaled),
        cmocka_unit_test(frames_are_counted),
        cmocka_unit_test(vectors_have_channel_after_channel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
