#include "golden.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void tensors_have_type_shape_and_values(void **state)
{
    (void)state;
    static const char header[] = "{\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                                 "\"a/x\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[1,25]},"
                                 "\"__metadata__\":{\"format\":\"pt\"},"
                                 "\"scalar\":{\"dtype\":\"I32\",\"shape\":[],\"data_offsets\":[25,29]}}";
    static const float want[6] = {1, -2, 3.5f, 4, 5, 6};
    static const int32_t scalar = -7;
    uint64_t n_header = sizeof header - 1;
    char path[] = "/tmp/tessera-test-golden-XXXXXX";
    FILE *f = fdopen(mkstemp(path), "wb");
    assert_non_null(f);
    fwrite(&n_header, 8, 1, f);
    fwrite(header, n_header, 1, f);
    fwrite("\x2a", 1, 1, f);
    fwrite(want, sizeof want, 1, f);
    fwrite(&scalar, sizeof scalar, 1, f);
    fclose(f);

    size_t n;
    golden *g = golden_open(path);
    assert_int_equal(golden_count(g), 3);
    assert_string_equal(golden_at(g, 0)->name, "a/x");
    assert_memory_equal(golden_f32(g, "a/x", &n), want, sizeof want);
    assert_int_equal(n, 6);
    assert_int_equal(golden_get(g, "a/x")->rank, 2);
    assert_int_equal(golden_get(g, "a/x")->shape[1], 3);
    assert_int_equal(golden_u8(g, "b", NULL)[0], 42);
    assert_int_equal(golden_i32(g, "scalar", &n)[0], -7);
    assert_int_equal(n, 1);
    assert_null(golden_find(g, "x"));
    golden_close(g);
    unlink(path);
}

static void difference_sees_every_element_and_not_a_number(void **state)
{
    (void)state;
    static const float a[3] = {1, 2, 3}, b[3] = {1, 2, 3.5f}, c[3] = {1, NAN, 3};
    assert_true(golden_max_difference(a, a, 3) == 0);
    assert_true(golden_max_difference(a, b, 3) == 0.5);
    assert_true(isinf(golden_max_difference(c, b, 3)));
    assert_true(golden_max_difference(c, c, 3) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_have_type_shape_and_values),
        cmocka_unit_test(difference_sees_every_element_and_not_a_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
