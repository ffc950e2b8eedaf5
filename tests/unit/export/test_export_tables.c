/* Megatron-LM, .npy and tar files of sequences against the index they come from. */
#include "export/export.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "index_tokens.h"
#include "sample_shards.h"
#include "store/npy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 60, L = 64, BLOCKS = 3 };
static sample_row rows[ROWS];
static sample_shards s;
static char paths[BLOCKS][128], *index_paths[BLOCKS], *folder;

/* Pack with these options; the split that comes of it. */
static export_split pack(const sequence_options *o, const vocabulary *v)
{
    sequence_counts c;
    export_split split = {.set = "default", .name = "train", .sources = sample_set(&s, o), .index_paths = index_paths};
    split.sources.words = v;
    split.n_index = (size_t)pack_blocks(&split.sources, s.n_rows);
    assert_in_range(split.n_index, 1, BLOCKS);
    for (size_t i = 0; i < split.n_index; i++) {
        snprintf(paths[i], sizeof paths[i], "%s/index-%zu.h5", s.folder, i);
        index_paths[i] = paths[i];
        if (pack_block(&split.sources, (int64_t)i, paths[i], &c) != OK) fail_msg("%s", status_message());
        split.n_sequences += c.sequences;
    }
    return split;
}

static export_options plain(int64_t batch_tokens)
{
    return (export_options){.per_tar = 2, .batch_tokens = batch_tokens};
}

static void read_output(const char *name, uint8_t **bytes, size_t *n)
{
    char *path = NULL;
    assert_int_equal(file_join(&path, folder, name), OK);
    if (file_read(path, 1 << 26, bytes, n) != OK) fail_msg("%s", status_message());
    mem_free(&path);
}

static void make_sample(const sample_row *r, const int64_t *ends, size_t n)
{
    sample_make(&s, r, ends, n);
    assert_int_equal(file_join(&folder, s.folder, "out"), OK);
    assert_int_equal(file_make_folder(folder), OK);
}

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
    make_sample(rows, ends, 3);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    sample_remove(&s);
    mem_free(&folder);
    return 0;
}

/* Two documents of five tokens: the bytes worked out by hand from the description of the format. */
static void the_index_of_megatron_byte_by_byte(void **state)
{
    (void)state;
    static const sample_row two[] = {{1, 3, -1, 0, -1}, {1, 3, -1, 0, -1}};
    static const uint8_t idx[] = "MMIDIDX\0\0"
                                 "\1\0\0\0\0\0\0\0"
                                 "\x08"
                                 "\2\0\0\0\0\0\0\0"
                                 "\3\0\0\0\0\0\0\0"
                                 "\5\0\0\0\5\0\0\0"
                                 "\0\0\0\0\0\0\0\0"
                                 "\x0A\0\0\0\0\0\0\0"
                                 "\0\0\0\0\0\0\0\0"
                                 "\1\0\0\0\0\0\0\0"
                                 "\2\0\0\0\0\0\0\0";
    static const uint8_t documents[2][10] = {{0, 1, 0, 0, 7, 0, 14, 0, 1, 1}, {0, 1, 31, 0, 38, 0, 45, 0, 1, 1}};
    const int64_t ends[] = {2};
    uint8_t *bytes = NULL;
    size_t n;
    export_counts c;
    make_sample(two, ends, 1);
    sequence_options o = sample_options(L);
    export_options e = plain(1 << 20);
    export_split split = pack(&o, &s.vocabulary);
    assert_int_equal(split.n_sequences, 1);
    assert_int_equal(export_megatron(&split, &e, folder, &c), OK);
    assert_int_equal(c.sequences, 1);
    assert_int_equal(c.documents, 2);
    assert_int_equal(c.tokens, 10);
    read_output("train.idx", &bytes, &n);
    assert_int_equal(n, 82);
    assert_memory_equal(bytes, idx, 82);
    mem_free(&bytes);
    read_output("train.bin", &bytes, &n);
    assert_int_equal(n, 20);
    int second = bytes[2] != 0;
    assert_memory_equal(bytes, documents[second], 10);
    assert_memory_equal(bytes + 10, documents[!second], 10);
    mem_free(&bytes);
}

static int64_t number_at(const uint8_t *bytes, int size)
{
    int64_t x = 0;
    for (int i = size - 1; i >= 0; i--) x = x << 8 | bytes[i];
    return x;
}

/* Every document of every index file, in order, is where train.idx says. */
static void check_megatron(const export_split *split, int width)
{
    uint8_t *idx = NULL, *bin = NULL;
    size_t n_idx, n_bin;
    int64_t d = 0, byte = 0;
    read_output("train.idx", &idx, &n_idx);
    read_output("train.bin", &bin, &n_bin);
    int64_t n = number_at(idx + 18, 8);
    assert_int_equal(idx[17], width == 2 ? 8 : 4);
    assert_int_equal(n_idx, 34 + 12 * n + 8 * (n + 1));
    for (size_t f = 0; f < split->n_index; f++) {
        index_tokens x;
        index_tokens_read(&x, index_paths[f], s.paths, s.n_shards);
        for (int64_t q = 0, end = x.offsets[x.n_sequences]; q < end; d++) {
            int64_t from = q++;
            while (q < end && !x.begins[q]) q++;
            assert_true(d < n);
            assert_int_equal(number_at(idx + 34 + 4 * d, 4), q - from);
            assert_int_equal(number_at(idx + 34 + 4 * n + 8 * d, 8), byte);
            assert_int_equal(number_at(idx + 34 + 12 * n + 8 * d, 8), d);
            for (; from < q; from++, byte += width) assert_int_equal(number_at(bin + byte, width), x.ids[from]);
        }
        index_tokens_free(&x);
    }
    assert_int_equal(d, n);
    assert_int_equal(number_at(idx + n_idx - 8, 8), n);
    assert_int_equal(n_bin, byte);
    mem_free(&idx);
    mem_free(&bin);
}

static void every_document_is_in_the_file_of_megatron(void **state)
{
    (void)state;
    export_counts c;
    sequence_options o = sample_options(L);
    o.block = 20;
    export_options e = plain(3 * L);
    vocabulary v;
    const int64_t images[] = {65000 - 448, 65600}; /* vocabularies of 65,024 and 66,048 ids */
    for (int i = 0; i < 2; i++) {
        vocabulary_make(&v, "bytes", 256, images[i], 70, 0);
        export_split split = pack(&o, &v);
        assert_true(split.n_index > 1);
        assert_int_equal(export_megatron(&split, &e, folder, &c), OK);
        assert_int_equal(c.sequences, split.n_sequences);
        check_megatron(&split, i ? 4 : 2);
    }
}

/* Rows of one table, without the header. */
static const uint8_t *table(const char *name, const char *type, int64_t n, uint8_t **bytes)
{
    npy_array a;
    size_t size;
    read_output(name, bytes, &size);
    assert_int_equal(npy_parse(*bytes, size, &a), OK);
    assert_string_equal(a.type, type);
    assert_int_equal(a.n_dims, 2);
    assert_int_equal(a.dims[0], n);
    assert_int_equal(a.dims[1], L);
    return a.data;
}

static void tables_are_what_the_index_says(void **state)
{
    (void)state;
    export_counts c;
    sequence_options o = sample_options(L);
    o.block = 20;
    export_options e = plain(5 * L);
    export_split split = pack(&o, &s.vocabulary);
    uint8_t *files[4] = {0};
    int64_t row = 0;
    assert_int_equal(export_npy(&split, &e, folder, &c), OK);
    const uint8_t *ids = table("train.input_ids.npy", "<u2", split.n_sequences, &files[0]);
    const uint8_t *loss = table("train.loss_mask.npy", "|u1", split.n_sequences, &files[1]);
    const uint8_t *at = table("train.position_ids.npy", "<i4", split.n_sequences, &files[2]);
    const uint8_t *kind = table("train.modality.npy", "|u1", split.n_sequences, &files[3]);
    for (size_t f = 0; f < split.n_index; f++) {
        index_tokens x;
        index_tokens_read(&x, index_paths[f], s.paths, s.n_shards);
        for (int64_t q = 0; q < x.n_sequences; q++, row++) {
            int64_t first = x.offsets[q], n = x.offsets[q + 1] - first, position = 0;
            for (int64_t i = 0; i < L; i++) {
                int there = i < n;
                if (!there || x.begins[first + i]) position = 0;
                assert_int_equal(number_at(ids + 2 * (row * L + i), 2), there ? x.ids[first + i] : 256 + SPECIAL_PAD);
                assert_int_equal(loss[row * L + i], there ? x.loss[first + i] : 0);
                assert_int_equal(kind[row * L + i], there ? x.kind[first + i] : SEQUENCE_PADDING);
                assert_int_equal(number_at(at + 4 * (row * L + i), 4), there ? position++ : 0);
            }
        }
        index_tokens_free(&x);
    }
    assert_int_equal(row, split.n_sequences);
    for (int i = 0; i < 4; i++) mem_free(&files[i]);
}

/* Bytes of the member with this name; NULL: not there. */
static const uint8_t *member(const uint8_t *tar, size_t n, const char *name, int64_t *size)
{
    *size = 0;
    for (size_t at = 0; at + 512 <= n && tar[at];) {
        *size = strtoll((const char *)tar + at + 124, NULL, 8);
        if (!strcmp((const char *)tar + at, name)) return tar + at + 512;
        at += 512 + (size_t)(*size + 511) / 512 * 512;
    }
    return NULL;
}

static void tars_hold_a_fixed_number_of_sequences(void **state)
{
    (void)state;
    export_counts c;
    sequence_options o = sample_options(L);
    export_options e = plain(5 * L);
    export_split split = pack(&o, &s.vocabulary);
    uint8_t *tar = NULL, *ids = NULL;
    size_t n;
    char name[64];
    file_list names;
    assert_int_equal(export_npy(&split, &e, folder, &c), OK);
    assert_int_equal(export_webdataset(&split, &e, folder, &c), OK);
    assert_int_equal(file_list_folder(folder, &names), OK);
    assert_int_equal(names.n, 4 + (split.n_sequences + 1) / 2);
    file_list_free(&names);
    const uint8_t *rows_of_ids = table("train.input_ids.npy", "<u2", split.n_sequences, &ids);
    for (int64_t q = 0; q < split.n_sequences; q++) {
        npy_array a;
        int64_t size;
        snprintf(name, sizeof name, "train-%06d.tar", (int)q / 2);
        read_output(name, &tar, &n);
        snprintf(name, sizeof name, "train-%09d.input_ids.npy", (int)q);
        const uint8_t *array = member(tar, n, name, &size);
        assert_non_null(array);
        assert_int_equal(npy_parse(array, (size_t)size, &a), OK);
        assert_int_equal(a.dims[0], L);
        assert_memory_equal(a.data, rows_of_ids + q * 2 * L, 2 * L);
        snprintf(name, sizeof name, "train-%09d.json", (int)q);
        assert_non_null(member(tar, n, name, &size));
        mem_free(&tar);
    }
    mem_free(&ids);
}

static void vectors_have_a_place_in_tars_alone(void **state)
{
    (void)state;
    export_counts c;
    static char *row[] = {"{image:vectors}{audio:cross}{text}"};
    sequence_options o = sample_options(L);
    o.row = (option_list){row, 1};
    export_options e = plain(1 << 20);
    export_split split = pack(&o, &s.vocabulary);
    for (int i = 0; i < N_EXPORT_FORMATS; i++) {
        const export_format *f = &export_formats[i];
        int rc = export_check(f, &split), can = !strcmp(f->name, "webdataset") || !strcmp(f->name, "jsonl");
        assert_int_equal(rc, can ? OK : ERR_CONFIG);
        if (!can) assert_non_null(strstr(status_message(), "webdataset"));
    }
    assert_int_equal(export_webdataset(&split, &e, folder, &c), OK);
    uint8_t *tar = NULL;
    size_t n;
    int64_t size;
    npy_array a;
    read_output("train-000000.tar", &tar, &n);
    const uint8_t *array = member(tar, n, "train-000000000.image_vectors.npy", &size);
    assert_non_null(array);
    assert_int_equal(npy_parse(array, (size_t)size, &a), OK);
    assert_string_equal(a.type, "<f2");
    assert_int_equal(a.n_dims, 2);
    assert_int_equal(a.dims[1], 2);
    assert_non_null(member(tar, n, "train-000000000.audio_vectors.npy", &size));
    mem_free(&tar);
}

static void batches_of_any_size_give_the_same_bytes(void **state)
{
    (void)state;
    export_counts c;
    sequence_options o = sample_options(L);
    o.block = 20;
    export_split split = pack(&o, &s.vocabulary);
    char first[8][SHA256_HEX], hex[SHA256_HEX], *path = NULL;
    static const char *const files[] = {"train.bin", "train.idx", "train-000000.tar", "train.input_ids.npy",
                                        "train.position_ids.npy"};
    const int64_t tokens[] = {1 << 22, 1, 7 * L};
    for (int i = 0; i < 3; i++) {
        export_options e = plain(tokens[i]);
        assert_int_equal(export_megatron(&split, &e, folder, &c), OK);
        assert_int_equal(export_webdataset(&split, &e, folder, &c), OK);
        assert_int_equal(export_npy(&split, &e, folder, &c), OK);
        for (int k = 0; k < 5; k++) {
            assert_int_equal(file_join(&path, folder, files[k]), OK);
            assert_int_equal(sha256_file(path, i ? hex : first[k]), OK);
            if (i) assert_string_equal(hex, first[k]);
            mem_free(&path);
        }
    }
}

static int stop(void) { return status_set(ERR_STOPPED, __FILE__, __LINE__, "stopped"); }

static void what_does_not_end_leaves_whole_tars_alone(void **state)
{
    (void)state;
    export_counts c;
    file_list names;
    sequence_options o = sample_options(L);
    export_options e = plain(L);
    export_split split = pack(&o, &s.vocabulary);
    assert_int_equal(file_remove_tree(folder), OK);
    assert_int_equal(file_make_folder(folder), OK);
    for (int more = -1; more <= 1; more++) /* fewer sequences than there are, a stop, more than there are */
        for (int i = 0; i < N_EXPORT_FORMATS; i++) {
            export_split wrong = split;
            if (!strcmp(export_formats[i].name, "jsonl")) continue; /* the texts of these rows are no UTF-8 */
            wrong.n_sequences += more;
            wrong.go_on = more ? NULL : stop;
            assert_int_equal(export_formats[i].write(&wrong, &e, folder, &c), more ? ERR_CORRUPT : ERR_STOPPED);
        }
    assert_int_equal(file_list_folder(folder, &names), OK);
    for (size_t i = 0; i < names.n; i++) {
        const char *end = strrchr(names.names[i], '.');
        assert_true(end && !strcmp(end, ".tar"));
    }
    file_list_free(&names);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_index_of_megatron_byte_by_byte, NULL, tear_down),
        cmocka_unit_test_setup_teardown(every_document_is_in_the_file_of_megatron, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tables_are_what_the_index_says, set_up, tear_down),
        cmocka_unit_test_setup_teardown(tars_hold_a_fixed_number_of_sequences, set_up, tear_down),
        cmocka_unit_test_setup_teardown(vectors_have_a_place_in_tars_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(batches_of_any_size_give_the_same_bytes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_does_not_end_leaves_whole_tars_alone, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
