/* Files of torch.save: tests/support/make_torch_files.py made them. */
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "encoder/torch_zip.h"
#include "encoder/weight_values.h"
#include "encoder/weights.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char *path_of(const char *name)
{
    char *path;
    assert_int_equal(mem_format(&path, "%s/torch-files/%s.bin", GOLDEN_DIR, name), OK);
    return path;
}

static weights *opened(const char *name)
{
    weights *w;
    char *path = path_of(name);
    if (weights_open(&w, path) != OK) fail_msg("%s", status_message());
    mem_free(&path);
    return w;
}

/* A tensor of this shape whose numbers are those of `indices`, or the first ones, as element i is i / 2 - 1. */
static void check(const weights *w, const char *name, weight_type type, int n_dims, const int64_t *shape,
                  const int *indices)
{
    size_t n;
    float *x;
    const weight_tensor *t = weights_find(w, name);
    if (!t) fail_msg("no tensor %s", name);
    assert_int_equal(t->type, type);
    assert_int_equal(t->n_dims, n_dims);
    for (int i = 0; i < n_dims; i++) assert_int_equal(t->shape[i], shape[i]);
    assert_int_equal(weight_elements(n_dims, shape, &n), OK);
    assert_int_equal(weight_values(t, "x", &x), OK);
    for (size_t i = 0; i < n; i++)
        if (x[i] != (float)(indices ? indices[i] : (int)i) / 2 - 1) fail_msg("%s: %zu is %g", name, i, (double)x[i]);
    mem_free(&x);
}

#define SHAPE(...)                                                                                                     \
    (const int64_t[]) { __VA_ARGS__ }
#define INDICES(...)                                                                                                   \
    (const int[]) { __VA_ARGS__ }

static void types_and_views(void **state)
{
    (void)state;
    const char *const files[] = {"tensors", "tensors-protocol3", "tensors-protocol4", "tensors-deflated"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        weights *w = opened(files[i]);
        assert_int_equal(weights_count(w), 15);
        check(w, "f32", WEIGHT_F32, 2, SHAPE(2, 3), NULL);
        check(w, "f16", WEIGHT_F16, 1, SHAPE(5), NULL);
        check(w, "bf16", WEIGHT_BF16, 1, SHAPE(5), NULL);
        check(w, "scalar", WEIGHT_F32, 0, NULL, INDICES(7));
        check(w, "empty", WEIGHT_F32, 2, SHAPE(0, 4), NULL);
        check(w, "parameter", WEIGHT_F32, 1, SHAPE(4), NULL);
        check(w, "whole", WEIGHT_F32, 2, SHAPE(3, 4), NULL);
        check(w, "tied", WEIGHT_F32, 2, SHAPE(3, 4), NULL);
        check(w, "rows", WEIGHT_F32, 2, SHAPE(2, 4), INDICES(4, 5, 6, 7, 8, 9, 10, 11));
        check(w, "columns", WEIGHT_F32, 2, SHAPE(3, 2), INDICES(0, 2, 4, 6, 8, 10));
        check(w, "transposed", WEIGHT_F32, 2, SHAPE(4, 3), INDICES(0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11));
        check(w, "repeated", WEIGHT_F32, 2, SHAPE(2, 4), INDICES(0, 1, 2, 3, 0, 1, 2, 3));
        const int64_t whole[] = {-1, (int64_t)1 << 40};
        assert_string_equal(weights_find(w, "i64")->type_name, "I64");
        assert_memory_equal(weights_find(w, "i64")->values, whole, sizeof whole);
        assert_string_equal(weights_find(w, "f64")->type_name, "F64");
        assert_memory_equal(weights_find(w, "flag")->values, "\1\0", 2);
        weights_close(w);
    }
}

static void dictionaries_around_the_tensors(void **state)
{
    (void)state;
    weights *w = opened("module-state");
    assert_int_equal(weights_count(w), 7);
    check(w, "0.weight", WEIGHT_F32, 2, SHAPE(3, 2), NULL);
    check(w, "1.bias", WEIGHT_F32, 1, SHAPE(3), NULL);
    assert_int_equal(weights_find(w, "1.num_batches_tracked")->n_dims, 0);
    weights_close(w);
    w = opened("checkpoint");
    assert_int_equal(weights_count(w), 2);
    check(w, "a", WEIGHT_F32, 2, SHAPE(2, 3), NULL);
    check(w, "b", WEIGHT_F32, 1, SHAPE(4), NULL);
    weights_close(w);
}

static void what_holds_no_tensors_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[][2] = {
        {"code-system", "holds code (posix.system): only tensors are read"},
        {"code-eval", "holds code (builtins.eval): only tensors are read"},
        {"code-first", "holds code (__builtin__.exec): only tensors are read"},
        {"whole-module", "holds code (torch.nn.modules.container.Sequential)"},
        {"big-endian", "not little-endian"},
        {"list", "not a dictionary of tensors"},
        {"long-storage", "data/0 has 28 bytes, not the 24"},
        {"short-storage", "data/0 has 20 bytes, not the 24"},
        {"no-storage", "tensor b: its numbers, data/1, are not there"},
        {"no-pickle", "the zip has no data.pkl"},
        {"old-format", "before PyTorch 1.6"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        weights *w;
        char *path = path_of(wrong[i][0]);
        int rc = weights_open(&w, path);
        if (rc != ERR_CONFIG || w || !strstr(status_message(), wrong[i][1]) || !strstr(status_message(), path))
            fail_msg("%s: %d, %s", wrong[i][0], rc, status_message());
        mem_free(&path);
    }
}

/* Bytes outside the stored data carry names, sizes and sums: most changes are seen, and none does harm. */
static void damage_is_refused_or_harmless(void **state)
{
    (void)state;
    const char *const files[] = {"tensors", "tensors-deflated"};
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        char *path = path_of(files[f]);
        uint8_t *bytes;
        size_t n;
        weight_list l;
        assert_int_equal(file_read(path, 1 << 20, &bytes, &n), OK);
        for (size_t i = 0; i < n; i++) {
            bytes[i] ^= 0x81;
            int rc = torch_zip_parse(bytes, n, path, &l);
            assert_true(rc == OK || rc == ERR_CONFIG);
            weight_list_free(&l);
            bytes[i] ^= 0x81;
        }
        for (size_t cut = 0; cut < n; cut++) assert_int_equal(torch_zip_parse(bytes, cut, path, &l), ERR_CONFIG);
        mem_free(&bytes);
        mem_free(&path);
    }
}

static void a_changed_number_is_seen(void **state)
{
    (void)state;
    char *path = path_of("tensors");
    uint8_t *bytes;
    size_t n;
    weight_list l;
    assert_int_equal(file_read(path, 1 << 20, &bytes, &n), OK);
    assert_int_equal(torch_zip_parse(bytes, n, path, &l), OK);
    const uint8_t *x = weight_list_find(&l, "whole")->values;
    assert_true(x > bytes && x < bytes + n);
    bytes[x - bytes + 5] ^= 1;
    weight_list_free(&l);
    assert_int_equal(torch_zip_parse(bytes, n, path, &l), ERR_CONFIG);
    mem_free(&bytes);
    mem_free(&path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types_and_views),
        cmocka_unit_test(dictionaries_around_the_tensors),
        cmocka_unit_test(what_holds_no_tensors_is_refused),
        cmocka_unit_test(damage_is_refused_or_harmless),
        cmocka_unit_test(a_changed_number_is_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
