#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "encoder/weight_reader.h"
#include "write_weights.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ENTRY(name, type, shape, place)                                                                                \
    "\"" name "\":{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":" place "}"

static char folder[] = "/tmp/tessera-test-weight-reader-XXXXXX";
static const char *const prefixes[] = {"wav2vec2.", ""};

typedef struct fixture {
    weights *w;
    weight_reader *r;
} fixture;

/* Values: "one" to "names" at odd addresses, as the header's length decides. */
static void open_reader(fixture *f, const char *header, const void *values, size_t n)
{
    write_weights(folder, "model.safetensors", header, values, n);
    if (weights_open(&f->w, folder) != OK) fail_msg("%s", status_message());
    assert_int_equal(weight_reader_create(&f->r, f->w, prefixes, 2), OK);
}

static void close_reader(fixture *f)
{
    weight_reader_free(&f->r);
    assert_null(f->r);
    weights_close(f->w);
}

static void expect_message(int rc, const char *part)
{
    if (rc != ERR_CONFIG || !strstr(status_message(), part)) fail_msg("%d, %s, not %s", rc, status_message(), part);
    assert_non_null(strstr(status_message(), folder));
}

static void names_have_prefixes(void **state)
{
    (void)state;
    fixture f;
    float *x, values[] = {1, 2, 3, 4};
    const int64_t shape[] = {1};
    open_reader(&f,
                "{" ENTRY("wav2vec2.a.0", "F32", "[1]", "[0,4]") "," ENTRY("a.0", "F32", "[1]", "[4,8]") "," ENTRY(
                    "quantizer.b", "F32", "[1]", "[8,12]") "," ENTRY("wav2vec2.c", "F32", "[1]", "[12,16]") "}",
                values, sizeof values);
    assert_true(weight_reader_has(f.r, "a.%d", 0));
    assert_true(weight_reader_has(f.r, "wav2vec2.a.0"));
    assert_false(weight_reader_has(f.r, "a.%d", 1));
    assert_int_equal(weight_reader_take(f.r, &x, 1, shape, "a.%d", 0), OK);
    assert_true(x[0] == 1);
    mem_free(&x);
    assert_int_equal(weight_reader_take(f.r, &x, 1, shape, "quantizer.b"), OK);
    assert_true(x[0] == 3);
    mem_free(&x);
    expect_message(weight_reader_finish(f.r, NULL, 0), "2 tensors belong to no part of the model that config.json "
                                                       "describes, among them: a.0, wav2vec2.c");
    expect_message(weight_reader_finish(f.r, (const char *const[]){"c"}, 1), "1 tensors");
    assert_int_equal(weight_reader_finish(f.r, (const char *const[]){"a.*", "c"}, 2), OK);
    assert_int_equal(weight_reader_check(f.r, 1, shape, "wav2vec2.c"), OK);
    assert_int_equal(weight_reader_finish(f.r, (const char *const[]){"a.?"}, 1), OK);
    close_reader(&f);
}

static void types_become_exact_floats(void **state)
{
    (void)state;
    fixture f;
    float *x;
    const int64_t shape[] = {3};
    /* 1, -2, the smallest; as fp32, half and bfloat16; the blank makes the addresses odd */
    const uint8_t values[] = {0, 0,    0x80, 0x3F, 0, 0, 0,    0xC0, 1, 0,    0, 0,
                              0, 0x3C, 0,    0xC0, 1, 0, 0x80, 0x3F, 0, 0xC0, 1, 0};
    const float expected[3][3] = {{1, -2, 0x1p-149F}, {1, -2, 0x1p-24F}, {1, -2, 0x1p-133F}};
    for (int blank = 0; blank < 2; blank++) {
        open_reader(&f,
                    blank ? "{" ENTRY("a", "F32", "[3]", "[0,12]") "," ENTRY("b", "F16", "[3]", "[12,18]") "," ENTRY(
                                "c", "BF16", "[3]", "[18,24]") "} "
                          : "{" ENTRY("a", "F32", "[3]", "[0,12]") "," ENTRY("b", "F16", "[3]", "[12,18]") "," ENTRY(
                                "c", "BF16", "[3]", "[18,24]") "}",
                    values, sizeof values);
        for (int i = 0; i < 3; i++) {
            assert_int_equal(weight_reader_take(f.r, &x, 1, shape, "%c", 'a' + i), OK);
            assert_memory_equal(x, expected[i], sizeof expected[i]);
            mem_free(&x);
        }
        close_reader(&f);
    }
}

static void what_does_not_fit_is_refused(void **state)
{
    (void)state;
    fixture f;
    float *x;
    const float values[] = {1, NAN, 2, INFINITY};
    const int64_t shape[] = {2, 1};
    open_reader(&f,
                "{" ENTRY("a", "F32", "[2,1]", "[0,8]") "," ENTRY("b", "F32", "[2,1]", "[8,16]") "," ENTRY(
                    "i", "I64", "[2]", "[16,32]") "," ENTRY("d", "F64", "[0]", "[32,32]") "}",
                (const float[8]){values[0], values[1], values[2], values[3]}, 32);
    expect_message(weight_reader_check(f.r, 2, shape, "gone.%d", 7), "no tensor gone.7, which the model has with the "
                                                                     "shape [2, 1]");
    expect_message(weight_reader_check(f.r, 1, shape, "a"), "tensor a has the shape [2, 1], and not [2]");
    expect_message(weight_reader_check(f.r, 2, (const int64_t[]){1, 2}, "a"), "[2, 1], and not [1, 2]");
    expect_message(weight_reader_check(f.r, 1, shape, "i"), "tensor i has numbers of type I64");
    expect_message(weight_reader_take(f.r, &x, 2, shape, "a"), "tensor a: number 1 is NaN");
    assert_null(x);
    expect_message(weight_reader_take(f.r, &x, 2, shape, "b"), "tensor b: number 1 is infinite");
    assert_null(x);
    expect_message(weight_reader_finish(f.r, NULL, 0), "1 tensors belong to no part");
    assert_int_equal(weight_reader_finish(f.r, (const char *const[]){"d"}, 1), OK);
    close_reader(&f);
}

/* Files of torch.save with what PyTorch's own folding gives. */
static void weight_norms_are_folded(void **state)
{
    (void)state;
    const char *const files[] = {"weight-norm", "parametrizations"};
    const int64_t shape[] = {4, 2, 3};
    for (int i = 0; i < 2; i++) {
        char path[512];
        fixture f;
        float *x, *expected;
        snprintf(path, sizeof path, "%s/torch-files/%s.bin", GOLDEN_DIR, files[i]);
        assert_int_equal(weights_open(&f.w, path), OK);
        assert_int_equal(weight_reader_create(&f.r, f.w, prefixes, 2), OK);
        assert_int_equal(weight_reader_check_weight_norm(f.r, 3, shape, "conv"), OK);
        assert_int_equal(weight_reader_weight_norm(f.r, &x, 3, shape, "conv"), OK);
        assert_int_equal(weight_reader_take(f.r, &expected, 3, shape, "folded"), OK);
        for (int k = 0; k < 24; k++) assert_true(fabsf(x[k] - expected[k]) <= 1e-7F * fabsf(expected[k]));
        assert_int_equal(weight_reader_finish(f.r, NULL, 0), OK);
        assert_int_equal(weight_reader_check_weight_norm(f.r, 3, (const int64_t[]){4, 2, 4}, "conv"), ERR_CONFIG);
        mem_free(&x);
        mem_free(&expected);
        close_reader(&f);
    }
}

static void folded_weights_stay(void **state)
{
    (void)state;
    fixture f;
    float *x, values[] = {1, 2, 3, 4};
    const int64_t shape[] = {2, 1, 2};
    open_reader(&f, "{" ENTRY("conv.weight", "F32", "[2,1,2]", "[0,16]") "}", values, sizeof values);
    assert_int_equal(weight_reader_check_weight_norm(f.r, 3, shape, "conv"), OK);
    assert_int_equal(weight_reader_weight_norm(f.r, &x, 3, shape, "conv"), OK);
    assert_memory_equal(x, values, sizeof values);
    assert_int_equal(weight_reader_finish(f.r, NULL, 0), OK);
    expect_message(weight_reader_check_weight_norm(f.r, 3, shape, "other"), "no tensor other.weight");
    mem_free(&x);
    close_reader(&f);
}

static void half_a_weight_norm_is_refused(void **state)
{
    (void)state;
    fixture f;
    float *x;
    const int64_t shape[] = {2, 1, 2};
    const float values[] = {1, 0, 2, 0, 5, 5}; /* tap 1 has no direction */
    open_reader(
        &f,
        "{" ENTRY("a.weight_v", "F32", "[2,1,2]", "[0,16]") "," ENTRY("b.weight_g", "F32", "[1,1,2]", "[16,24]") "}",
        values, sizeof values);
    expect_message(weight_reader_check_weight_norm(f.r, 3, shape, "a"), "no tensor a.weight_g");
    expect_message(weight_reader_weight_norm(f.r, &x, 3, shape, "a"), "no tensor a.weight_g");
    assert_null(x);
    expect_message(weight_reader_check_weight_norm(f.r, 3, shape, "b"), "no tensor b.weight_v");
    close_reader(&f);
    open_reader(
        &f,
        "{" ENTRY("a.weight_v", "F32", "[2,1,2]", "[0,16]") "," ENTRY("a.weight_g", "F32", "[1,1,2]", "[16,24]") "}",
        values, sizeof values);
    expect_message(weight_reader_weight_norm(f.r, &x, 3, shape, "a"), "tensor a.weight_v has only zeros for one gain");
    assert_null(x);
    close_reader(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_have_prefixes),          cmocka_unit_test(types_become_exact_floats),
        cmocka_unit_test(what_does_not_fit_is_refused), cmocka_unit_test(weight_norms_are_folded),
        cmocka_unit_test(folded_weights_stay),          cmocka_unit_test(half_a_weight_norm_is_refused),
    };
    if (!mkdtemp(folder)) return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return file_remove_tree(folder) != OK || failed;
}
