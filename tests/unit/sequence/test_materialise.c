#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "index_tokens.h"
#include "sample_shards.h"
#include "sequence/materialise.h"
#include "sequence/sequence_print.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 60, L = 64 };
static sample_row rows[ROWS];
static sample_shards s;
static char *index_path, *out_path;
static sequence_counts counts;

static int set_up(void **state)
{
    (void)state;
    const int64_t ends[] = {20, 21, ROWS};
    for (int64_t i = 0; i < ROWS; i++) {
        uint64_t x = rng_bits(5, (uint64_t)i, 0);
        rows[i] =
            (sample_row){i % 20 < 2 || x % 3 != 0, (int)(x >> 8 & 31), (int)(x >> 16 & 3), 4, (int)(x >> 24 & 15)};
    }
    rows[21].starts = 1;
    rows[7].text = 300;
    sample_make(&s, rows, ends, 3);
    sequence_options o = sample_options(L);
    const sequence_set set = sample_set(&s, &o);
    assert_int_equal(mem_format(&index_path, "%s/index.h5", s.folder), OK);
    assert_int_equal(mem_format(&out_path, "%s/out.h5", s.folder), OK);
    assert_int_equal(pack_block(&set, 0, index_path, &counts), OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sample_remove(&s);
    mem_free(&index_path);
    mem_free(&out_path);
    return 0;
}

static void check_sequence(h5_file *f, const index_tokens *x, int64_t q)
{
    uint32_t ids[L], tokens;
    uint8_t loss[L], kind[L];
    int32_t positions[L], position = 0;
    int64_t bounds[2], starts[L], found = 0;
    assert_int_equal(h5_read(f, "/input_ids", H5_U32, q, 1, ids), OK);
    assert_int_equal(h5_read(f, "/loss_mask", H5_U8, q, 1, loss), OK);
    assert_int_equal(h5_read(f, "/modality", H5_U8, q, 1, kind), OK);
    assert_int_equal(h5_read(f, "/position_ids", H5_I32, q, 1, positions), OK);
    assert_int_equal(h5_read(f, "/tokens", H5_U32, q, 1, &tokens), OK);
    assert_int_equal(h5_read(f, "/document_offsets", H5_I64, q, 2, bounds), OK);
    assert_int_equal(h5_read(f, "/document_starts", H5_I64, bounds[0], bounds[1] - bounds[0], starts), OK);
    int64_t first = x->offsets[q], n = x->offsets[q + 1] - first;
    assert_int_equal(tokens, n);
    for (int64_t i = 0; i < L; i++) {
        int there = i < n, begins = there && x->begins[first + i];
        if (begins) {
            position = 0;
            assert_int_equal(starts[found++], i);
        }
        assert_int_equal(ids[i], there ? x->ids[first + i] : 256 + SPECIAL_PAD);
        assert_int_equal(loss[i], there ? x->loss[first + i] : 0);
        assert_int_equal(kind[i], there ? x->kind[first + i] : SEQUENCE_PADDING);
        assert_int_equal(positions[i], there ? position++ : 0);
    }
    assert_int_equal(found, bounds[1] - bounds[0]);
}

/* Materialise with this vocabulary and compare every sequence. */
static void check_all(const vocabulary *v, h5_type wanted)
{
    h5_file *f = NULL;
    h5_type type;
    int n_dims;
    int64_t dims[3];
    index_tokens x;
    sequence_options o = sample_options(L);
    sequence_set set = sample_set(&s, &o);
    set.words = v;
    assert_int_equal(pack_block(&set, 0, index_path, &counts), OK);
    if (pack_materialise(&set, index_path, out_path) != OK) fail_msg("%s", status_message());
    index_tokens_read(&x, index_path, s.paths, s.n_shards);
    assert_int_equal(h5_open(&f, out_path), OK);
    assert_int_equal(h5_shape(f, "/input_ids", &type, &n_dims, dims), OK);
    assert_int_equal(type, wanted);
    assert_int_equal(n_dims, 2);
    assert_int_equal(dims[0], counts.sequences);
    assert_int_equal(dims[1], L);
    for (int64_t q = 0; q < x.n_sequences; q++) check_sequence(f, &x, q);
    index_tokens_free(&x);
    h5_close(&f);
}

static void ids_are_what_the_index_says(void **state)
{
    (void)state;
    vocabulary large;
    vocabulary_make(&large, "bytes", 256, 70000, 70, 0);
    check_all(&large, H5_U32);
    check_all(&s.vocabulary, H5_U16);
}

static void batches_of_any_size_give_the_same_bytes(void **state)
{
    (void)state;
    char hex[4][SHA256_HEX];
    const int64_t tokens[] = {1 << 22, 1 << 22, 1, 7 * L};
    sequence_options o = sample_options(L);
    const sequence_set set = sample_set(&s, &o);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(materialise(&set, index_path, out_path, tokens[i]), OK);
        assert_int_equal(sha256_file(out_path, hex[i]), OK);
        assert_string_equal(hex[i], hex[0]);
    }
}

static void refuses_what_does_not_belong_together(void **state)
{
    (void)state;
    vocabulary v;
    sequence_options o = sample_options(L);
    sequence_set set = sample_set(&s, &o);
    set.n_shards = 2;
    assert_int_equal(pack_materialise(&set, index_path, out_path), ERR_MISMATCH);
    set = sample_set(&s, &o);
    vocabulary_make(&v, "bytes", 256, 101, 70, 0);
    set.words = &v;
    assert_int_equal(pack_materialise(&set, index_path, out_path), ERR_MISMATCH);
    set.words = &s.vocabulary;
    o.length = 2 * L;
    assert_int_equal(pack_materialise(&set, index_path, out_path), ERR_MISMATCH);
    assert_int_equal(pack_materialise(&set, s.paths[0], out_path), ERR_CORRUPT);
}

static void prints_a_sequence_for_people(void **state)
{
    (void)state;
    char text[1 << 17] = {0};
    sequence_options o = sample_options(L);
    const sequence_set set = sample_set(&s, &o);
    FILE *out = fmemopen(text, sizeof text, "w");
    assert_non_null(out);
    for (int64_t q = 0; q < counts.sequences; q++)
        if (sequence_print(out, &set, index_path, q) != OK) fail_msg("%s", status_message());
    fclose(out);
    assert_non_null(strstr(text, "<boi>"));
    assert_non_null(strstr(text, "(row-"));
    assert_int_equal(sequence_print(stdout, &set, index_path, counts.sequences), ERR_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_what_the_index_says),
        cmocka_unit_test(batches_of_any_size_give_the_same_bytes),
        cmocka_unit_test(refuses_what_does_not_belong_together),
        cmocka_unit_test(prints_a_sequence_for_people),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
