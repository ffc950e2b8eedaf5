/* Cutting and decoding with small models: each rule alone. */
#include "base/memory.h"
#include "base/status.h"
#include "spm_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static spm_file file;

/* Unknown 0, <s> 1, </s> 2; pieces come behind. */
static void begin_file(int algorithm, int byte_fallback, int space_is_suffix)
{
    file.n = 0;
    spm_file_piece(&file, "<unk>", 0, SPM_UNKNOWN);
    spm_file_piece(&file, "<s>", 0, SPM_CONTROL);
    spm_file_piece(&file, "</s>", 0, SPM_CONTROL);
    spm_file_trainer(&file, algorithm, byte_fallback, space_is_suffix);
    spm_file_rules(&file, 0, 0, 1);
}

static void normal(const char *text, float score) { spm_file_piece(&file, text, score, SPM_NORMAL); }

static void expect(const char *text, const char *ids)
{
    void *model = spm_file_open(&file);
    spm_expect(model, text, strlen(text), ids);
    sentencepiece_kind.close(&model);
}

static void bpe_merges_the_highest_score_first(void **state)
{
    (void)state;
    begin_file(SPM_BPE, 0, 0);
    normal("a", -10); /* 3 */
    normal("b", -10);
    normal("c", -10);
    normal("ab", -2); /* 6 */
    normal("bc", -1);
    expect("abc", "3 7");
    expect("ab", "6");
    expect("abcab", "3 7 6");
}

static void bpe_takes_the_leftmost_of_equals(void **state)
{
    (void)state;
    begin_file(SPM_BPE, 0, 0);
    normal("a", -10); /* 3 */
    normal("aa", -1);
    normal("aaa", -2); /* 5 */
    expect("aaa", "5");
    expect("aaaa", "4 4");
    expect("aaaaa", "4 5");
}

/* A piece can be made of characters that are no pieces, and of parts that are. */
static void bpe_merges_what_is_no_piece(void **state)
{
    (void)state;
    begin_file(SPM_BPE, 0, 0);
    normal("xy", -1); /* 3 */
    normal("xyz", -2);
    expect("xyz", "4");
    expect("xyx", "3 0");
    expect("yx", "0");
    expect("qxyq", "0 3 0");
}

static void bpe_long_words_are_as_short_ones(void **state)
{
    (void)state;
    static char text[3 * 200 + 1];
    uint32_t *ids = NULL;
    size_t room = 0, n;
    begin_file(SPM_BPE, 0, 0);
    normal("a", -10); /* 3 */
    normal("b", -10);
    normal("c", -10);
    normal("ab", -2); /* 6 */
    normal("bc", -1);
    void *model = spm_file_open(&file);
    for (size_t i = 0; i < 200; i++) memcpy(text + 3 * i, "abc", 3);
    assert_int_equal(sentencepiece_kind.encode(model, text, 600, &ids, &room, &n), OK);
    assert_int_equal(n, 400);
    for (size_t i = 0; i < n; i++) assert_int_equal(ids[i], i % 2 ? 7 : 3);
    mem_free(&ids);
    sentencepiece_kind.close(&model);
}

static void bpe_pieces_out_of_use_come_apart(void **state)
{
    (void)state;
    begin_file(SPM_BPE, 0, 0);
    normal("a", -10); /* 3 */
    normal("b", -10);
    normal("c", -10);
    spm_file_piece(&file, "ab", -1, SPM_UNUSED);
    normal("abc", -2); /* 7 */
    spm_file_piece(&file, "d", -1, SPM_UNUSED);
    expect("ab", "3 4");
    expect("abc", "7");
    expect("abab", "3 4 3 4");
    expect("d", "0");
}

static void unknown_characters_in_a_row_are_one(void **state)
{
    (void)state;
    for (int algorithm = SPM_UNIGRAM; algorithm <= SPM_CHAR; algorithm++) {
        if (algorithm == SPM_WORD) continue;
        begin_file(algorithm, 0, 0);
        normal("a", -1); /* 3 */
        expect("xxax\xE2\x82\xAC", "0 3 0");
        expect("a", "3");
        expect("", "");
    }
}

static void bytes_stand_in_for_unknown_characters(void **state)
{
    (void)state;
    for (int algorithm = SPM_UNIGRAM; algorithm <= SPM_CHAR; algorithm++) {
        begin_file(algorithm, 1, 0);
        spm_file_byte_pieces(&file); /* 3 + byte */
        normal("a", -1);             /* 259 */
        expect(algorithm == SPM_WORD ? "\xE2\x82\xAC" : "a\xE2\x82\xAC",
               algorithm == SPM_WORD ? "229 133 175" : "259 229 133 175");
    }
}

static void control_pieces_never_come_from_text(void **state)
{
    (void)state;
    for (int algorithm = SPM_UNIGRAM; algorithm <= SPM_CHAR; algorithm++) {
        begin_file(algorithm, 0, 0);
        normal("s", -1); /* 3 */
        spm_file_piece(&file, "x", 0, SPM_CONTROL);
        expect("x", "0");
        expect(algorithm == SPM_WORD ? "</s>" : "</s>x", algorithm == SPM_WORD ? "0" : "0 3 0");
    }
}

static void user_defined_pieces_win(void **state)
{
    (void)state;
    for (int algorithm = SPM_UNIGRAM; algorithm <= SPM_BPE; algorithm++) {
        begin_file(algorithm, 0, 0);
        normal("a", -1); /* 3 */
        normal("b", -1);
        normal("aab", -0.5f);
        spm_file_piece(&file, "ab", 0, SPM_USER_DEFINED); /* 6 */
        spm_file_piece(&file, "abab", 0, SPM_USER_DEFINED);
        expect("ab", "6");
        expect("ababab", algorithm == SPM_BPE ? "7 6" : "6 7"); /* unigram: equal sums */
        expect("aba", "6 3");
        if (algorithm == SPM_BPE) expect("aab", "3 6");
    }
}

static void unigram_takes_the_highest_sum(void **state)
{
    (void)state;
    begin_file(SPM_UNIGRAM, 0, 0);
    normal("a", -1); /* 3 */
    normal("b", -1);
    normal("c", -1);
    normal("ab", -1.5f); /* 6 */
    normal("bc", -1.25f);
    expect("abc", "3 7");
    expect("ab", "6");
    spm_file_piece(&file, "abc", -9, SPM_UNUSED);
    expect("abc", "3 7");
}

/* "abc" is a+bc or ab+c: the same sum, and the longer last piece is met first. */
static void unigram_ties_go_to_the_longer_last_piece(void **state)
{
    (void)state;
    begin_file(SPM_UNIGRAM, 0, 0);
    normal("a", -1); /* 3 */
    normal("c", -1);
    normal("ab", -2); /* 5 */
    normal("bc", -2);
    expect("abc", "3 6");
}

/* An unknown character costs the lowest score less ten. */
static void unigram_unknown_has_a_price(void **state)
{
    (void)state;
    begin_file(SPM_UNIGRAM, 0, 0);
    normal("a", -1); /* 3 */
    normal("ax", -11.5f);
    expect("ax", "4");
    begin_file(SPM_UNIGRAM, 0, 0);
    normal("ax", -30); /* 3 */
    normal("a", -1);
    expect("ax", "3");
    begin_file(SPM_UNIGRAM, 0, 0);
    normal("y", -3);
    normal("z", -5);
    spm_file_piece(&file, "xx", -60, SPM_UNUSED);
    expect("xyx", "0 3 0");
}

static void words_begin_with_a_space(void **state)
{
    (void)state;
    begin_file(SPM_WORD, 0, 0);
    normal("one", -1);                 /* 3 */
    normal(SPM_SPACE "two", -1);       /* 4 */
    normal(SPM_SPACE, -1);             /* 5 */
    spm_file_piece(&file, "no", 0, 5); /* out of use */
    expect("one two", "3 4");
    expect("one  two", "3 5 4");
    expect("one three two", "3 0 4");
    expect("no two", "0 4");
}

static void expect_rules(int prefix, int remove, int escape, int suffix, const char *text, const char *ids)
{
    file.n = 0;
    spm_file_piece(&file, "<unk>", 0, SPM_UNKNOWN);
    normal("a", -1);
    normal(SPM_SPACE, -1);
    normal(" ", -1);
    spm_file_trainer(&file, SPM_CHAR, 0, suffix);
    spm_file_rules(&file, prefix, remove, escape);
    expect(text, ids);
}

static void spaces_follow_the_rules(void **state)
{
    (void)state;
    expect_rules(1, 1, 1, 0, "a", "2 1");
    expect_rules(1, 1, 1, 0, "  a   a ", "2 1 2 1");
    expect_rules(1, 1, 1, 0, "   ", "");
    expect_rules(1, 0, 1, 0, "   ", "2 2 2 2");
    expect_rules(1, 0, 1, 0, " a  ", "2 2 1 2 2");
    expect_rules(0, 0, 1, 0, " a", "2 1");
    expect_rules(0, 1, 1, 0, " a", "1");
    expect_rules(1, 1, 1, 1, " a ", "1 2");
    expect_rules(1, 0, 1, 1, "a ", "1 2 2");
    expect_rules(1, 1, 0, 0, " a  a", "3 1 3 1");
    expect_rules(0, 1, 1, 0, "a" SPM_SPACE SPM_SPACE, "1");
    expect_rules(1, 1, 1, 0, "", "");
    expect_rules(1, 0, 1, 0, "", "");
}

static void decoding_undoes_what_encoding_adds(void **state)
{
    (void)state;
    for (int remove = 0; remove < 2; remove++) {
        file.n = 0;
        spm_file_piece(&file, "<unk>", 0, SPM_UNKNOWN);
        spm_file_piece(&file, "<s>", 0, SPM_CONTROL);
        normal(SPM_SPACE "a", -1); /* 2 */
        normal(SPM_SPACE, -1);
        normal("b" SPM_SPACE "c", -1); /* 4 */
        spm_file_byte_pieces(&file);   /* 5 + byte */
        spm_file_trainer(&file, SPM_UNIGRAM, 1, 0);
        spm_file_rules(&file, 1, remove, 1);
        void *model = spm_file_open(&file);
        spm_expect_text(model, "", "");
        spm_expect_text(model, "2 2", "a a");
        spm_expect_text(model, "1 2", "a");
        spm_expect_text(model, "3 3 2", remove ? "a" : "  a");
        spm_expect_text(model, "4 2", "b c a");
        spm_expect_text(model, "0 2", " \xE2\x81\x87  a");
        spm_expect_text(model, "231 135 177 4",
                        "\xE2\x82\xAC"
                        "b c");
        spm_expect_text(model, "231 135 70 133",
                        "\xEF\xBF\xBD\xEF\xBF\xBD"
                        "A\xEF\xBF\xBD");
        spm_expect_text(model, "242 165 133", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"); /* a surrogate */
        sentencepiece_kind.close(&model);
    }
}

static void ids_that_are_no_piece_are_refused(void **state)
{
    (void)state;
    char *text = NULL;
    size_t room = 0, n = 99;
    begin_file(SPM_BPE, 0, 0);
    void *model = spm_file_open(&file);
    assert_int_equal(sentencepiece_kind.decode(model, (const uint32_t[]){1, 3}, 2, &text, &room, &n), ERR_INVALID);
    assert_int_equal(n, 0);
    mem_free(&text);
    sentencepiece_kind.close(&model);
}

static void begin_and_end_are_found_by_name(void **state)
{
    (void)state;
    begin_file(SPM_BPE, 0, 0);
    void *model = spm_file_open(&file);
    assert_int_equal(sentencepiece_kind.begin(model), 1);
    assert_int_equal(sentencepiece_kind.end(model), 2);
    sentencepiece_kind.close(&model);

    file.n = 0;
    spm_file_piece(&file, "<unk>", 0, SPM_UNKNOWN);
    spm_file_piece(&file, "</s>", 0, SPM_NORMAL);
    spm_file_piece(&file, "[B]", 0, SPM_CONTROL);
    spm_file_bytes(&file, 2, "\xF2\x02\x03[B]", 6);
    model = spm_file_open(&file);
    assert_int_equal(sentencepiece_kind.begin(model), 2);
    assert_int_equal(sentencepiece_kind.end(model), -1);
    sentencepiece_kind.close(&model);
}

/* A text of a megabyte without a space: quadratic work would take hours. */
static void long_texts_take_no_square_of_time(void **state)
{
    (void)state;
    enum { N = 1 << 20 };
    char *text;
    uint32_t *ids = NULL;
    size_t room = 0, n;
    assert_int_equal(MEM_ALLOC(text, N), OK);
    for (size_t i = 0; i < N; i++) text[i] = "ab"[i * i / 7 % 2];
    for (int algorithm = SPM_UNIGRAM; algorithm <= SPM_BPE; algorithm++) {
        begin_file(algorithm, 0, 0);
        normal("a", -10);
        normal("b", -10);
        normal("ab", -2);
        normal("abab", -3);
        normal("aa", -4);
        normal("bb", -4);
        normal("aaaa", -5);
        spm_file_piece(&file, "abaa", -1, algorithm == SPM_BPE ? SPM_UNUSED : SPM_NORMAL);
        void *model = spm_file_open(&file);
        assert_int_equal(sentencepiece_kind.encode(model, text, N, &ids, &room, &n), OK);
        assert_true(n > N / 4 && n < N);
        sentencepiece_kind.close(&model);
    }
    mem_free(&ids);
    mem_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bpe_merges_the_highest_score_first),
        cmocka_unit_test(bpe_takes_the_leftmost_of_equals),
        cmocka_unit_test(bpe_merges_what_is_no_piece),
        cmocka_unit_test(bpe_long_words_are_as_short_ones),
        cmocka_unit_test(bpe_pieces_out_of_use_come_apart),
        cmocka_unit_test(unknown_characters_in_a_row_are_one),
        cmocka_unit_test(bytes_stand_in_for_unknown_characters),
        cmocka_unit_test(control_pieces_never_come_from_text),
        cmocka_unit_test(user_defined_pieces_win),
        cmocka_unit_test(unigram_takes_the_highest_sum),
        cmocka_unit_test(unigram_ties_go_to_the_longer_last_piece),
        cmocka_unit_test(unigram_unknown_has_a_price),
        cmocka_unit_test(words_begin_with_a_space),
        cmocka_unit_test(spaces_follow_the_rules),
        cmocka_unit_test(decoding_undoes_what_encoding_adds),
        cmocka_unit_test(ids_that_are_no_piece_are_refused),
        cmocka_unit_test(begin_and_end_are_found_by_name),
        cmocka_unit_test(long_texts_take_no_square_of_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
