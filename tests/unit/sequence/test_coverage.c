#include "sequence/coverage.h"

#include "base/rng.h"
#include "base/status.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { N = 1000, PIECES = 100 };

/* Cut 0..N-1 into pieces and add them in a scrambled order, piece `skip` never and piece `again` twice. */
static int covers(int skip, int again, int64_t shift)
{
    coverage c;
    assert_int_equal(coverage_make(&c, 3), OK);
    coverage_expect(&c, 1, STREAM_IMAGE, N);
    assert_true(coverage_want(&c, 1, STREAM_IMAGE, 0, 300));
    assert_true(coverage_want(&c, 1, STREAM_IMAGE, 300, N - 300));
    for (int k = 0; k < PIECES; k++) {
        int piece = (int)rng_permute(7, (uint64_t)k, PIECES);
        int64_t start = piece * (N / PIECES) + (piece == 50 ? shift : 0);
        if (piece == skip) continue;
        assert_true(coverage_add(&c, 1, STREAM_IMAGE, start, N / PIECES));
        if (piece == again) assert_true(coverage_add(&c, 1, STREAM_IMAGE, start, N / PIECES));
    }
    int whole = coverage_is_whole(&c, 1, STREAM_IMAGE);
    assert_true(coverage_is_whole(&c, 1, STREAM_AUDIO)); /* nothing expected, nothing there */
    coverage_free(&c);
    return whole;
}

static void exactly_once_is_whole(void **state)
{
    (void)state;
    assert_true(covers(-1, -1, 0));
}

static void missing_doubled_and_shifted_are_not(void **state)
{
    (void)state;
    for (int k = 0; k < PIECES; k++) {
        assert_false(covers(k, -1, 0));
        assert_false(covers(-1, k, 0));
        assert_false(covers(k, (k + 1) % PIECES, 0));
    }
    assert_false(covers(-1, -1, 1));
}

static void what_is_outside_is_refused(void **state)
{
    (void)state;
    coverage c;
    assert_int_equal(coverage_make(&c, 1), OK);
    coverage_expect(&c, 0, STREAM_TEXT, 10);
    assert_false(coverage_want(&c, 0, STREAM_TEXT, 5, 6));
    assert_true(coverage_want(&c, 0, STREAM_TEXT, 0, 10));
    assert_false(coverage_is_whole(&c, 0, STREAM_TEXT));
    assert_false(coverage_add(&c, 0, STREAM_TEXT, -1, 2));
    assert_false(coverage_add(&c, 0, STREAM_TEXT, 9, 2));
    assert_false(coverage_add(&c, 0, STREAM_TEXT, 0, 0));
    assert_false(coverage_add(&c, 0, STREAM_TEXT, INT64_MAX, 2));
    assert_false(coverage_add(&c, 0, STREAM_AUDIO, 0, 1));
    assert_true(coverage_add(&c, 0, STREAM_TEXT, 0, 10));
    assert_true(coverage_is_whole(&c, 0, STREAM_TEXT));
    coverage_free(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exactly_once_is_whole),
        cmocka_unit_test(missing_doubled_and_shifted_are_not),
        cmocka_unit_test(what_is_outside_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
