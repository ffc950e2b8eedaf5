#include "sequence/pack.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "index_tokens.h"
#include "sample_shards.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MAX = 4096 };
static const char *const all_streams[] = {"image", "audio", "text"};

/* Pack all blocks into index files; returns their number. */
static size_t pack_all(const sample_shards *s, const sequence_options *o, const char *tag, char *paths[],
                       sequence_counts *sum)
{
    const sequence_set set = sample_set(s, o);
    int64_t n = pack_blocks(&set, s->n_rows);
    memset(sum, 0, sizeof *sum);
    for (int64_t b = 0; b < n; b++) {
        sequence_counts c;
        assert_int_equal(mem_format(&paths[b], "%s/%s-%lld.h5", s->folder, tag, (long long)b), OK);
        if (pack_block(&set, b, paths[b], &c) != OK) fail_msg("%s", status_message());
        sum->sequences += c.sequences;
        sum->documents += c.documents;
        sum->tokens += c.tokens;
        sum->split_documents += c.split_documents;
        sum->dropped_documents += c.dropped_documents;
        sum->dropped_tokens += c.dropped_tokens;
        sum->empty_documents += c.empty_documents;
    }
    return (size_t)n;
}

static void free_paths(char *paths[], size_t n)
{
    for (size_t i = 0; i < n; i++) mem_free(&paths[i]);
}

static void one_document(const sample_row *rows, int64_t n_rows, char *row, const uint32_t *wanted, size_t n_wanted)
{
    sample_shards s;
    sequence_counts c;
    char *path[1] = {NULL};
    index_tokens x;
    sample_make(&s, rows, &n_rows, 1);
    sequence_options o = sample_options(64);
    o.row = (option_list){&row, 1};
    assert_int_equal(pack_all(&s, &o, "one", path, &c), 1);
    index_tokens_read(&x, path[0], s.paths, s.n_shards);
    assert_int_equal(x.n_sequences, 1);
    assert_int_equal(x.offsets[1], n_wanted);
    assert_int_equal(c.tokens, n_wanted);
    for (size_t i = 0; i < n_wanted; i++) {
        assert_int_equal(x.ids[i], wanted[i]);
        assert_int_equal(x.loss[i], i > 0);
        assert_int_equal(x.begins[i], i == 0);
    }
    index_tokens_free(&x);
    free_paths(path, 1);
    sample_remove(&s);
}

/* Specials start at 256: bos 256, eos 257, sep 259, boi 260, eoi 261, newline 262, boa 263, eoa 264; image 320.., audio
 * 420..; sample_id(s, row, k) = row * 31 + k * 7 + s * 3 for the first rows. */
static void a_row_is_laid_out_by_the_template(void **state)
{
    (void)state;
    const sample_row row = {1, 3, 2, 2, 2};
    const uint32_t plain[] = {256, 260, 323, 330, 337, 344, 261, 263, 426, 433, 264, 0, 7, 14, 257};
    const uint32_t lines[] = {256, 0, 7, 14, 260, 323, 330, 262, 337, 344, 262, 261, 257};
    const uint32_t between[] = {256, 0, 7, 14, 260, 323, 330, 262, 337, 344, 261, 257};
    one_document(&row, 1, (char *)"{image}{audio}{text}", plain, 15);
    one_document(&row, 1, (char *)"{text}{image:newline}", lines, 13);
    one_document(&row, 1, (char *)"{text}{image:between}", between, 12);
}

static void rows_of_a_group_are_separated(void **state)
{
    (void)state;
    /* sound alone; nothing; empty text and an image; text alone */
    const sample_row rows[] = {{1, -1, -1, 0, 1}, {0, -1, -1, 0, -1}, {0, 0, 1, 1, -1}, {0, 2, -1, 0, -1}};
    const uint32_t wanted[] = {256, 263, 426, 264, 259, 260, 385, 262, 261, 259, 93, 100, 257};
    one_document(rows, 4, (char *)"{image:newline}{audio}{text}", wanted, 13);
}

/* Rows with random streams and lengths, a few of them long; shards end where a group does. */
enum { ROWS = 100 };
static void make_random(sample_shards *s, sample_row *rows)
{
    int64_t ends[3] = {0, 0, ROWS};
    for (int64_t i = 0; i < ROWS; i++) {
        uint64_t x = rng_bits(3, (uint64_t)i, 0);
        rows[i].starts = i == 0 || x % 4 != 0;
        rows[i].text = x >> 8 & 1 ? (int)(x >> 16 & 15) * 4 : -1; /* not so short that two documents are equal */
        rows[i].image_rows = x >> 9 & 1 ? (int)(x >> 24 & 3) : -1;
        rows[i].image_columns = 5;
        rows[i].audio = x >> 10 & 1 ? (int)(x >> 32 & 7) * 4 : -1;
        if (i % 37 == 5) rows[i].audio = 400;
        for (int k = 0; k < 2; k++)
            if (rows[i].starts && !ends[k] && i >= (k + 1) * ROWS / 3) ends[k] = i;
    }
    sample_make(s, rows, ends, 3);
}

/* A piece ends where the sequence does, or before the picture or sound that would be cut; one that is longer than a
 * sequence is cut behind a newline if there is one. */
static int64_t piece_length(const uint32_t *ids, int64_t n, int64_t from, int64_t length)
{
    int64_t end = from + length, begin = -1;
    if (end >= n) return n - from;
    for (int64_t i = 0; i < end; i++) {
        if (ids[i] == 256 + SPECIAL_BOI || ids[i] == 256 + SPECIAL_BOA) begin = i;
        if (ids[i] == 256 + SPECIAL_EOI || ids[i] == 256 + SPECIAL_EOA) begin = -1;
    }
    if (begin > from) return begin - from;
    for (int64_t i = end; begin >= 0 && i > from; i--)
        if (ids[i - 1] == 256 + SPECIAL_IMAGE_NEWLINE) return i - from;
    return length;
}

/* Every document is in the sequences of the index files exactly once, whole or as pieces in sequences of their own. */
static void check_documents(const sample_shards *s, const sequence_options *o, char *paths[], size_t n_paths,
                            const sequence_counts *c, int newline)
{
    index_tokens x[ROWS];
    uint32_t ids[MAX];
    int64_t n_documents = 0, n_tokens = 0, n_dropped = 0, n_empty = 0, n_pieces = 0, pieces_there = 0;
    for (size_t i = 0; i < n_paths; i++) {
        index_tokens_read(&x[i], paths[i], s->paths, s->n_shards);
        for (int64_t q = 0; q < x[i].n_sequences; q++)
            assert_in_range(x[i].offsets[q + 1] - x[i].offsets[q], 1, o->length);
        for (int64_t t = 0; t < x[i].offsets[x[i].n_sequences]; t++) pieces_there += x[i].begins[t];
    }
    for (int64_t row = 0, next; row < s->n_rows; row = next) {
        int64_t n = sample_document(s, all_streams, 3, newline, row, &next, ids, MAX);
        n_empty += n == 0;
        if (n > o->length && o->overlong == SEQUENCE_DROP) {
            n_dropped++;
            continue;
        }
        n_documents += n > 0;
        n_tokens += n;
        for (int64_t from = 0, k; from < n; from += k, n_pieces++) {
            int64_t found = 0;
            k = piece_length(ids, n, from, o->length);
            for (size_t i = 0; i < n_paths; i++) found += index_tokens_count(&x[i], ids + from, k);
            if (k > 8)
                assert_int_equal(found, 1);
            else
                assert_true(found >= 1); /* a rest of few tokens may look like another */
        }
    }
    assert_int_equal(pieces_there, n_pieces);
    assert_int_equal(c->documents, n_documents);
    assert_int_equal(c->tokens, n_tokens);
    assert_int_equal(c->dropped_documents, n_dropped);
    assert_int_equal(c->empty_documents, n_empty);
    for (size_t i = 0; i < n_paths; i++) index_tokens_free(&x[i]);
}

static void blocks_of_any_size_hold_each_document_once(void **state)
{
    (void)state;
    sample_shards s;
    sample_row rows[ROWS];
    char *paths[ROWS];
    sequence_counts c;
    const int64_t blocks[] = {1, 3, 16, 1000, 16, 1000};
    make_random(&s, rows);
    for (int i = 0; i < 6; i++) {
        sequence_options o = sample_options(128);
        o.block = blocks[i];
        o.overlong = i == 1 || i > 3 ? SEQUENCE_DROP : SEQUENCE_SPLIT;
        char *row = (char *)(i % 2 ? "{image:newline}{audio}{text}" : "{image}{audio}{text}");
        o.row.texts = &row;
        size_t n = pack_all(&s, &o, "blocks", paths, &c);
        assert_int_equal(n, (ROWS + blocks[i] - 1) / blocks[i]);
        assert_true(o.overlong == SEQUENCE_DROP ? c.dropped_documents > 0 && !c.split_documents
                                                : c.split_documents > 0);
        check_documents(&s, &o, paths, n, &c, i % 2);
        free_paths(paths, n);
    }
    sample_remove(&s);
}

static void files_are_the_same_each_time_and_differ_by_seed(void **state)
{
    (void)state;
    sample_shards s;
    sample_row rows[ROWS];
    char *paths[3][4], hex[3][SHA256_HEX];
    sequence_counts c;
    make_random(&s, rows);
    for (int i = 0; i < 3; i++) {
        sequence_options o = sample_options(100);
        o.block = 40;
        o.seed = i == 2;
        assert_int_equal(pack_all(&s, &o, i ? "second" : "first", paths[i], &c), 3);
        assert_int_equal(sha256_file(paths[i][1], hex[i]), OK);
        free_paths(paths[i], 3);
    }
    assert_string_equal(hex[0], hex[1]);
    assert_string_not_equal(hex[0], hex[2]);
    sample_remove(&s);
}

static void long_documents_do_not_come_first(void **state)
{
    (void)state;
    sample_shards s;
    sample_row rows[ROWS];
    char *path[1];
    sequence_counts c;
    index_tokens x;
    make_random(&s, rows);
    sequence_options o = sample_options(512);
    pack_all(&s, &o, "order", path, &c);
    index_tokens_read(&x, path[0], s.paths, s.n_shards);
    int64_t rises = 0;
    for (int64_t i = 1; i < x.n_sequences;
         i++) /* within a sequence documents follow the seeded order, not their length */
        rises += index_tokens_longest(&x, i) > index_tokens_longest(&x, i - 1);
    assert_true(x.n_sequences > 3 && rises > 0);
    assert_true(c.tokens * 100 > c.sequences * 512 * 93);
    index_tokens_free(&x);
    free_paths(path, 1);
    sample_remove(&s);
}

static void refuses_a_shard_with_bad_offsets(void **state)
{
    (void)state;
    const sample_row rows[] = {{1, 3, 2, 2, 2}, {1, 5, 2, 2, 2}, {1, 4, 2, 2, 2}};
    const int64_t ends[] = {3}, bad[] = {-1, 1, 1 << 20};
    sample_shards s;
    sequence_counts c;
    sequence_options o = sample_options(64);
    sequence_set set;
    for (int i = 0; i < 3; i++) {
        h5_file *f = NULL;
        int64_t at;
        char *path = NULL;
        sample_make(&s, rows, ends, 1);
        assert_int_equal(mem_format(&path, "%s/out.h5", s.folder), OK);
        assert_int_equal(h5_open(&f, s.paths[0]), OK);
        assert_int_equal(h5_file_offset(f, "/text/offsets", &at), OK);
        h5_close(&f);
        FILE *file = fopen(s.paths[0], "r+b");
        assert_non_null(file);
        assert_int_equal(fseek(file, (long)at + 16, SEEK_SET), 0); /* the end of the second row, 8 */
        assert_int_equal(fwrite(&bad[i], sizeof bad[i], 1, file), 1);
        assert_int_equal(fclose(file), 0);
        set = sample_set(&s, &o);
        assert_int_equal(pack_block(&set, 0, path, &c), ERR_CORRUPT);
        assert_false(file_exists(path));
        mem_free(&path);
        sample_remove(&s);
    }
}

static void refuses_bad_options(void **state)
{
    (void)state;
    char *bad[] = {"{video}",
                   "{text",
                   "<nothing>",
                   "{image:lines}",
                   "{?audio}{audio}",
                   "{/}",
                   "{image:cross,newline}",
                   "{image:between,cross}",
                   "{audio:between}",
                   "{rows}",
                   "{image}{image:cross}",
                   "{text:bare}",
                   "{?audio}{?audio}{?audio}{?audio}{?audio}{?audio}{?audio}{?audio}{?audio}"};
    sequence_options o = sample_options(64);
    assert_int_equal(sequence_options_check(&o), OK);
    o.name = "a/b";
    assert_int_equal(sequence_options_check(&o), ERR_CONFIG);
    o.name = "";
    assert_int_equal(sequence_options_check(&o), ERR_CONFIG);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        o = sample_options(64);
        o.row = (option_list){&bad[i], 1};
        assert_int_equal(sequence_options_check(&o), ERR_CONFIG);
    }
    o = sample_options(64);
    o.row.n = 0;
    assert_int_equal(sequence_options_check(&o), ERR_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_laid_out_by_the_template),
        cmocka_unit_test(rows_of_a_group_are_separated),
        cmocka_unit_test(blocks_of_any_size_hold_each_document_once),
        cmocka_unit_test(files_are_the_same_each_time_and_differ_by_seed),
        cmocka_unit_test(long_documents_do_not_come_first),
        cmocka_unit_test(refuses_a_shard_with_bad_offsets),
        cmocka_unit_test(refuses_bad_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
