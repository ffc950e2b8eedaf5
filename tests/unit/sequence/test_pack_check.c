#include "sequence/pack.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "sample_shards.h"
#include "sequence/literal_table.h"
#include "sequence/sequence_attributes.h"
#include "sequence/span_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 80, BLOCKS = 2, SPANS = 4096 };
static sample_row rows[ROWS];
static sample_shards s;
static char *paths[BLOCKS], *planted;
static char faults[1 << 16];
static int64_t n_faults;

/* One index file in memory. */
static struct {
    sequence_attributes attributes;
    int64_t n_sequences, offsets[SPANS];
    span spans[SPANS];
} file;

static sequence_options options(int overlong)
{
    sequence_options o = sample_options(96);
    o.block = 50;
    o.overlong = overlong;
    return o;
}

static int set_up(void **state)
{
    (void)state;
    const int64_t ends[] = {40, ROWS};
    for (int64_t i = 0; i < ROWS; i++) {
        uint64_t x = rng_bits(9, (uint64_t)i, 0);
        rows[i] =
            (sample_row){i % 40 == 0 || x % 3 != 0, (int)(x >> 8 & 31), (int)(x >> 16 & 3), 4, (int)(x >> 24 & 15)};
    }
    rows[30].text = 300;
    sample_make(&s, rows, ends, 2);
    for (int b = 0; b < BLOCKS; b++) assert_int_equal(mem_format(&paths[b], "%s/index-%d.h5", s.folder, b), OK);
    assert_int_equal(mem_format(&planted, "%s/planted.h5", s.folder), OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (int b = 0; b < BLOCKS; b++) mem_free(&paths[b]);
    mem_free(&planted);
    sample_remove(&s);
    return 0;
}

static void pack(int overlong)
{
    sequence_options o = options(overlong);
    const sequence_set set = sample_set(&s, &o);
    sequence_counts c;
    for (int b = 0; b < BLOCKS; b++)
        if (pack_block(&set, b, paths[b], &c) != OK) fail_msg("%s", status_message());
}

static void note(void *user, const char *text)
{
    (void)user;
    n_faults++;
    size_t n = strlen(faults);
    snprintf(faults + n, sizeof faults - n, "%s\n", text);
}

static int check(int overlong, char *const *index_paths, size_t n, sequence_counts *c)
{
    sequence_options o = options(overlong);
    const sequence_set set = sample_set(&s, &o);
    n_faults = 0;
    faults[0] = 0;
    return pack_check(&set, index_paths, n, note, NULL, c);
}

static void what_was_packed_is_right(void **state)
{
    (void)state;
    for (int overlong = 0; overlong < 2; overlong++) {
        sequence_counts c;
        pack(overlong);
        if (check(overlong, paths, BLOCKS, &c) != OK) fail_msg("%s: %s", status_message(), faults);
        assert_int_equal(n_faults, 0);
        assert_true(overlong ? c.dropped_documents > 0 && c.dropped_tokens > 300 : c.split_documents > 0);
        assert_true(c.documents > 30 && c.tokens > 1000 && c.ids[STREAM_IMAGE] > 100);
    }
}

/* Read block 0 into `file`. */
static void load(void)
{
    span_reader *r = NULL;
    assert_int_equal(span_reader_open(&r, paths[0]), OK);
    file.n_sequences = span_reader_sequences(r);
    assert_true(span_reader_spans(r) < SPANS);
    assert_int_equal(sequence_attributes_get(span_reader_file(r), &s.vocabulary, &file.attributes), OK);
    assert_int_equal(span_reader_bounds(r, 0, file.n_sequences, file.offsets, NULL, NULL), OK);
    assert_int_equal(span_reader_read(r, 0, span_reader_spans(r), file.spans), OK);
    span_reader_close(&r);
}

/* Write `file` without span `skip` (-1: with all) and check it in place of block 0. */
static int check_planted(int64_t skip)
{
    span_writer *w = NULL;
    literal_table none;
    assert_int_equal(literal_table_make(&none, NULL), OK);
    char *index_paths[] = {planted, paths[1]};
    sequence_counts c;
    int64_t n = file.offsets[file.n_sequences] - (skip >= 0);
    assert_int_equal(span_writer_open(&w, planted, n, 0, file.n_sequences), OK);
    assert_int_equal(sequence_attributes_put(span_writer_file(w), &file.attributes, &s.vocabulary), OK);
    for (int64_t q = 0; q < file.n_sequences; q++) {
        for (int64_t i = file.offsets[q]; i < file.offsets[q + 1]; i++)
            if (i != skip) assert_int_equal(span_writer_add(w, &file.spans[i], NULL), OK);
        assert_int_equal(span_writer_end(w), OK);
    }
    assert_int_equal(literal_table_save(&none, span_writer_file(w)), OK);
    literal_table_free(&none);
    assert_int_equal(span_writer_commit(&w), OK);
    return check(SEQUENCE_SPLIT, index_paths, 2, &c);
}

/* The i-th span of text of at least 4 ids. */
static span *text_span(int i)
{
    span *p = file.spans;
    while (p->kind != MODALITY_TEXT || p->length < 4 || i-- > 0) p++;
    return p;
}

static void rewriting_alone_is_no_fault(void **state)
{
    (void)state;
    pack(SEQUENCE_SPLIT);
    load();
    assert_int_equal(check_planted(-1), OK);
}

static void a_wrong_start_is_found_with_the_example(void **state)
{
    (void)state;
    pack(SEQUENCE_SPLIT);
    load();
    text_span(3)->start++;
    assert_int_equal(check_planted(-1), ERR_VERIFY);
    assert_non_null(strstr(faults, "example \"row-"));
    assert_non_null(strstr(faults, "1 text ids are in no sequence"));
}

static void a_start_outside_the_shard_is_found(void **state)
{
    (void)state;
    const int64_t starts[] = {-1, 1 << 20, INT64_MAX};
    for (int i = 0; i < 3; i++) {
        pack(SEQUENCE_SPLIT);
        load();
        text_span(2)->start = starts[i];
        assert_int_equal(check_planted(-1), ERR_VERIFY);
        assert_non_null(strstr(faults, "outside shard"));
    }
}

static void a_doubled_span_is_found(void **state)
{
    (void)state;
    pack(SEQUENCE_SPLIT);
    load();
    span *a = text_span(0), *b = text_span(1);
    a->ids = a->length = b->ids = b->length = 4;
    a->start = b->start;
    a->shard = b->shard;
    assert_int_equal(check_planted(-1), ERR_VERIFY);
    assert_non_null(strstr(faults, "4 too often"));
}

static void a_missing_span_is_found(void **state)
{
    (void)state;
    pack(SEQUENCE_SPLIT);
    load();
    span *p = text_span(1);
    file.attributes.counts.tokens -= p->length; /* hide it from the sums */
    file.attributes.counts.ids[STREAM_TEXT] -= p->length;
    assert_int_equal(check_planted(p - file.spans), ERR_VERIFY);
    assert_non_null(strstr(faults, "in no sequence"));
}

static void a_missing_special_is_found(void **state)
{
    (void)state;
    pack(SEQUENCE_SPLIT);
    load();
    span *p = file.spans;
    while (p->kind != MODALITY_SPECIAL || p->start != SPECIAL_EOI) p++;
    file.attributes.counts.tokens--;
    assert_int_equal(check_planted(p - file.spans), ERR_VERIFY);
    assert_non_null(strstr(faults, "<eoi>"));
}

/* Of a special, and of text that is not reduced, ids are as many as tokens. */
static void a_wrong_number_of_ids_is_found(void **state)
{
    (void)state;
    pack(SEQUENCE_SPLIT);
    load();
    span *p = file.spans;
    while (p->kind != MODALITY_SPECIAL) p++;
    p->ids++;
    assert_int_equal(check_planted(-1), ERR_VERIFY);
    assert_non_null(strstr(faults, "number of tokens"));
    load();
    text_span(1)->ids--;
    assert_int_equal(check_planted(-1), ERR_VERIFY);
    assert_non_null(strstr(faults, "number of tokens"));
}

static void a_wrong_shard_is_found(void **state)
{
    (void)state;
    pack(SEQUENCE_SPLIT);
    load();
    text_span(0)->shard ^= 1;
    assert_int_equal(check_planted(-1), ERR_VERIFY);
    text_span(0)->shard = 2;
    assert_int_equal(check_planted(-1), ERR_VERIFY);
    assert_non_null(strstr(faults, "of shard 2"));
}

static void wrong_counts_and_files_are_found(void **state)
{
    (void)state;
    sequence_counts c;
    char *swapped[] = {paths[1], paths[0]}, *missing[] = {paths[0], planted}, *shard[] = {paths[0], s.paths[0]};
    pack(SEQUENCE_SPLIT);
    load();
    file.attributes.counts.documents++;
    assert_int_equal(check_planted(-1), ERR_VERIFY);
    assert_non_null(strstr(faults, "documents, as recorded"));
    load();
    file.attributes.length++;
    assert_int_equal(check_planted(-1), ERR_VERIFY);
    assert_int_equal(remove(planted), 0);
    assert_int_equal(check(SEQUENCE_SPLIT, swapped, 2, &c), ERR_VERIFY);
    assert_int_equal(check(SEQUENCE_SPLIT, missing, 2, &c), ERR_VERIFY);
    assert_int_equal(check(SEQUENCE_SPLIT, shard, 2, &c), ERR_VERIFY);
    assert_int_equal(check(SEQUENCE_SPLIT, paths, 1, &c), ERR_VERIFY);
    assert_int_equal(check(SEQUENCE_DROP, paths, 2, &c), ERR_VERIFY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_packed_is_right),
        cmocka_unit_test(rewriting_alone_is_no_fault),
        cmocka_unit_test(a_wrong_start_is_found_with_the_example),
        cmocka_unit_test(a_start_outside_the_shard_is_found),
        cmocka_unit_test(a_doubled_span_is_found),
        cmocka_unit_test(a_missing_span_is_found),
        cmocka_unit_test(a_missing_special_is_found),
        cmocka_unit_test(a_wrong_number_of_ids_is_found),
        cmocka_unit_test(a_wrong_shard_is_found),
        cmocka_unit_test(wrong_counts_and_files_are_found),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
