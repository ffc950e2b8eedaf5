/* Sound whose runs of equal ids are one token: what stands in the sequences, where long sound is cut, and faults that a
 * check must find. */
#include "sequence/pack.h"

#include "base/memory.h"
#include "base/status.h"
#include "index_tokens.h"
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

enum { AUDIO = 256 + N_SPECIALS + 100, BOS = 256 + SPECIAL_BOS, EOS, MAX_SPANS = 4096 };

static sample_shards s;
static char path[128], *paths[] = {path};

static void note(void *user, const char *text) { snprintf(user, 1024, "%s", text); }

static int check(const sequence_set *set, char fault[1024])
{
    sequence_counts c;
    fault[0] = 0;
    return pack_check(set, paths, 1, note, fault, &c);
}

/* Pack one row with one template, and check the index. */
static sequence_set pack(const sample_row *row, int hold, sequence_options *o, char **template, int64_t window)
{
    char fault[1024];
    sequence_counts c;
    o->row = (option_list){template, 1};
    sample_make_held(&s, row, hold);
    sequence_set set = sample_set(&s, o);
    set.audio_window = window;
    snprintf(path, sizeof path, "%s/index.h5", s.folder);
    if (pack_block(&set, 0, path, &c) != OK) fail_msg("%s", status_message());
    if (check(&set, fault) != OK) fail_msg("%s: %s", status_message(), fault);
    return set;
}

static int64_t read_spans(span *spans)
{
    span_reader *r = NULL;
    assert_int_equal(span_reader_open(&r, path), OK);
    int64_t n = span_reader_spans(r);
    assert_in_range(n, 1, MAX_SPANS);
    assert_int_equal(span_reader_read(r, 0, n, spans), OK);
    span_reader_close(&r);
    return n;
}

static void a_run_is_one_token(void **state)
{
    (void)state;
    const sample_row row = {1, 2, -1, 0, 8}; /* aaabbbcc */
    char *template[] = {"{text}{audio:reduced}"};
    sequence_options o = sample_options(16);
    index_tokens x;
    pack(&row, 3, &o, template, 0);
    index_tokens_read(&x, path, s.paths, 1);
    const uint32_t a = AUDIO + sample_id(STREAM_AUDIO, 0, 0), b = AUDIO + sample_id(STREAM_AUDIO, 0, 1),
                   c = AUDIO + sample_id(STREAM_AUDIO, 0, 2);
    const uint32_t wanted[] = {BOS, 0, 7, 256 + SPECIAL_BOA, a, b, c, 256 + SPECIAL_EOA, EOS};
    assert_int_equal(x.offsets[1], sizeof wanted / sizeof *wanted);
    assert_memory_equal(x.ids, wanted, sizeof wanted);
    index_tokens_free(&x);
    sample_remove(&s);
}

/* In one set sound may be reduced in one place and whole in another. */
static void both_forms_stand_side_by_side(void **state)
{
    (void)state;
    const sample_row row = {1, 1, -1, 0, 4};
    char *template[] = {"{audio:bare,reduced}{text}{audio:bare}"};
    sequence_options o = sample_options(16);
    index_tokens x;
    pack(&row, 2, &o, template, 0);
    index_tokens_read(&x, path, s.paths, 1);
    const uint32_t a = AUDIO + sample_id(STREAM_AUDIO, 0, 0), b = AUDIO + sample_id(STREAM_AUDIO, 0, 1);
    const uint32_t wanted[] = {BOS, a, b, 0, a, a, b, b, EOS};
    assert_int_equal(x.offsets[1], sizeof wanted / sizeof *wanted);
    assert_memory_equal(x.ids, wanted, sizeof wanted);
    index_tokens_free(&x);
    sample_remove(&s);
}

/* The spans of sound, in the order of their ids. */
static int64_t sound_spans(span *spans)
{
    int64_t n = read_spans(spans), kept = 0;
    for (int64_t i = 0; i < n; i++) {
        if (spans[i].kind != STREAM_AUDIO) continue;
        span one = spans[i];
        int64_t k = kept++;
        for (; k > 0 && spans[k - 1].start > one.start; k--) spans[k] = spans[k - 1];
        spans[k] = one;
    }
    return kept;
}

/* Sound of every length around that of a sequence, with and without marks: the spans are all ids in order, they begin
 * at runs, at windows where one begins in the piece, and are as many tokens as they have runs. */
static void long_sound_is_cut_between_runs(void **state)
{
    (void)state;
    static span spans[MAX_SPANS];
    char *templates[][1] = {{"{audio:reduced}"}, {"{audio:bare,reduced}{text}"}, {"{text}{audio:reduced}{text}"}};
    for (int i = 0; i < 3; i++)
        for (int audio = 20; audio < 120; audio += 3)
            for (int window = 0; window <= 14; window += 7) {
                const sample_row row = {1, 3, -1, 0, audio};
                sequence_options o = sample_options(16);
                pack(&row, 2, &o, templates[i], window);
                int64_t n = sound_spans(spans), at = 0;
                for (int64_t k = 0; k < n; k++) {
                    assert_int_equal(spans[k].start, at);
                    assert_int_equal(at % 2, 0);
                    assert_int_equal(spans[k].length, (spans[k].ids + 1) / 2);
                    /* a window of 7 ids has 4 runs at most, and so begins in each piece */
                    if (window == 7 && at) assert_int_equal(at, (at / window * window + 1) / 2 * 2);
                    at += spans[k].ids;
                }
                assert_int_equal(at, audio);
                sample_remove(&s);
            }
}

/* Write the one sequence once more with these spans. */
static void rewrite(const span *spans, int64_t n)
{
    span_reader *r = NULL;
    span_writer *w = NULL;
    sequence_attributes a;
    literal_table none;
    assert_int_equal(span_reader_open(&r, path), OK);
    assert_int_equal(sequence_attributes_get(span_reader_file(r), &s.vocabulary, &a), OK);
    span_reader_close(&r);
    assert_int_equal(literal_table_make(&none, NULL), OK);
    assert_int_equal(span_writer_open(&w, path, n, 0, 1), OK);
    assert_int_equal(sequence_attributes_put(span_writer_file(w), &a, &s.vocabulary), OK);
    for (int64_t i = 0; i < n; i++) assert_int_equal(span_writer_add(w, &spans[i], NULL), OK);
    assert_int_equal(span_writer_end(w), OK);
    assert_int_equal(literal_table_save(&none, span_writer_file(w)), OK);
    literal_table_free(&none);
    assert_int_equal(span_writer_commit(&w), OK);
}

/* Whatever is changed, also where sums stay the same. */
static void planted_faults_are_found(void **state)
{
    (void)state;
    static span spans[MAX_SPANS];
    char fault[1024];
    const sample_row row = {1, 1, -1, 0, 7};
    char *template[] = {"{audio:reduced}{text}{audio:reduced}"};
    sequence_options o = sample_options(64);
    sequence_set set = pack(&row, 2, &o, template, 0);
    int64_t n = read_spans(spans), first = -1, second = -1;
    for (int64_t i = 0; i < n; i++)
        if (spans[i].kind == STREAM_AUDIO) *(first < 0 ? &first : &second) = i;
    assert_int_equal(spans[first].length, 4);
    assert_int_equal(spans[second].length, 4);
    spans[first].ids--;
    rewrite(spans, n);
    assert_int_equal(check(&set, fault), ERR_VERIFY);
    spans[first].ids++;
    rewrite(spans, n);
    assert_int_equal(check(&set, fault), OK);
    spans[first].length--;
    rewrite(spans, n);
    assert_int_equal(check(&set, fault), ERR_VERIFY);
    spans[second].length++; /* now all sums are as they were */
    rewrite(spans, n);
    assert_int_equal(check(&set, fault), ERR_VERIFY);
    assert_non_null(strstr(fault, "reduced"));
    char out[160];
    snprintf(out, sizeof out, "%s/tokens.h5", s.folder);
    assert_int_equal(pack_materialise(&set, path, out), ERR_CORRUPT);
    sample_remove(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_is_one_token),
        cmocka_unit_test(both_forms_stand_side_by_side),
        cmocka_unit_test(long_sound_is_cut_between_runs),
        cmocka_unit_test(planted_faults_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
