#include "base/fault.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "part_maker.h"
#include "tokens/run_length.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char folder[64];
static char shard[80], rejects[80];

enum { ROWS = 120 };

static int gather_parts(const part_set *p, const shard_options *o, shard_counts *c)
{
    return shard_gather(shard, rejects, p->paths, p->units, p->n, o, c);
}

/* ---- the same rows in other cuts ---- */

static void cuts_into_parts_do_not_show(void **state)
{
    const int *setting = *state; /* reduced, deflate */
    static const int cuts[] = {1, 2, 7, 60};
    shard_options o;
    shard_counts c, first;
    size_t n = 0, n_first = 0;
    char *lines_first = NULL;
    make_options(&o, setting[0]);
    o.deflate = setting[1];
    for (size_t k = 0; k < sizeof cuts / sizeof *cuts; k++) {
        part_set p;
        part_set_make(&p, folder, ROWS, cuts[k], setting[0]);
        assert_int_equal(gather_parts(&p, &o, &c), OK);
        char *lines = read_text(rejects, &n);
        if (k == 0) {
            first = c;
            lines_first = lines;
            n_first = n;
            lines = NULL;
        } else {
            assert_memory_equal(&first, &c, sizeof c);
            assert_int_equal(n, n_first);
            assert_memory_equal(lines, lines_first, n);
        }
        mem_free(&lines);
        part_set_free(&p);
    }
    assert_int_equal(c.rows, ROWS);
    assert_int_equal(c.rejects, 17);
    assert_int_equal(c.examples + c.rejects + c.filtered, ROWS);
    mem_free(&lines_first);
}

/* ---- long rows in pieces ---- */

enum { LONG = 3, PIECES = 4, FRAMES = 40000 };

/* Frames of the long row number `which`: runs that go over the seams. */
static void long_frames(int which, int64_t from, int64_t to, int reduced, example_stream *s)
{
    size_t n = (size_t)(to - from);
    assert_int_equal(MEM_GROW(s->ids, &s->ids_capacity, n), OK);
    assert_int_equal(MEM_GROW(s->durations, &s->durations_capacity, n), OK);
    for (size_t i = 0; i < n; i++) {
        uint64_t frame = (uint64_t)from + i;
        s->ids[i] = which == 0 ? 7 : (uint32_t)(rng_bits(9, frame / 5, (uint64_t)which) % 500);
    }
    s->n_ids = n;
    s->n_durations = 0;
    if (reduced) s->n_ids = s->n_durations = run_length_reduce(s->ids, n, s->durations);
    s->seconds = (double)n / 128;
    s->xxh3 = 99;
    s->used = 1;
}

static int64_t cut_at(int64_t k, int64_t n) { return k * FRAMES / n; }

/* Rows of make_example, of which every 20th is a long one; whole, or in pieces (some of which change). */
enum change { NONE, REJECT, OTHER_FILE, LOST, SWAPPED };
static void make_long_parts(part_set *p, int reduced, int in_pieces, enum change change)
{
    example e = {0};
    memset(p, 0, sizeof *p);
    for (int64_t first = 0; first < ROWS; first += 40) {
        part_writer *w = part_begin(p, -1, 0, 0);
        for (int64_t i = first; i < first + 40; i++) {
            make_example(i, reduced, &e);
            if (i % 20 == 11 && !in_pieces) long_frames((int)(i / 20), 0, FRAMES, reduced, &e.stream[STREAM_AUDIO]);
            if (i % 20 == 11 && in_pieces) memset(&e.stream[STREAM_AUDIO].used, 0, sizeof(int));
            assert_int_equal(part_writer_add(w, &e), OK);
        }
        part_end(p, folder, &w);
        for (int64_t i = first + 11; in_pieces && i < first + 40; i += 20) {
            int64_t n = 1 + i / 20 % PIECES;
            for (int64_t k = 0; k < n; k++) {
                int64_t window = change == SWAPPED && i == 31 ? n - 1 - k : k;
                if (change == LOST && i == 31 && k == 0) continue;
                w = part_begin(p, i, 3 * window, 3 * window + 2);
                make_example(i, reduced, &e);
                example_reset(&e);
                e.row = 1000 + 7 * i;
                e.position = i;
                long_frames((int)(i / 20), cut_at(k, n), cut_at(k + 1, n), reduced, &e.stream[STREAM_AUDIO]);
                if (change == OTHER_FILE && i == 31 && k == 1) e.stream[STREAM_AUDIO].xxh3++;
                if (change == REJECT && i == 31 && k == 1) {
                    e.outcome = OUTCOME_REJECT;
                    e.status = ERR_LIMIT;
                    strcpy(e.stage, "audio");
                    strcpy(e.message, "too long");
                }
                assert_int_equal(part_writer_add(w, &e), OK);
                part_end(p, folder, &w);
            }
        }
    }
    example_free(&e);
}

static void pieces_join_to_the_whole_row(void **state)
{
    const int *setting = *state;
    shard_options o;
    shard_counts whole, joined;
    part_set p;
    make_options(&o, setting[0]);
    o.deflate = setting[1];
    make_long_parts(&p, setting[0], 0, NONE);
    assert_int_equal(gather_parts(&p, &o, &whole), OK);
    part_set_free(&p);
    make_long_parts(&p, setting[0], 1, NONE);
    assert_true(p.n > 10);
    assert_int_equal(gather_parts(&p, &o, &joined), OK);
    part_set_free(&p);
    assert_string_equal(whole.sha256, joined.sha256);
    assert_memory_equal(&whole, &joined, sizeof whole);
}

static void a_rejected_piece_rejects_its_row(void **state)
{
    const int *setting = *state;
    static const char *const reasons[] = {[REJECT] = "too-large\",\"message\":\"too long\"}\n",
                                          [OTHER_FILE] = "changed-file\",\"message\":\"the file changed between "};
    shard_options o;
    shard_counts whole, c;
    make_options(&o, setting[0]);
    for (enum change change = REJECT; change <= OTHER_FILE; change++) {
        part_set p;
        size_t n;
        char wanted[200];
        make_long_parts(&p, setting[0], 1, NONE);
        assert_int_equal(gather_parts(&p, &o, &whole), OK);
        part_set_free(&p);
        make_long_parts(&p, setting[0], 1, change);
        assert_int_equal(gather_parts(&p, &o, &c), OK);
        part_set_free(&p);
        assert_int_equal(c.rows, whole.rows);
        assert_int_equal(c.rejects, whole.rejects + 1);
        assert_int_equal(c.examples, whole.examples - 1);
        char *lines = read_text(rejects, &n);
        snprintf(wanted, sizeof wanted,
                 "{\"id\":\"id-31\",\"row\":1217,\"source\":\"\",\"stage\":\"audio\",\"reason\":\"%s", reasons[change]);
        assert_non_null(strstr(lines, wanted));
        mem_free(&lines);
    }
}

static void pieces_that_do_not_fit_are_refused(void **state)
{
    (void)state;
    shard_options o;
    shard_counts c;
    part_set p;
    make_options(&o, 1);
    make_long_parts(&p, 1, 1, SWAPPED);
    assert_int_equal(gather_parts(&p, &o, &c), ERR_CORRUPT);
    part_set_free(&p);
    make_long_parts(&p, 1, 1, NONE);
    p.units[2] = 77;
    assert_int_equal(gather_parts(&p, &o, &c), ERR_CORRUPT);
    p.units[2] = 2;
    assert_int_equal(file_remove(p.paths[2]), OK);
    assert_int_equal(gather_parts(&p, &o, &c), ERR_MISSING);
    part_set_free(&p);
}

static void a_piece_must_follow_its_row(void **state)
{
    (void)state;
    shard_options o;
    shard_counts c;
    part_set p;
    make_options(&o, 1);
    make_long_parts(&p, 1, 1, NONE);
    part_set moved = p; /* rows 0 .. 39 and a piece of row 51, or this piece alone */
    moved.n = 2;
    for (size_t i = 0; i + 1 < p.n; i++) {
        part_reader *r = NULL;
        assert_int_equal(part_reader_open(&r, p.paths[i], 42, p.units[i]), OK);
        if (part_reader_header(r)->piece_position == 51) {
            moved.paths[1] = p.paths[i];
            moved.units[1] = p.units[i];
        }
        part_reader_close(&r);
    }
    assert_true(moved.units[1] > 3);
    assert_int_equal(gather_parts(&moved, &o, &c), ERR_CORRUPT);
    moved.paths[0] = moved.paths[1];
    moved.units[0] = moved.units[1];
    moved.n = 1;
    assert_int_equal(gather_parts(&moved, &o, &c), ERR_CORRUPT);
    part_set_free(&p);
}

/* ---- the ledger ---- */

static void rejects_are_told_in_order(void **state)
{
    (void)state;
    static const char head[] =
        "{\"id\":\"id-\xEF\xBF\xBD\xEF\xBF\xBD(5\",\"row\":1035,\"source\":\"a/\xEF\xBF\xBD.wav\","
        "\"stage\":\"decode\",\"reason\":\"damaged\",\"message\":\"row 5 \\\"is\\\" \xEF\xBF\xBD\"}\n"
        "{\"id\":\"id-6\",\"row\":1042,\"source\":\"a/6.wav\",\"stage\":\"filter\",\"rule\":\"too-short\","
        "\"message\":\"0.1 s\"}\n"
        "{\"id\":\"id-12\",\"row\":1084,\"source\":\"a/12.wav\",";
    shard_options o;
    shard_counts c;
    part_set p;
    size_t n;
    int64_t lines = 0;
    make_options(&o, 0);
    part_set_make(&p, folder, ROWS, 3, 0);
    assert_int_equal(gather_parts(&p, &o, &c), OK);
    part_set_free(&p);
    char *text = read_text(rejects, &n);
    assert_true(n > sizeof head);
    assert_memory_equal(text, head, sizeof head - 1);
    for (size_t i = 0; i < n; i++) lines += text[i] == '\n';
    assert_int_equal(lines, c.rejects + c.filtered);
    assert_int_equal(text[n - 1], '\n');
    mem_free(&text);
}

/* ---- what does not fit ---- */

static int gather_one(example *e, const shard_options *o)
{
    shard_counts c;
    part_set p = {0};
    part_writer *w = part_begin(&p, -1, 0, 0);
    assert_int_equal(part_writer_add(w, e), OK);
    part_end(&p, folder, &w);
    int rc = gather_parts(&p, o, &c);
    part_set_free(&p);
    return rc;
}

static void ids_beyond_the_codebook_are_refused(void **state)
{
    (void)state;
    shard_options o;
    example e = {0};
    make_options(&o, 1);
    make_example(1, 1, &e);
    assert_int_equal(gather_one(&e, &o), OK);
    e.stream[STREAM_AUDIO].ids[3] = 500;
    assert_int_equal(gather_one(&e, &o), ERR_INTERNAL);
    e.stream[STREAM_AUDIO].ids[3] = 499;
    assert_int_equal(gather_one(&e, &o), OK);
    e.stream[STREAM_AUDIO].durations[3] = 0;
    assert_int_equal(gather_one(&e, &o), ERR_INTERNAL);
    e.stream[STREAM_AUDIO].durations[3] = 100000; /* takes 32 bits */
    assert_int_equal(gather_one(&e, &o), OK);
    e.stream[STREAM_AUDIO].n_durations = 0;
    assert_int_equal(gather_one(&e, &o), ERR_INTERNAL);
    make_example(1, 1, &e);
    o.stream[STREAM_IMAGE].used = 0;
    assert_int_equal(gather_one(&e, &o), ERR_INTERNAL);
    o.stream[STREAM_IMAGE].used = 1;
    e.stream[STREAM_IMAGE].rows++;
    assert_int_equal(gather_one(&e, &o), ERR_INTERNAL);
    e.stream[STREAM_IMAGE].rows--;
    o.stream[STREAM_IMAGE].width = 8;
    assert_int_equal(gather_one(&e, &o), ERR_INTERNAL);
    assert_false(file_exists("/tmp/tessera-no-such-file"));
    example_free(&e);
}

/* A group whose first row is left out still starts. */
static void a_group_starts_with_its_first_example(void **state)
{
    (void)state;
    shard_options o;
    shard_counts c;
    part_set p;
    shard_reader *r = NULL;
    make_options(&o, 0);
    part_set_make(&p, folder, ROWS, 4, 0);
    assert_int_equal(gather_parts(&p, &o, &c), OK);
    part_set_free(&p);
    assert_int_equal(shard_reader_open(&r, shard), OK);
    for (int64_t i = 0; i < shard_reader_examples(r); i++) {
        int64_t group = (shard_reader_row(r, i) - 1000) / 7 / 3;
        int64_t before = i ? (shard_reader_row(r, i - 1) - 1000) / 7 / 3 : -1;
        assert_int_equal(shard_reader_starts_group(r, i), group != before);
    }
    shard_reader_close(&r);
}

static void a_shard_may_be_empty(void **state)
{
    const int *setting = *state;
    shard_options o;
    shard_counts c;
    part_set p = {0};
    part_writer *w = part_begin(&p, -1, 0, 0);
    example e = {0};
    shard_reader *r = NULL;
    make_options(&o, 1);
    o.deflate = setting[1];
    for (int64_t i = 5; i < 50; i += 7) {
        make_example(i, 1, &e);
        assert_int_equal(part_writer_add(w, &e), OK);
    }
    part_end(&p, folder, &w);
    assert_int_equal(gather_parts(&p, &o, &c), OK);
    assert_int_equal(c.examples, 0);
    assert_int_equal(c.rejects, 7);
    assert_int_equal(shard_reader_open(&r, shard), OK);
    assert_int_equal(shard_reader_examples(r), 0);
    assert_true(shard_reader_has(r, STREAM_AUDIO));
    assert_int_equal(shard_reader_ids(r, STREAM_AUDIO), 0);
    shard_reader_close(&r);
    part_set_free(&p);
    example_free(&e);
}

/* ---- failures ---- */

static const char *failing;
static int reached;
static int fail_at(const char *name)
{
    if (strcmp(name, failing)) return 0;
    reached++;
    return ENOSPC;
}

static void a_failure_leaves_no_half_shard(void **state)
{
    (void)state;
    static const char *const points[] = {"rejects.write",      "rejects.before-fsync", "rejects.before-rename",
                                         "shard.mid-gather",   "shard.write",          "shard.before-fsync",
                                         "shard.before-rename"};
    shard_options o;
    shard_counts c;
    part_set p;
    make_options(&o, 1);
    part_set_make(&p, folder, ROWS, 5, 1);
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        file_list names;
        size_t temporary = 0;
        assert_int_equal(file_remove(shard), OK);
        assert_int_equal(file_remove(rejects), OK);
        failing = points[i];
        reached = 0;
        fault_set_hook(fail_at);
        assert_int_equal(gather_parts(&p, &o, &c), ERR_SPACE);
        fault_set_hook(NULL);
        assert_int_equal(reached, 1);
        assert_false(file_exists(shard));
        assert_int_equal(file_exists(rejects), i > 2);
        assert_int_equal(file_list_folder(folder, &names), OK);
        for (size_t k = 0; k < names.n; k++) temporary += (size_t)file_is_temporary(names.names[k]);
        assert_int_equal(temporary, 0);
        file_list_free(&names);
    }
    part_set_free(&p);
}

static void shards_are_named_by_number(void **state)
{
    (void)state;
    char *name = NULL;
    assert_int_equal(shard_name(&name, "train", 3, 12), OK);
    assert_string_equal(name, "train-00003-of-00012.h5");
    mem_free(&name);
}

int main(void)
{
    static int settings[][2] = {{0, 0}, {1, 0}, {1, 1}};
    if (!make_folder("shard-gather", folder)) return 1;
    snprintf(shard, sizeof shard, "%s/shard.h5", folder);
    snprintf(rejects, sizeof rejects, "%s/rejects.jsonl", folder);
#define WITH(test, setting)                                                                                            \
    {                                                                                                                  \
#test " " #setting, test, NULL, NULL, settings[setting]                                                        \
    }
    const struct CMUnitTest tests[] = {
        WITH(cuts_into_parts_do_not_show, 0),
        WITH(cuts_into_parts_do_not_show, 1),
        WITH(cuts_into_parts_do_not_show, 2),
        WITH(pieces_join_to_the_whole_row, 0),
        WITH(pieces_join_to_the_whole_row, 1),
        WITH(pieces_join_to_the_whole_row, 2),
        WITH(a_rejected_piece_rejects_its_row, 0),
        WITH(a_rejected_piece_rejects_its_row, 1),
        WITH(a_shard_may_be_empty, 0),
        WITH(a_shard_may_be_empty, 2),
        cmocka_unit_test(pieces_that_do_not_fit_are_refused),
        cmocka_unit_test(a_piece_must_follow_its_row),
        cmocka_unit_test(rejects_are_told_in_order),
        cmocka_unit_test(ids_beyond_the_codebook_are_refused),
        cmocka_unit_test(a_group_starts_with_its_first_example),
        cmocka_unit_test(a_failure_leaves_no_half_shard),
        cmocka_unit_test(shards_are_named_by_number),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return file_remove_tree(folder) != OK || failed;
}
