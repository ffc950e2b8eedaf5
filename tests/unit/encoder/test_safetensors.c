#include "base/memory.h"
#include "base/status.h"
#include "encoder/safetensors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { N_VALUES = 16 };

/* A file with this header and n bytes 0, 1, 2 ... behind it; caller: mem_free. */
static uint8_t *file_of(const char *header, size_t n_values, size_t *n)
{
    uint8_t *bytes;
    size_t n_header = strlen(header);
    assert_int_equal(MEM_ALLOC(bytes, 8 + n_header + n_values), OK);
    for (int i = 0; i < 8; i++) bytes[i] = (uint8_t)((uint64_t)n_header >> (8 * i));
    memcpy(bytes + 8, header, n_header);
    for (size_t i = 0; i < n_values; i++) bytes[8 + n_header + i] = (uint8_t)i;
    *n = 8 + n_header + n_values;
    return bytes;
}

static int parse(const char *header, size_t n_values, weight_list *l, uint8_t **bytes)
{
    size_t n;
    *bytes = file_of(header, n_values, &n);
    return safetensors_parse(*bytes, n, "x.safetensors", l);
}

static void tensors_come_by_name(void **state)
{
    (void)state;
    weight_list l;
    uint8_t *bytes;
    assert_int_equal(parse("{\"__metadata__\":{\"format\":\"pt\"},"
                           "\"b\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]},"
                           "\"c\":{\"dtype\":\"I64\",\"shape\":[0,3],\"data_offsets\":[8,8]},"
                           "\"a\":{\"dtype\":\"BF16\",\"shape\":[],\"data_offsets\":[9,11]},"
                           "\"d\":{\"dtype\":\"F16\",\"shape\":[1],\"offsets\":[11,13]}}",
                           N_VALUES, &l, &bytes),
                     OK);
    assert_int_equal(l.n, 4);
    const char *const names[] = {"a", "b", "c", "d"}, *const types[] = {"BF16", "F32", "I64", "F16"};
    const weight_type kinds[] = {WEIGHT_BF16, WEIGHT_F32, WEIGHT_OTHER, WEIGHT_F16};
    const uint8_t first[] = {9, 0, 8, 11};
    const int n_dims[] = {0, 2, 2, 1};
    for (size_t i = 0; i < 4; i++) {
        const weight_tensor *t = &l.tensors[i];
        assert_string_equal(t->name, names[i]);
        assert_string_equal(t->type_name, types[i]);
        assert_int_equal(t->type, kinds[i]);
        assert_int_equal(t->n_dims, n_dims[i]);
        assert_int_equal(*(const uint8_t *)t->values, first[i]);
        assert_ptr_equal(weight_list_find(&l, names[i]), t);
    }
    assert_int_equal(l.tensors[1].shape[1], 2);
    assert_null(weight_list_find(&l, "e"));
    weight_list_free(&l);
    mem_free(&bytes);
}

#define TENSOR(type, shape, place) "{\"a\":{\"dtype\":" type ",\"shape\":" shape ",\"data_offsets\":" place "}}"

static const struct lie {
    const char *header, *message; /* a part of it */
} lies[] = {
    {"", "damaged safetensors header"},
    {"[]", "not a JSON object"},
    {"{\"a\":1}", "a: the entry is not a JSON object"},
    {"{\"a\":{}}", "unknown type (none)"},
    {TENSOR("\"F33\"", "[4]", "[0,16]"), "tensor a: unknown type F33"},
    {TENSOR("7", "[4]", "[0,16]"), "unknown type (none)"},
    {TENSOR("\"F32\"", "4", "[0,16]"), "the shape is not a list"},
    {TENSOR("\"U8\"", "[1,1,1,1,1,1,1,1,1]", "[0,1]"), "at most 8 sizes"},
    {TENSOR("\"F32\"", "[-4]", "[0,16]"), "a size of the shape"},
    {TENSOR("\"F32\"", "[4.0]", "[0,16]"), "a size of the shape"},
    {TENSOR("\"F32\"", "[1099511627776,1099511627776]", "[0,16]"), "the shape is too large"},
    {TENSOR("\"F32\"", "[4294967296,4294967296]", "[0,0]"), "the shape is too large"},
    {TENSOR("\"F32\"", "[4611686018427387904]", "[0,0]"), "0 bytes for 4611686018427387904 numbers"},
    {TENSOR("\"F32\"", "[0,4294967296,4294967296]", "[0,0]"), "the shape is too large"},
    {TENSOR("\"F32\"", "[99999999999999999999]", "[0,16]"), "damaged safetensors header"},
    {TENSOR("\"F32\"", "[3]", "[0,16]"), "16 bytes for 3 numbers of type F32"},
    {TENSOR("\"F4\"", "[3]", "[0,2]"), "2 bytes for 3 numbers of type F4"},
    {TENSOR("\"F32\"", "[4]", "[0]"), "not a pair"},
    {TENSOR("\"F32\"", "[4]", "[0,16,16]"), "not a pair"},
    {TENSOR("\"F32\"", "[4]", "[\"0\",16]"), "not a pair"},
    {TENSOR("\"F32\"", "[4]", "[1,17]"), "bytes 1 to 17 of the 16"},
    {TENSOR("\"F32\"", "[4]", "[16,0]"), "bytes 16 to 0"},
    {TENSOR("\"F32\"", "[0]", "[17,17]"), "bytes 17 to 17"},
    {TENSOR("\"F32\"", "[4]", "[-16,0]"), "bytes -16 to 0"},
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
     "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
     "duplicate object key"},
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
     "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[3,7]}}",
     "tensors a and b share bytes"},
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]},"
     "\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[2,3]},"
     "\"c\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[5,6]}}",
     "tensors a and b share bytes"},
    {"{\"\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", "a name that is empty"},
    {"{\"a\\nb\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", "not plain text"},
    {"{\"a\\u0000b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}", "damaged safetensors header"},
    {"{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}}", "damaged safetensors header"},
};

static void a_lying_header_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        weight_list l;
        uint8_t *bytes;
        int rc = parse(lies[i].header, N_VALUES, &l, &bytes);
        if (rc != ERR_CONFIG || !strstr(status_message(), lies[i].message))
            fail_msg("%s: %d, %s", lies[i].header, rc, status_message());
        assert_int_equal(strncmp(status_message(), "x.safetensors: ", 15), 0);
        assert_int_equal(l.n, 0);
        mem_free(&bytes);
    }
}

static void a_file_cut_anywhere_is_refused(void **state)
{
    (void)state;
    weight_list l;
    size_t n;
    uint8_t *bytes = file_of(TENSOR("\"F32\"", "[4]", "[0,16]"), N_VALUES, &n);
    for (size_t cut = 0; cut < n; cut++) {
        uint8_t *part; /* of its own, so that a sanitizer sees what is read behind it */
        assert_int_equal(MEM_ALLOC(part, cut), OK);
        memcpy(part, bytes, cut);
        assert_int_equal(safetensors_parse(part, cut, "x", &l), ERR_CONFIG);
        mem_free(&part);
    }
    assert_int_equal(safetensors_parse(bytes, n, "x", &l), OK);
    weight_list_free(&l);
    mem_free(&bytes);
}

static void the_length_of_the_header_is_not_believed(void **state)
{
    (void)state;
    weight_list l;
    size_t n;
    uint8_t *bytes = file_of("{}", 0, &n);
    for (int i = 0; i < 8; i++) {
        bytes[i] ^= 0xF0;
        assert_int_equal(safetensors_parse(bytes, n, "x", &l), ERR_CONFIG);
        bytes[i] ^= 0xF0;
    }
    assert_int_equal(safetensors_parse(bytes, n, "x", &l), OK);
    assert_int_equal(l.n, 0);
    mem_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensors_come_by_name),
        cmocka_unit_test(a_lying_header_is_refused),
        cmocka_unit_test(a_file_cut_anywhere_is_refused),
        cmocka_unit_test(the_length_of_the_header_is_not_believed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
