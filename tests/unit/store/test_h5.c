#include "base/fault.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "store/h5.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char folder[] = "/tmp/tessera-test-h5-XXXXXX";
static char path[64];

enum { ROWS = 3000, WIDTH = 700 };

static void all_types_come_back(void **state)
{
    (void)state;
    static const char *const names[] = {"/u8",  "/u16", "/u32", "/u64", "/i8", "/i16",
                                        "/i32", "/i64", "/f16", "/f32", "/f64"};
    static const size_t sizes[] = {1, 2, 4, 8, 1, 2, 4, 8, 2, 4, 8};
    uint8_t values[40], back[40];
    h5_file *f = NULL;
    for (size_t i = 0; i < sizeof values; i++) values[i] = (uint8_t)(i % 60);
    assert_int_equal(h5_create(&f, path, "test"), OK);
    for (int t = H5_U8; t <= H5_F64; t++) {
        assert_int_equal(h5_type_size((h5_type)t), sizes[t]);
        assert_int_equal(h5_put(f, names[t], (h5_type)t, 5, values), OK);
    }
    assert_int_equal(h5_commit(&f), OK);
    assert_null(f);
    assert_int_equal(h5_open(&f, path), OK);
    for (int t = H5_U8; t <= H5_F64; t++) {
        h5_type type;
        int n_dims;
        int64_t dims[3];
        assert_int_equal(h5_shape(f, names[t], &type, &n_dims, dims), OK);
        assert_int_equal(type, t);
        assert_int_equal(n_dims, 1);
        assert_int_equal(dims[0], 5);
        memset(back, 0xEE, sizeof back);
        assert_int_equal(h5_read(f, names[t], (h5_type)t, 1, 3, back), OK);
        assert_memory_equal(back, values + sizes[t], 3 * sizes[t]);
        assert_int_equal(back[3 * sizes[t]], 0xEE);
    }
    h5_close(&f);
}

static void reading_converts(void **state)
{
    (void)state;
    const uint16_t ids[3] = {1, 65535, 7}, halves[2] = {0x3C00, 0xC100}; /* 1.0, -2.5 */
    uint32_t wide[3];
    float floats[2];
    h5_file *f = NULL;
    assert_int_equal(h5_create(&f, path, "test"), OK);
    assert_int_equal(h5_put(f, "/ids", H5_U16, 3, ids), OK);
    assert_int_equal(h5_put(f, "/halves", H5_F16, 2, halves), OK);
    assert_int_equal(h5_commit(&f), OK);
    assert_int_equal(h5_open(&f, path), OK);
    assert_int_equal(h5_read(f, "/ids", H5_U32, 0, 3, wide), OK);
    assert_int_equal(wide[1], 65535);
    assert_int_equal(h5_read(f, "/halves", H5_F32, 0, 2, floats), OK);
    assert_true(floats[0] == 1.0F && floats[1] == -2.5F);
    h5_close(&f);
}

/* Rows written in uneven pieces, plain and compressed: the compressed ones fill several chunks. */
static void tables_are_written_in_pieces(void **state)
{
    int deflate = *(int *)*state;
    const int64_t dims[2] = {ROWS, WIDTH};
    uint16_t *values = NULL, *back = NULL;
    int64_t at = 0, offset;
    h5_file *f = NULL;
    assert_int_equal(MEM_ALLOC(values, ROWS * WIDTH), OK);
    assert_int_equal(MEM_ALLOC(back, ROWS * WIDTH), OK);
    for (size_t i = 0; i < ROWS * WIDTH; i++) values[i] = (uint16_t)(i * 2654435761u >> 20);
    assert_int_equal(h5_create(&f, path, "test"), OK);
    assert_int_equal(h5_group(f, "/deep"), OK);
    assert_int_equal(h5_dataset(f, "/deep/table", H5_U16, 2, dims, deflate), OK);
    for (int64_t n = 1; at < ROWS; at += n, n = n * 2 < ROWS - at ? n * 2 : ROWS - at)
        assert_int_equal(h5_write(f, "/deep/table", at, n, values + at * WIDTH), OK);
    assert_int_equal(h5_write(f, "/deep/table", ROWS - 1, 1, values), ERR_INTERNAL);
    assert_int_equal(h5_commit(&f), OK);
    assert_int_equal(h5_open(&f, path), OK);
    assert_int_equal(h5_file_offset(f, "/deep/table", &offset), OK);
    assert_true(deflate ? offset == -1 : offset > 0 && offset % 8 == 0);
    assert_int_equal(h5_read(f, "/deep/table", H5_U16, 0, ROWS, back), OK);
    assert_memory_equal(values, back, ROWS * WIDTH * sizeof *values);
    assert_int_equal(h5_read(f, "/deep/table", H5_U16, 777, 3, back), OK);
    assert_memory_equal(values + 777 * WIDTH, back, 3 * WIDTH * sizeof *values);
    h5_close(&f);
    if (!deflate) {
        file_mapping m;
        assert_int_equal(file_map(path, &m), OK);
        assert_memory_equal(m.bytes + offset, values, ROWS * WIDTH * sizeof *values);
        file_unmap(&m);
    }
    mem_free(&values);
    mem_free(&back);
}

static void empty_datasets_are_allowed(void **state)
{
    (void)state;
    const int64_t dims[2] = {0, 13};
    int64_t shape[3], offset;
    int n_dims;
    h5_type type;
    h5_file *f = NULL;
    assert_int_equal(h5_create(&f, path, "test"), OK);
    assert_int_equal(h5_put(f, "/none", H5_I64, 0, NULL), OK);
    assert_int_equal(h5_dataset(f, "/none2", H5_F32, 2, dims, 4), OK);
    assert_int_equal(h5_commit(&f), OK);
    assert_int_equal(h5_open(&f, path), OK);
    assert_int_equal(h5_shape(f, "/none2", &type, &n_dims, shape), OK);
    assert_int_equal(shape[0], 0);
    assert_int_equal(shape[1], 13);
    assert_int_equal(h5_read(f, "/none", H5_I64, 0, 0, NULL), OK);
    assert_int_equal(h5_file_offset(f, "/none", &offset), OK);
    assert_int_equal(offset, -1);
    h5_close(&f);
}

static void attributes_come_back(void **state)
{
    (void)state;
    char *text = NULL;
    int64_t i = 0;
    double x = 0;
    h5_file *f = NULL;
    assert_int_equal(h5_create(&f, path, "test"), OK);
    assert_int_equal(h5_group(f, "/g"), OK);
    assert_int_equal(h5_put(f, "/d", H5_U8, 1, "x"), OK);
    assert_int_equal(h5_put_text(f, "/", "name", "gr\xC3\xBC\xC3\x9F"), OK);
    assert_int_equal(h5_put_text(f, "/g", "empty", ""), OK);
    assert_int_equal(h5_put_int(f, "/d", "int", INT64_MIN), OK);
    assert_int_equal(h5_put_real(f, "/g", "real", 0.1), OK);
    assert_int_equal(h5_commit(&f), OK);
    assert_int_equal(h5_open(&f, path), OK);
    assert_int_equal(h5_get_text(f, "/", "name", &text), OK);
    assert_string_equal(text, "gr\xC3\xBC\xC3\x9F");
    mem_free(&text);
    assert_int_equal(h5_get_text(f, "/g", "empty", &text), OK);
    assert_string_equal(text, "");
    mem_free(&text);
    assert_int_equal(h5_get_int(f, "/d", "int", &i), OK);
    assert_true(i == INT64_MIN);
    assert_int_equal(h5_get_real(f, "/g", "real", &x), OK);
    assert_true(x == 0.1);
    assert_int_equal(h5_get_int(f, "/g", "real", &i), ERR_CORRUPT);
    assert_int_equal(h5_get_int(f, "/g", "other", &i), ERR_MISSING);
    assert_int_equal(h5_get_int(f, "/h", "other", &i), ERR_MISSING);
    h5_close(&f);
}

static void wrong_use_and_wrong_files_are_refused(void **state)
{
    (void)state;
    const int64_t dims[1] = {4}, negative[1] = {-1};
    uint8_t *bytes = NULL;
    uint32_t values[4] = {0};
    size_t n;
    h5_type type;
    h5_file *f = NULL;
    assert_int_equal(h5_open(&f, "/tmp/tessera-no-such-file"), ERR_MISSING);
    assert_int_equal(h5_create(&f, "/tmp/tessera-no-such-folder/x", "test"), ERR_IO);
    assert_null(f);
    assert_int_equal(h5_create(&f, path, "test"), OK);
    assert_int_equal(h5_dataset(f, "/x", H5_U32, 1, negative, 0), ERR_INTERNAL);
    assert_int_equal(h5_dataset(f, "/x", H5_U32, 1, dims, 0), OK);
    assert_int_equal(h5_write(f, "/x", 3, 2, values), ERR_INTERNAL);
    assert_int_equal(h5_write(f, "/y", 0, 1, values), ERR_MISSING);
    assert_int_equal(h5_write(f, "/x", 0, 4, values), OK);
    assert_int_equal(h5_commit(&f), OK);
    assert_int_equal(h5_open(&f, path), OK);
    assert_int_equal(h5_shape(f, "/y", &type, NULL, NULL), ERR_MISSING);
    assert_int_equal(h5_shape(f, "/x/y", &type, NULL, NULL), ERR_MISSING);
    assert_int_equal(h5_read(f, "/x", H5_U32, 2, 3, values), ERR_CORRUPT);
    assert_true(h5_has(f, "/x"));
    assert_false(h5_has(f, "/x/y"));
    assert_false(h5_has(f, "/g/y"));
    h5_close(&f);
    assert_int_equal(file_read(path, 1 << 20, &bytes, &n), OK);
    assert_int_equal(file_commit(path, bytes, n - 1, "test"), OK);
    assert_int_equal(h5_open(&f, path), ERR_CORRUPT);
    assert_int_equal(file_commit(path, "text", 4, "test"), OK);
    assert_int_equal(h5_open(&f, path), ERR_CORRUPT);
    mem_free(&bytes);
}

static const char *failing;
static int fail_at(const char *name) { return strcmp(name, failing) == 0 ? ENOSPC : 0; }

static void a_failed_commit_leaves_no_file(void **state)
{
    (void)state;
    static const char *const points[] = {"test.write", "test.before-fsync", "test.before-rename"};
    const int64_t n = 3;
    assert_int_equal(file_remove(path), OK);
    for (size_t i = 0; i < 3; i++) {
        h5_file *f = NULL;
        file_list names;
        failing = points[i];
        fault_set_hook(fail_at);
        assert_int_equal(h5_create(&f, path, "test"), OK);
        assert_int_equal(h5_dataset(f, "/x", H5_U8, 1, &n, 1), OK);
        assert_int_equal(h5_write(f, "/x", 0, n - 1, "ab"), OK); /* kept for the chunk */
        assert_int_equal(h5_commit(&f), ERR_SPACE);
        fault_set_hook(NULL);
        assert_null(f);
        assert_int_equal(file_list_folder(folder, &names), OK);
        assert_int_equal(names.n, 0);
        file_list_free(&names);
    }
}

static void two_files_are_open_at_once(void **state)
{
    (void)state;
    char other[80];
    uint8_t x;
    h5_file *a = NULL, *b = NULL, *c = NULL;
    strcpy(other, path);
    strcat(other, "-2");
    assert_int_equal(h5_create(&a, path, "test"), OK);
    assert_int_equal(h5_create(&b, other, "test"), OK);
    assert_int_equal(h5_put(a, "/x", H5_U8, 1, "a"), OK);
    assert_int_equal(h5_put(b, "/x", H5_U8, 1, "b"), OK);
    assert_int_equal(h5_commit(&a), OK);
    h5_abandon(&b);
    assert_false(file_exists(other));
    assert_int_equal(h5_open(&a, path), OK);
    assert_int_equal(h5_open(&c, path), OK);
    h5_close(&a);
    assert_int_equal(h5_read(c, "/x", H5_U8, 0, 1, &x), OK);
    assert_int_equal(x, 'a');
    h5_close(&c);
}

int main(void)
{
    static int levels[] = {0, 3};
    if (!mkdtemp(folder)) return 1;
    strcpy(path, folder);
    strcat(path, "/file.h5");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_types_come_back),
        cmocka_unit_test(reading_converts),
        {"tables_are_written_in_pieces", tables_are_written_in_pieces, NULL, NULL, &levels[0]},
        {"compressed_tables_are_written_in_pieces", tables_are_written_in_pieces, NULL, NULL, &levels[1]},
        cmocka_unit_test(empty_datasets_are_allowed),
        cmocka_unit_test(attributes_come_back),
        cmocka_unit_test(wrong_use_and_wrong_files_are_refused),
        cmocka_unit_test(a_failed_commit_leaves_no_file),
        cmocka_unit_test(two_files_are_open_at_once),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return file_remove_tree(folder) != OK || failed;
}
