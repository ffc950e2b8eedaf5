#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "store/npy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char folder[] = "/tmp/tessera-test-npy-XXXXXX";
static char path[64];

static void an_array_comes_back(void **state)
{
    (void)state;
    static const int64_t shapes[][4] = {{0}, {7}, {2, 3}, {3, 0}, {1, 2, 3}, {2, 1, 2, 2}};
    static const int n_dims[] = {0, 1, 2, 2, 3, 4};
    float values[8] = {1, -2, 3.5F, 0, 5, 6, 7, 8};
    for (size_t i = 0; i < sizeof n_dims / sizeof *n_dims; i++) {
        uint8_t *bytes = NULL;
        size_t n = 0, count = 1;
        npy_array a;
        assert_int_equal(npy_write(path, "<f4", n_dims[i], shapes[i], values, "test"), OK);
        assert_int_equal(file_read(path, 4096, &bytes, &n), OK);
        assert_int_equal(npy_parse(bytes, n, &a), OK);
        assert_string_equal(a.type, "<f4");
        assert_int_equal(a.n_dims, n_dims[i]);
        for (int d = 0; d < a.n_dims; d++) {
            assert_int_equal(a.dims[d], shapes[i][d]);
            count *= (size_t)a.dims[d];
        }
        assert_int_equal((a.data - bytes) % 64, 0);
        assert_memory_equal(a.data, values, count * sizeof *values);
        assert_int_equal(n, (size_t)(a.data - bytes) + count * sizeof *values);
        mem_free(&bytes);
    }
}

/* What NumPy itself writes for np.arange(3, dtype='<u2'). */
static void the_header_is_numpys(void **state)
{
    (void)state;
    const int64_t dims[1] = {3};
    char *bytes = NULL;
    size_t n;
    char expected[129];
    memset(expected, ' ', 128);
    memcpy(expected, "\x93NUMPY\x01\x00\x76\x00{'descr': '<u2', 'fortran_order': False, 'shape': (3,), }", 67);
    expected[127] = '\n';
    assert_int_equal(npy_header("<u2", 1, dims, &bytes, &n), OK);
    assert_int_equal(n, 128);
    assert_memory_equal(bytes, expected, 128);
    mem_free(&bytes);
}

static int parse(const char *dictionary, size_t n_data)
{
    uint8_t bytes[512] = "\x93NUMPY\x01";
    size_t n = strlen(dictionary);
    npy_array a;
    bytes[8] = (uint8_t)n;
    bytes[9] = (uint8_t)(n >> 8);
    memcpy(bytes + 10, dictionary, n);
    return npy_parse(bytes, 10 + n + n_data, &a);
}

static void odd_headers_are_read(void **state)
{
    (void)state;
    assert_int_equal(parse("{'shape': (2,), 'fortran_order': False, 'descr': '|u1'}", 2), OK);
    assert_int_equal(parse("{\"descr\":\"<i8\",\"fortran_order\":False,\"shape\":(1,2)}\n", 16), OK);
    assert_int_equal(parse("{'descr': '<f4', 'fortran_order': False, 'shape': (), }", 4), OK);
}

static void wrong_files_are_refused(void **state)
{
    (void)state;
    npy_array a;
    assert_int_equal(npy_parse((const uint8_t *)"RIFF and more", 13, &a), ERR_FORMAT);
    assert_int_equal(npy_parse((const uint8_t *)"\x93NUMPY\x01", 7, &a), ERR_FORMAT);
    assert_int_equal(npy_parse((const uint8_t *)"\x93NUMPY\x09\x00\x76\x00{}", 12, &a), ERR_UNSUPPORTED);
    assert_int_equal(npy_parse((const uint8_t *)"\x93NUMPY\x01\x00\x76\x00{}", 12, &a), ERR_FORMAT);
    assert_int_equal(parse("{'descr': '>f4', 'fortran_order': False, 'shape': (1,), }", 4), ERR_UNSUPPORTED);
    assert_int_equal(parse("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", 8), ERR_UNSUPPORTED);
    assert_int_equal(parse("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", 4), ERR_UNSUPPORTED);
    assert_int_equal(parse("{'descr': '<f4', 'fortran_order': True, 'shape': (1,), }", 4), ERR_UNSUPPORTED);
    assert_int_equal(parse("{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1), }", 4), ERR_UNSUPPORTED);
    assert_int_equal(parse("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }", 7), ERR_FORMAT);
    assert_int_equal(parse("{'descr': '<f4', 'fortran_order': False, 'shape': (-2,), }", 8), ERR_FORMAT);
    assert_int_equal(parse("{'descr': '<f4', 'fortran_order': False, 'shape': (2", 8), ERR_FORMAT);
    assert_int_equal(parse("{'descr': '<f4', 'fortran_order': False, }", 8), ERR_FORMAT);
    assert_int_equal(parse("{'descr': '<f4'", 8), ERR_FORMAT);
    assert_int_equal(parse("{'descr: '<f4', 'fortran_order': False, 'shape': (2,), }", 8), ERR_FORMAT);
    assert_int_equal(parse("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807,2), }", 8),
                     ERR_FORMAT);
    assert_int_equal(parse("{'descr': '<f4', 'fortran_order': False, 'shape': (92233720368547758079), }", 8),
                     ERR_FORMAT);
    assert_int_equal(npy_write(path, "<f3", 0, NULL, "", "test"), ERR_INTERNAL);
}

int main(void)
{
    if (!mkdtemp(folder)) return 1;
    snprintf(path, sizeof path, "%s/a.npy", folder);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_array_comes_back),
        cmocka_unit_test(the_header_is_numpys),
        cmocka_unit_test(odd_headers_are_read),
        cmocka_unit_test(wrong_files_are_refused),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return file_remove_tree(folder) != OK || failed;
}
