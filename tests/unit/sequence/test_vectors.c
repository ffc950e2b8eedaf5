/* Vectors in sequences: places, ranges of cross-attention, and faults that a check must find. */
#include "sequence/pack.h"

#include "base/memory.h"
#include "base/status.h"
#include "index_tokens.h"
#include "sample_shards.h"
#include "sequence/cross_ranges.h"
#include "sequence/span_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* The vectors of the reference (processing_mllama.py): [[1, 4], [4, 7], [5, 7]] and so on. */
static void ranges_are_those_of_the_reference(void **state)
{
    (void)state;
    static const struct {
        uint32_t n, end, starts[4], ends[4];
    } cases[] = {
        {3, 7, {1, 4, 5}, {4, 7, 7}}, /* b I x y I I z */
        {2, 4, {0, 1}, {4, 4}},       /* I I b x */
        {2, 4, {1, 3}, {3, 4}},       /* b I x I */
        {1, 3, {1}, {3}},             /* b I x */
        {4, 7, {0, 1, 2, 5}, {5, 5, 5, 7}},
        {0, 4, {0}, {0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint32_t ends[4] = {0};
        cross_ranges(cases[i].starts, cases[i].n, cases[i].end, ends);
        for (uint32_t k = 0; k < cases[i].n; k++) assert_int_equal(ends[k], cases[i].ends[k]);
    }
}

static sample_shards s;
static char path[128], *paths[] = {path};

static void note(void *user, const char *text) { snprintf(user, 1024, "%s", text); }

static int check(const sequence_options *o, char fault[1024])
{
    sequence_counts c;
    const sequence_set set = sample_set(&s, o);
    fault[0] = 0;
    return pack_check(&set, paths, 1, note, fault, &c);
}

static void pack(const sample_row *rows, int64_t n_rows, const sequence_options *o, sequence_counts *c)
{
    char fault[1024];
    sample_make(&s, rows, &n_rows, 1);
    const sequence_set set = sample_set(&s, o);
    snprintf(path, sizeof path, "%s/index.h5", s.folder);
    if (pack_block(&set, 0, path, c) != OK) fail_msg("%s", status_message());
    if (check(o, fault) != OK) fail_msg("%s: %s", status_message(), fault);
}

static size_t read_vectors(vector_span *out, size_t most)
{
    span_reader *r = NULL;
    assert_int_equal(span_reader_open(&r, path), OK);
    size_t n = (size_t)span_reader_vectors(r);
    assert_true(n <= most);
    assert_int_equal(span_reader_read_vectors(r, 0, (int64_t)n, out), OK);
    span_reader_close(&r);
    return n;
}

static sequence_options with_row(char **row)
{
    sequence_options o = sample_options(64);
    o.row = (option_list){row, 1};
    return o;
}

static const sample_row pair[] = {{1, 2, 2, 2, 3}, {0, 1, 1, 2, -1}};

/* Tokens and vectors of one picture with two rows of two, and one with one row. */
static void lines_of_vectors(char *row, const uint32_t *wanted, size_t n_wanted, const uint32_t at[3])
{
    const sequence_options o = with_row(&row);
    sequence_counts c;
    index_tokens x;
    vector_span v[4];
    pack(pair, 2, &o, &c);
    index_tokens_read(&x, path, s.paths, 1);
    assert_int_equal(x.offsets[1], n_wanted);
    for (size_t i = 0; i < n_wanted; i++) {
        assert_int_equal(x.ids[i], wanted[i]);
        assert_int_equal(x.loss[i], i != 0 && wanted[i] != 256 + SPECIAL_VECTOR);
    }
    index_tokens_free(&x);
    assert_int_equal(read_vectors(v, 4), 3);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(v[i].at, at[i]);
        assert_int_equal(v[i].end, at[i] + 2);
        assert_int_equal(v[i].start, 2 * i);
        assert_int_equal(v[i].length, 2);
        assert_int_equal(v[i].kind, STREAM_IMAGE);
        assert_int_equal(v[i].cross, 0);
    }
    sample_remove(&s);
}

/* Newlines after each row of the grid, or between two. */
static void vectors_stand_in_lines(void **state)
{
    (void)state;
    const uint32_t vec = 256 + SPECIAL_VECTOR, line = 256 + SPECIAL_IMAGE_NEWLINE;
    const uint32_t after[] = {256, 260, vec, vec, line, vec, vec, line, 261, 259, 260, vec, vec, line, 261, 257};
    const uint32_t between[] = {256, vec, vec, line, vec, vec, 261, 259, vec, vec, 261, 257};
    lines_of_vectors((char *)"{image:vectors,newline}", after, 16, (uint32_t[]){2, 5, 11});
    lines_of_vectors((char *)"{image:between,vectors,bare}<eoi>", between, 12, (uint32_t[]){1, 4, 8});
}

/* A picture that is longer than a sequence is cut behind a row of its vectors; <bos> before it is a piece alone. */
static void long_vectors_are_cut_behind_a_line(void **state)
{
    (void)state;
    const sample_row row = {1, -1, 9, 3, -1};
    char *templates[] = {"{image:vectors,newline}", "{image:vectors,between,bare}"};
    for (size_t k = 0; k < 2; k++) {
        sequence_options o = with_row(&templates[k]);
        sequence_counts c;
        index_tokens x;
        vector_span v[16];
        int ends[16] = {0};
        o.length = 16;
        pack(&row, 1, &o, &c);
        assert_int_equal(c.tokens, k ? 2 + 27 + 8 : 4 + 27 + 9);
        assert_int_equal(c.ids[STREAM_IMAGE], 27);
        assert_int_equal(read_vectors(v, 16), 9);
        for (size_t i = 0; i < 9; i++) {
            assert_int_equal(v[i].length, 3);
            assert_int_equal(v[i].start % 3, 0);
            ends[v[i].start / 3]++;
        }
        for (int i = 0; i < 9; i++) assert_int_equal(ends[i], 1);
        index_tokens_read(&x, path, s.paths, 1);
        int64_t n = x.offsets[x.n_sequences], pieces = 0;
        for (int64_t t = 0; t < n; t++) {
            const uint32_t id = x.ids[t];
            if (t + 1 < n && !x.begins[t + 1]) continue;
            assert_true(id == 256 || id == 256 + SPECIAL_EOS || id == 256 + SPECIAL_IMAGE_NEWLINE);
            pieces++;
        }
        assert_true(pieces > 3);
        index_tokens_free(&x);
        sample_remove(&s);
    }
}

/* One token for each vector, between the usual marks; sound stays ids. */
static void vectors_take_the_places_of_tokens(void **state)
{
    (void)state;
    char *row[] = {"{image:vectors}{audio}{text}"};
    const sequence_options o = with_row(row);
    sequence_counts c;
    index_tokens x;
    vector_span v[4];
    const uint32_t vec = 256 + SPECIAL_VECTOR;
    const uint32_t wanted[] = {256, 260, vec, vec, vec, vec, 261, 263, 426, 433, 440,
                               264, 0,   7,   259, 260, vec, vec, 261, 31,  257};
    pack(pair, 2, &o, &c);
    index_tokens_read(&x, path, s.paths, 1);
    assert_int_equal(x.offsets[1], 21);
    assert_memory_equal(x.ids, wanted, sizeof wanted);
    for (int i = 0; i < 21; i++) assert_int_equal(x.loss[i], i != 0 && x.ids[i] != vec);
    index_tokens_free(&x);
    assert_int_equal(read_vectors(v, 4), 2);
    assert_int_equal(v[0].at, 2);
    assert_int_equal(v[0].end, 6);
    assert_int_equal(v[0].start, 0);
    assert_int_equal(v[0].length, 4);
    assert_int_equal(v[0].kind, STREAM_IMAGE);
    assert_int_equal(v[0].cross, 0);
    assert_int_equal(v[1].at, 16);
    assert_int_equal(v[1].start, 4);
    assert_int_equal(v[1].length, 2);
    assert_int_equal(c.ids[STREAM_IMAGE], 6);
    sample_remove(&s);
}

/* Pictures from the side, sound as ids: one marker each, and what follows attends to it. */
static void markers_have_ranges(void **state)
{
    (void)state;
    char *row[] = {"{image:cross}{audio}{text}"};
    const sequence_options o = with_row(row);
    sequence_counts c;
    vector_span v[4];
    pack(pair, 2, &o, &c);
    /* bos I boa a a a eoa t t sep I t eos */
    assert_int_equal(c.tokens, 13);
    assert_int_equal(read_vectors(v, 4), 2);
    assert_int_equal(v[0].at, 1);
    assert_int_equal(v[0].end, 10);
    assert_int_equal(v[1].at, 10);
    assert_int_equal(v[1].end, 13);
    assert_int_equal(v[0].length, 4);
    assert_int_equal(v[0].cross, 1);
    sample_remove(&s);
}

/* Overwrite one value of a dataset of the index file. */
static void plant(const char *dataset, int64_t offset, uint32_t value)
{
    h5_file *f = NULL;
    int64_t at;
    assert_int_equal(h5_open(&f, path), OK);
    assert_int_equal(h5_file_offset(f, dataset, &at), OK);
    h5_close(&f);
    FILE *file = fopen(path, "r+b");
    assert_non_null(file);
    assert_int_equal(fseek(file, (long)(at + offset), SEEK_SET), 0);
    assert_int_equal(fwrite(&value, sizeof value, 1, file), 1);
    assert_int_equal(fclose(file), 0);
}

static void wrong_vectors_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *dataset;
        int64_t offset;
        uint32_t value;
    } plants[] = {{"/vectors/end", 0, 9},    {"/vectors/at", 0, 2},    {"/vectors/start", 0, 1},
                  {"/vectors/length", 0, 3}, {"/vectors/shard", 0, 1}, {"/vectors/start", 8, 999}};
    char *row[] = {"{image:cross}{audio}{text}"}, fault[1024];
    const sequence_options o = with_row(row);
    sequence_counts c;
    for (size_t i = 0; i < sizeof plants / sizeof *plants; i++) {
        pack(pair, 2, &o, &c);
        plant(plants[i].dataset, plants[i].offset, plants[i].value);
        assert_int_equal(check(&o, fault), ERR_VERIFY);
        sample_remove(&s);
    }
}

static void wrong_literals_and_masks_are_found(void **state)
{
    (void)state;
    const text_options bytes = {0};
    text_tokenizer *tokenizer = NULL;
    char *row[] = {"{-}Say: {+}{text}"}, fault[1024];
    const sequence_options o = with_row(row);
    const int64_t n_rows = 2;
    const char *const datasets[] = {"/literals/ids", "/spans/loss"};
    assert_int_equal(text_tokenizer_create(&tokenizer, &bytes), OK);
    for (int i = 0; i < 2; i++) {
        sequence_counts c;
        sample_make(&s, pair, &n_rows, 1);
        sequence_set set = sample_set(&s, &o);
        set.text = tokenizer;
        snprintf(path, sizeof path, "%s/index.h5", s.folder);
        assert_int_equal(pack_block(&set, 0, path, &c), OK);
        assert_int_equal(pack_check(&set, paths, 1, note, fault, &c), OK);
        plant(datasets[i], i, 'x' - 'S');
        assert_int_equal(pack_check(&set, paths, 1, note, fault, &c), ERR_VERIFY);
        sample_remove(&s);
    }
    text_tokenizer_free(&tokenizer);
}

static void a_stream_has_one_form(void **state)
{
    (void)state;
    char *rows[] = {"{image:vectors}{text}", "{image}{text}"};
    sequence_options o = sample_options(64);
    o.row = (option_list){rows, 2};
    assert_int_equal(sequence_options_check(&o), ERR_CONFIG);
    assert_non_null(strstr(status_message(), "two forms"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranges_are_those_of_the_reference),
        cmocka_unit_test(vectors_take_the_places_of_tokens),
        cmocka_unit_test(vectors_stand_in_lines),
        cmocka_unit_test(long_vectors_are_cut_behind_a_line),
        cmocka_unit_test(markers_have_ranges),
        cmocka_unit_test(wrong_vectors_are_found),
        cmocka_unit_test(wrong_literals_and_masks_are_found),
        cmocka_unit_test(a_stream_has_one_form),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
