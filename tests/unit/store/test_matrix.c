#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "store/h5.h"
#include "store/matrix.h"
#include "store/npy.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Read by the leak checker: HDF5 itself loses memory when it refuses a damaged file. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libhdf5\n"; }

enum { N = 1000, D = 7 };

static char folder[] = "/tmp/tessera-test-matrix-XXXXXX";
static float values[N * D];
static uint16_t halves[N * D];

static const char *at(const char *name)
{
    static char path[4][256];
    static int turn;
    turn = (turn + 1) % 4;
    snprintf(path[turn], sizeof path[turn], "%s/%s", folder, name);
    return path[turn];
}

static void put_npy(const char *name, const char *type, int64_t n, int64_t d, const void *data)
{
    const int64_t dims[] = {n, d};
    assert_int_equal(npy_write(at(name), type, 2, dims, data, "test"), OK);
}

static void add_dataset(h5_file *f, const char *path, h5_type type, int64_t n, int64_t d, const void *data, int deflate)
{
    const int64_t dims[] = {n, d};
    assert_int_equal(h5_dataset(f, path, type, 2, dims, deflate), OK);
    assert_int_equal(h5_write(f, path, 0, n, data), OK);
}

static void put_h5(const char *name, const char *dataset, h5_type type, int64_t n, const void *data, int deflate)
{
    h5_file *f;
    assert_int_equal(h5_create(&f, at(name), "test"), OK);
    add_dataset(f, dataset, type, n, D, data, deflate);
    assert_int_equal(h5_commit(&f), OK);
}

/* All rows, in calls of 1, 2, 3 ... rows, then single rows in another order. Returns how many calls were in place. */
static int expect_rows(const char *path, matrix_type type, const void *expected, int forget)
{
    matrix *m;
    uint8_t *buffer = NULL;
    const void *rows;
    int in_place = 0;
    size_t row = D * (type == MATRIX_F16 ? 2 : 4);
    assert_int_equal(matrix_open(&m, path), OK);
    if (forget) matrix_forget_read(m);
    assert_true(matrix_rows(m) == N && matrix_width(m) == D && matrix_value_type(m) == type);
    assert_int_equal(matrix_row_bytes(m), row);
    assert_int_equal(mem_alloc((void **)&buffer, N, row), OK);
    for (int64_t i = 0, n = 1; i < N; i += n, n = n + 1 < N - i ? n + 1 : N - i) {
        assert_int_equal(matrix_read(m, i, n, buffer, &rows), OK);
        assert_memory_equal(rows, (const uint8_t *)expected + (size_t)i * row, (size_t)n * row);
        in_place += rows != buffer;
    }
    for (int64_t i = 0; i < N; i++) {
        int64_t r = i * 617 % N;
        assert_int_equal(matrix_read(m, r, 1, buffer, &rows), OK);
        assert_memory_equal(rows, (const uint8_t *)expected + (size_t)r * row, row);
    }
    assert_int_equal(matrix_read(m, 0, N, buffer, &rows), OK);
    assert_memory_equal(rows, expected, N * row);
    assert_int_equal(matrix_read(m, N, 0, buffer, &rows), OK);
    assert_int_equal(matrix_read(m, N - 1, 2, buffer, &rows), ERR_INTERNAL);
    assert_int_equal(matrix_read(m, -1, 1, buffer, &rows), ERR_INTERNAL);
    mem_free(&buffer);
    matrix_close(&m);
    assert_null(m);
    matrix_close(&m);
    return in_place;
}

static void all_kinds_give_the_same_rows(void **state)
{
    (void)state;
    h5_file *f;
    put_npy("a.npy", "<f4", N, D, values);
    put_npy("half.npy", "<f2", N, D, halves);
    put_h5("plain.h5", "/x", H5_F32, N, values, 0);
    put_h5("packed.hdf5", "/x", H5_F16, N, halves, 4);
    assert_int_equal(h5_create(&f, at("several.h5"), "test"), OK);
    assert_int_equal(h5_group(f, "/deep"), OK);
    add_dataset(f, "/deep/x", H5_F32, N, D, values, 4);
    add_dataset(f, "/other", H5_F32, 3, D, values, 0);
    add_dataset(f, "/labels", H5_I64, 1, 1, values, 0);
    assert_int_equal(h5_commit(&f), OK);
    const int calls = 45; /* of expect_rows */
    for (int forget = 0; forget < 2; forget++) {
        assert_int_equal(expect_rows(at("a.npy"), MATRIX_F32, values, forget), calls);
        assert_int_equal(expect_rows(at("half.npy"), MATRIX_F16, halves, forget), calls);
        assert_int_equal(expect_rows(at("plain.h5"), MATRIX_F32, values, forget), calls);
        assert_int_equal(expect_rows(at("plain.h5:/x"), MATRIX_F32, values, forget), calls);
        assert_int_equal(expect_rows(at("packed.hdf5"), MATRIX_F16, halves, forget), calls);
        assert_int_equal(expect_rows(at("several.h5:/deep/x"), MATRIX_F32, values, forget), calls);
    }
}

static void a_folder_is_one_matrix(void **state)
{
    (void)state;
    const char *name;
    int64_t row;
    matrix *m;
    assert_int_equal(file_make_folder(at("parts")), OK);
    put_npy("parts/1.npy", "<f4", 100, D, values);
    put_npy("parts/2.npy", "<f8", 0, 3, NULL); /* no row, no matter what of */
    put_h5("parts/3.h5", "/x", H5_F32, 500, values + 100 * D, 4);
    put_h5("parts/4.hdf5", "/x", H5_F32, 300, values + 600 * D, 0);
    put_npy("parts/5.npy", "<f4", 100, D, values + 900 * D);
    assert_int_equal(file_commit(at("parts/0.txt"), "x", 1, "test"), OK);
    assert_int_equal(file_commit(at("parts/.0.npy"), "x", 1, "test"), OK);
    for (int forget = 0; forget < 2; forget++) {
        int in_place = expect_rows(at("parts"), MATRIX_F32, values, forget);
        assert_true(in_place > 35 && in_place < 45); /* the others cross a boundary */
        assert_int_equal(expect_rows(at("parts/"), MATRIX_F32, values, forget), in_place);
        assert_int_equal(expect_rows(at("parts:/x"), MATRIX_F32, values, forget), in_place);
    }
    assert_int_equal(matrix_open(&m, at("parts")), OK);
    assert_true(matrix_in_place(m, 0, 100) && matrix_in_place(m, 600, N) && matrix_in_place(m, 7, 7));
    assert_false(matrix_in_place(m, 0, 101) || matrix_in_place(m, 599, 600) || matrix_in_place(m, 0, N));
    matrix_where(m, 99, &name, &row);
    assert_non_null(strstr(name, "parts/1.npy"));
    assert_int_equal(row, 99);
    matrix_where(m, 100, &name, &row);
    assert_non_null(strstr(name, "parts/3.h5:/x"));
    assert_int_equal(row, 0);
    matrix_where(m, N - 1, &name, &row);
    assert_non_null(strstr(name, "parts/5.npy"));
    assert_int_equal(row, 99);
    matrix_close(&m);
}

/* More than one piece of whole chunks; a call may need two of them. */
static void datasets_are_read_in_pieces(void **state)
{
    (void)state;
    enum { ROWS = 700000, STEP = 9973 };
    float *all = NULL, *buffer = NULL;
    const void *rows;
    matrix *m;
    assert_int_equal(MEM_ALLOC(all, ROWS * D), OK);
    assert_int_equal(MEM_ALLOC(buffer, STEP * D), OK);
    for (int i = 0; i < ROWS * D; i++) all[i] = (float)(i / 50);
    put_h5("large.h5", "/x", H5_F32, ROWS, all, 1);
    const size_t kept[] = {0, 5 << 20, 1 << 30};
    for (int k = 0; k < 3; k++) {
        int in_place = 0, calls = 0;
        assert_int_equal(matrix_open(&m, at("large.h5")), OK);
        matrix_keep_pieces(m, kept[k]);
        for (int64_t i = 0; i < ROWS; i += STEP, calls++) {
            int64_t n = ROWS - i < STEP ? ROWS - i : STEP;
            assert_int_equal(matrix_read(m, i, n, buffer, &rows), OK);
            assert_memory_equal(rows, all + i * D, (size_t)n * D * sizeof *all);
            in_place += rows != buffer;
        }
        assert_true(in_place < calls && in_place >= calls - 12);
        for (int64_t i = 0; i < 40; i++) {
            assert_int_equal(matrix_read(m, i * 367861 % ROWS, 1, buffer, &rows), OK);
            assert_memory_equal(rows, all + i * 367861 % ROWS * D, D * sizeof *all);
        }
        matrix_close(&m);
    }
    mem_free(&all);
    mem_free(&buffer);
}

static void empty_matrices_are_allowed(void **state)
{
    (void)state;
    matrix *m;
    uint64_t hash;
    const void *rows;
    put_npy("none.npy", "<f2", 0, D, NULL);
    assert_int_equal(matrix_open(&m, at("none.npy")), OK);
    assert_true(matrix_rows(m) == 0 && matrix_width(m) == D && matrix_value_type(m) == MATRIX_F16);
    assert_int_equal(matrix_read(m, 0, 0, NULL, &rows), OK);
    assert_int_equal(matrix_identity(m, 10, &hash), OK);
    matrix_close(&m);
    put_h5("none.h5", "/x", H5_F32, 0, NULL, 4);
    assert_int_equal(matrix_open(&m, at("none.h5")), OK);
    assert_true(matrix_rows(m) == 0 && matrix_width(m) == D);
    matrix_close(&m);
}

/* The values begin at an odd place: rows are copied. */
static void values_need_not_be_aligned(void **state)
{
    (void)state;
    const char *header = "{'descr': '<f4', 'fortran_order': False, 'shape': (1000, 7), }";
    size_t n = strlen(header), start = 10 + n + (n % 2 == 0);
    uint8_t *bytes = NULL;
    assert_int_equal(mem_alloc((void **)&bytes, start + sizeof values, 1), OK);
    memcpy(bytes, "\x93NUMPY\x01", 8);
    bytes[8] = (uint8_t)(start - 10);
    memset(bytes + 10, ' ', start - 10);
    memcpy(bytes + 10, header, n);
    memcpy(bytes + start, values, sizeof values);
    assert_int_equal(file_commit(at("odd.npy"), bytes, start + sizeof values, "test"), OK);
    assert_int_equal(expect_rows(at("odd.npy"), MATRIX_F32, values, 0), 0);
    mem_free(&bytes);
}

static void refuse(const char *name, int status, const char *message)
{
    matrix *m = NULL;
    int rc = matrix_open(&m, at(name));
    if (rc != status || !strstr(status_message(), message))
        fail_msg("%s: %d \"%s\", expected %d \"%s\"", name, rc, status_message(), status, message);
    assert_null(m);
}

static void put_text(const char *name, const char *text)
{
    assert_int_equal(file_commit(at(name), text, strlen(text), "test"), OK);
}

static void put_header(const char *name, const char *header)
{
    uint8_t bytes[512] = "\x93NUMPY\x01";
    size_t n = strlen(header);
    bytes[8] = (uint8_t)n;
    memcpy(bytes + 10, header, n);
    assert_int_equal(file_commit(at(name), bytes, sizeof bytes, "test"), OK);
}

static void what_is_no_matrix_is_refused(void **state)
{
    (void)state;
    const int64_t flat[] = {N}, deep[] = {2, 2, 2};
    h5_file *f;
    refuse("missing.npy", ERR_MISSING, "missing.npy");
    refuse("missing.h5:/x", ERR_MISSING, "missing.h5");
    refuse("plain.h5:/y", ERR_MISSING, "/y");
    put_text("a.txt", "1 2 3");
    refuse("a.txt", ERR_FORMAT, "neither a .npy nor an HDF5");
    put_text("text.npy", "1 2 3, and no more");
    refuse("text.npy", ERR_FORMAT, "not an npy");
    put_text("text.h5", "1 2 3");
    refuse("text.h5", ERR_CORRUPT, "text.h5");
    put_header("big.npy", "{'descr': '>f4', 'fortran_order': False, 'shape': (3, 2), }");
    refuse("big.npy", ERR_UNSUPPORTED, "type >f4; save it from Python");
    put_header("fortran.npy", "{'descr': '<f4', 'fortran_order': True, 'shape': (3, 2), }");
    refuse("fortran.npy", ERR_UNSUPPORTED, "Fortran order; save it from Python with numpy.save(FILE, numpy.asc");
    put_header("object.npy", "{'descr': '|O', 'fortran_order': False, 'shape': (3, 2), }");
    refuse("object.npy", ERR_UNSUPPORTED, "|O");
    put_header("short.npy", "{'descr': '<f4', 'fortran_order': False, 'shape': (300, 2), }");
    refuse("short.npy", ERR_FORMAT, "of 2400 bytes");
    put_header("huge.npy", "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 8), }");
    refuse("huge.npy", ERR_FORMAT, "too large");
    put_header("thin.npy", "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 0), }");
    refuse("thin.npy", ERR_FORMAT, "without values");
    put_npy("double.npy", "<f8", N / 2, D, values);
    refuse("double.npy", ERR_UNSUPPORTED, "type <f8");
    put_npy("int.npy", "<i4", N, D, values);
    refuse("int.npy", ERR_UNSUPPORTED, "float32");
    assert_int_equal(npy_write(at("flat.npy"), "<f4", 1, flat, values, "test"), OK);
    refuse("flat.npy", ERR_FORMAT, "no matrix: an array of 1 dimensions");
    refuse("several.h5", ERR_FORMAT, "several matrices: /deep/x (float32), /other (float32); name one");
    refuse("several.h5:/labels", ERR_UNSUPPORTED, "int64");
    refuse("several.h5:/deep", ERR_CORRUPT, "/deep");
    put_h5("double.h5", "/x", H5_F64, N / 2, values, 0);
    refuse("double.h5", ERR_UNSUPPORTED, "float64");
    assert_int_equal(h5_create(&f, at("others.h5"), "test"), OK);
    assert_int_equal(h5_dataset(f, "/deep", H5_F32, 3, deep, 0), OK);
    assert_int_equal(h5_put(f, "/flat", H5_U8, 3, "abc"), OK);
    assert_int_equal(h5_commit(&f), OK);
    refuse("others.h5", ERR_FORMAT, "it has /deep (float32), /flat (uint8)");
    refuse("others.h5:/deep", ERR_FORMAT, "3 dimensions");
    assert_int_equal(h5_create(&f, at("nothing.h5"), "test"), OK);
    assert_int_equal(h5_commit(&f), OK);
    refuse("nothing.h5", ERR_FORMAT, "no dataset");
}

static void files_of_a_folder_must_agree(void **state)
{
    (void)state;
    assert_int_equal(file_make_folder(at("bad")), OK);
    refuse("bad", ERR_FORMAT, "holds no .npy");
    put_npy("bad/1.npy", "<f4", 4, D, values);
    put_npy("bad/2.npy", "<f4", 4, D + 1, values);
    refuse("bad", ERR_FORMAT, "bad/2.npy has rows of 8 values");
    put_npy("bad/2.npy", "<f2", 4, D, values);
    refuse("bad", ERR_FORMAT, "bad/2.npy has fp16 values");
    put_npy("bad/2.npy", "<f8", 4, D, values);
    refuse("bad", ERR_UNSUPPORTED, "bad/2.npy");
    put_text("bad/2.npy", "");
    refuse("bad", ERR_FORMAT, "bad/2.npy");
}

/* A file that is cut or turned over is refused, at the latest when it is read, or gives rows; it never crashes. */
static void damage(const char *name, const void *expected, size_t step)
{
    uint8_t *bytes = NULL, *buffer = NULL;
    const void *rows;
    size_t n;
    matrix *m;
    assert_int_equal(file_read(at(name), 1 << 24, &bytes, &n), OK);
    assert_int_equal(mem_alloc((void **)&buffer, N, 4 * D), OK);
    for (size_t cut = 1; cut < n; cut += n / 60) {
        assert_int_equal(file_commit(at("damaged.h5"), bytes, n - cut, "test"), OK);
        if (matrix_open(&m, at("damaged.h5")) != OK) continue;
        if (matrix_rows(m) == N && matrix_width(m) == D && matrix_read(m, 0, N, buffer, &rows) == OK)
            assert_memory_equal(rows, expected, N * matrix_row_bytes(m));
        matrix_close(&m);
    }
    for (size_t i = 0; i < n && i < 4096; i += step) {
        bytes[i] ^= 0x55;
        assert_int_equal(file_commit(at("damaged.h5"), bytes, n, "test"), OK);
        bytes[i] ^= 0x55;
        if (matrix_open(&m, at("damaged.h5")) != OK) continue;
        if (matrix_rows(m) <= N && matrix_width(m) <= D) {
            int rc = matrix_read(m, 0, matrix_rows(m), buffer, &rows);
            assert_true(rc == OK || rc == ERR_CORRUPT || rc == ERR_MEMORY);
        }
        matrix_close(&m);
    }
    mem_free(&bytes);
    mem_free(&buffer);
}

static void damaged_files_do_no_harm(void **state)
{
    (void)state;
    damage("plain.h5", values, 13);
    damage("packed.hdf5", halves, 11);
    damage("a.npy", values, 5);
}

static uint64_t identity(const char *path, int64_t samples)
{
    matrix *m;
    uint64_t hash;
    assert_int_equal(matrix_open(&m, path), OK);
    assert_int_equal(matrix_identity(m, samples, &hash), OK);
    matrix_close(&m);
    return hash;
}

static void the_identity_is_of_the_content(void **state)
{
    (void)state;
    uint64_t a = identity(at("a.npy"), 16), names = identity(at("a.npy"), 0);
    put_npy("copy.npy", "<f4", N, D, values);
    assert_true(identity(at("copy.npy"), 16) == a && identity(at("copy.npy"), 0) == names);
    assert_true(identity(at("a.npy"), 1) != names);
    values[(N - 1) * D] += 1;
    put_npy("copy.npy", "<f4", N, D, values);
    values[(N - 1) * D] -= 1;
    assert_true(identity(at("copy.npy"), 16) != a && identity(at("copy.npy"), 0) == names);
    put_npy("copy.npy", "<f4", N - 1, D, values);
    assert_true(identity(at("copy.npy"), 0) != names);
    assert_true(identity(at("several.h5:/deep/x"), 0) != identity(at("several.h5:/other"), 0));
    a = identity(at("parts"), 5);
    put_npy("parts/6.npy", "<f4", 0, D, NULL);
    assert_true(identity(at("parts"), 5) == a);
    put_npy("parts/6.npy", "<f4", 1, D, values);
    assert_true(identity(at("parts"), 5) != a);
    assert_int_equal(file_remove(at("parts/6.npy")), OK);
}

static void values_that_are_not_finite_are_found(void **state)
{
    (void)state;
    matrix *m;
    int64_t row;
    const uint16_t half[] = {0x7bff, 0xfbff, 0x7c00};
    const float bad[] = {INFINITY, -INFINITY, NAN};
    assert_true(matrix_is_finite(MATRIX_F16, half, 2) && !matrix_is_finite(MATRIX_F16, half, 3));
    for (int i = 0; i < 3; i++) {
        float kept = values[777 * D + 3];
        values[777 * D + 3] = bad[i];
        put_npy("bad.npy", "<f4", N, D, values);
        values[777 * D + 3] = kept;
        assert_int_equal(matrix_open(&m, at("bad.npy")), OK);
        assert_int_equal(matrix_find_not_finite(m, 0, N, &row), OK);
        assert_int_equal(row, 777);
        assert_int_equal(matrix_find_not_finite(m, 778, N, &row), OK);
        assert_int_equal(row, -1);
        matrix_close(&m);
    }
}

int main(void)
{
    if (!mkdtemp(folder)) return 1;
    for (int i = 0; i < N * D; i++) {
        values[i] = (float)(i * 37 % 1001) / 16 - 20;
        halves[i] = (uint16_t)(i * 2654435761u >> 18 & 0x7bff);
        if ((halves[i] & 0x7c00) == 0x7c00) halves[i] = 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_kinds_give_the_same_rows),   cmocka_unit_test(a_folder_is_one_matrix),
        cmocka_unit_test(datasets_are_read_in_pieces),    cmocka_unit_test(empty_matrices_are_allowed),
        cmocka_unit_test(values_need_not_be_aligned),     cmocka_unit_test(what_is_no_matrix_is_refused),
        cmocka_unit_test(files_of_a_folder_must_agree),   cmocka_unit_test(damaged_files_do_no_harm),
        cmocka_unit_test(the_identity_is_of_the_content), cmocka_unit_test(values_that_are_not_finite_are_found),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return file_remove_tree(folder) != OK || failed;
}
