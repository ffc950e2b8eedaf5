/* Model files that are damaged or lie: each is refused with a reason, and nothing else happens. */
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "spm_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static spm_file file;

static void begin_file(int algorithm, int byte_fallback)
{
    file.n = 0;
    spm_file_piece(&file, "<unk>", 0, SPM_UNKNOWN);
    spm_file_piece(&file, "a", -1, SPM_NORMAL);
    spm_file_trainer(&file, algorithm, byte_fallback, 0);
}

static void expect_refused(const char *reason)
{
    void *state = &file;
    assert_int_equal(sentencepiece_kind.open(&state, "test.model", file.bytes, file.n), ERR_CONFIG);
    assert_null(state);
    if (!strstr(status_message(), reason) || strncmp(status_message(), "test.model: ", 12))
        fail_msg("'%s' is not in: %s", reason, status_message());
}

static void pieces_must_make_sense(void **state)
{
    (void)state;
    static char longest[SPM_LONGEST_PIECE + 2];
    memset(longest, 'x', sizeof longest - 1);
    file.n = 0;
    expect_refused("damaged: a SentencePiece model without pieces");
    spm_file_piece(&file, "a", -1, SPM_NORMAL);
    expect_refused("damaged: no unknown piece");
    begin_file(SPM_BPE, 0);
    spm_file_piece(&file, "<u>", 0, SPM_UNKNOWN);
    expect_refused("damaged: more than one unknown piece");
    begin_file(SPM_UNIGRAM, 0);
    spm_file_piece(&file, "a", -2, SPM_NORMAL);
    expect_refused("damaged: the text of piece 2 is that of an earlier one");
    begin_file(SPM_BPE, 0);
    spm_file_piece(&file, "a", 0, SPM_CONTROL);
    expect_refused("damaged: the text of piece 2 is that of an earlier one");
    begin_file(SPM_UNIGRAM, 0);
    spm_file_piece(&file, "", -2, SPM_NORMAL);
    expect_refused("damaged: piece 2 is empty");
    begin_file(SPM_UNIGRAM, 0);
    spm_file_piece(&file, longest, -2, SPM_NORMAL);
    expect_refused("piece 2 has 8000 bytes, 7999 is the most");
    begin_file(SPM_UNIGRAM, 0);
    spm_file_bytes(&file, 1, "\x0A\x03x\0y", 5);
    expect_refused("damaged: piece 2 has a zero byte");
    begin_file(SPM_UNIGRAM, 0);
    spm_file_piece(&file, "b", 0, 7);
    expect_refused("damaged: piece 2: type 7 is not known");
    file.n = 0;
    spm_file_piece(&file, "<unk>", 0, SPM_UNKNOWN);
    expect_refused("damaged: no piece that text could become");
}

static void scores_of_unigram_pieces_must_be_numbers(void **state)
{
    (void)state;
    const float wrong[] = {0.0f / 0.0f, 1.0f / 0.0f, -1.0f / 0.0f};
    for (int i = 0; i < 3; i++) {
        begin_file(SPM_UNIGRAM, 0);
        spm_file_piece(&file, "b", wrong[i], SPM_NORMAL);
        expect_refused("damaged: the score of piece 2 is not a number");
    }
}

static void byte_pieces_must_be_whole(void **state)
{
    (void)state;
    begin_file(SPM_BPE, 0);
    spm_file_piece(&file, "<0x00>", 0, SPM_BYTE);
    expect_refused("damaged: piece 2 is a byte, but byte_fallback is off");
    begin_file(SPM_BPE, 1);
    expect_refused("damaged: byte_fallback is on, but the piece <0x00> is missing");
    static const char *const wrong[] = {"<0xG0>", "<0xab>", "<0x1>", "<0x111>", "[0x11]", "<0x11"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        begin_file(SPM_BPE, 1);
        spm_file_byte_pieces(&file);
        spm_file_piece(&file, wrong[i], 0, SPM_BYTE);
        expect_refused("damaged: piece 258 is of type byte, but is none of <0x00> to <0xFF>");
    }
}

/* With byte_fallback the unknown piece may be missing, and converters write a piece of one zero byte. */
static void odd_files_that_are_right_are_read(void **state)
{
    (void)state;
    file.n = 0;
    spm_file_byte_pieces(&file);
    spm_file_bytes(&file, 1, "\x0A\x01\0", 3);
    spm_file_bytes(&file, 200, "an extension", 12);
    spm_file_number(&file, 201, 5);
    for (int algorithm = SPM_UNIGRAM; algorithm <= SPM_BPE; algorithm++) {
        spm_file_trainer(&file, algorithm, 1, 0);
        void *model = spm_file_open(&file);
        spm_expect(model, "A", 1, "226 150 129 65");
        spm_expect(model, "\0", 1, "226 150 129 0");
        sentencepiece_kind.close(&model);
    }
}

static void settings_must_be_known(void **state)
{
    (void)state;
    begin_file(5, 0);
    expect_refused("the model type is not known");
    begin_file(SPM_BPE, 0);
    spm_file_bytes(&file, 2, "\x18", 1);
    expect_refused("damaged: its settings are no message");
    begin_file(SPM_BPE, 0);
    spm_file_bytes(&file, 3, "\x0A\x7F", 2);
    expect_refused("damaged: its settings are no message");
}

enum { UNITS = 256 };

/* A character map of 256 units and the texts "\0" and "x\0"; `at` and `unit` change one unit. */
static void map_file(size_t size, size_t at, uint32_t unit, const char *texts, size_t n_texts)
{
    static uint8_t map[4 + 4 * UNITS + 16];
    static spm_file rules;
    memset(map, 0, sizeof map);
    for (int i = 0; i < 4; i++) map[i] = (uint8_t)(size >> (8 * i));
    map[5] = 4; /* unit 0: offset 1 */
    for (int i = 0; i < 4; i++) map[4 + 4 * at + (size_t)i] = (uint8_t)(unit >> (8 * i));
    memcpy(map + 4 + 4 * UNITS, texts, n_texts);
    rules.n = 0;
    spm_file_bytes(&rules, 2, map, 4 + 4 * UNITS + n_texts);
    begin_file(SPM_BPE, 0);
    spm_file_bytes(&file, 3, rules.bytes, rules.n);
}

static void character_maps_must_stay_inside(void **state)
{
    (void)state;
    map_file(4 * UNITS, 1, 0, "x", 2);
    void *model = spm_file_open(&file);
    sentencepiece_kind.close(&model);
    map_file(4 * UNITS - 4, 1, 0, "x", 2);
    expect_refused("damaged: the sizes in its character map do not fit");
    map_file(0xFFFFFC00, 1, 0, "x", 2);
    expect_refused("damaged: the sizes in its character map do not fit");
    map_file(4 * UNITS, 1, 0, "", 0);
    expect_refused("damaged: the sizes in its character map do not fit");
    map_file(4 * UNITS, 1, 0, "x", 1);
    expect_refused("damaged: the sizes in its character map do not fit");
    map_file(4 * UNITS, 0, 0, "x", 2); /* the root leads to itself */
    expect_refused("damaged: its character map points outside itself");
    map_file(4 * UNITS, 0, 256 << 10, "x", 2);
    expect_refused("damaged: its character map points outside itself");
    map_file(4 * UNITS, 9, 0x7FFFFF00, "x", 2);
    expect_refused("damaged: its character map points outside itself");
    map_file(4 * UNITS, 9, 5 << 10 | 1 << 8, "x", 2); /* a value where none is */
    expect_refused("damaged: its character map points outside itself");
    map_file(4 * UNITS, 9, 1u << 31 | 2, "x", 2); /* a text behind the last */
    expect_refused("damaged: its character map points outside itself");
}

/* A file of the library with a byte missing, cut off or changed anywhere is refused or used, no more. */
static void use(const uint8_t *bytes, size_t n)
{
    void *model = NULL;
    uint32_t *ids = NULL;
    char *text = NULL;
    size_t id_room = 0, text_room = 0, count, length;
    static const char sample[] = "\xEF\xBC\xA8"
                                 "ello  w\xC3\xB6rld\t12 \xE2\x82\xAC";
    const int rc = sentencepiece_kind.open(&model, "test.model", bytes, n);
    assert_true(rc == OK || rc == ERR_CONFIG);
    assert_true((rc == OK) == (model != NULL));
    if (rc != OK) return;
    assert_int_equal(sentencepiece_kind.encode(model, sample, sizeof sample - 1, &ids, &id_room, &count), OK);
    for (size_t i = 0; i < count; i++) assert_true((int64_t)ids[i] < sentencepiece_kind.size(model));
    assert_int_equal(sentencepiece_kind.decode(model, ids, count, &text, &text_room, &length), OK);
    mem_free(&text);
    mem_free(&ids);
    sentencepiece_kind.close(&model);
}

static void files_may_be_cut_or_changed_anywhere(void **state)
{
    (void)state;
    static const char *const folders[] = {"text-spm-bpe", "text-spm-unigram"};
    for (int f = 0; f < 2; f++) {
        char *path;
        uint8_t *bytes;
        size_t n;
        assert_int_equal(mem_format(&path, "%s/%s/tokenizer.model", GOLDEN_DIR, folders[f]), OK);
        assert_int_equal(file_read(path, 1 << 20, &bytes, &n), OK);
        for (size_t at = 0; at < n; at += 1 + at / 64) {
            use(bytes, at);
            const uint8_t was = bytes[at];
            for (int bit = 0; bit < 8; bit++) {
                bytes[at] = (uint8_t)(was ^ 1 << bit);
                use(bytes, n);
            }
            bytes[at] = was;
        }
        mem_free(&bytes);
        mem_free(&path);
    }
}

static void other_files_are_told_apart(void **state)
{
    (void)state;
    static const char *const others[] = {"",
                                         "{\"version\": \"1.0\"}",
                                         "\n",
                                         "\n\n\n\n\n\n",
                                         "\x0A\x05\x0A\x05hello",
                                         "IQ== 0\n",
                                         "\x12\x02\x18\x02",
                                         "\x0A\x02\x12\x00"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(sentencepiece_kind.detect((const uint8_t *)others[i], strlen(others[i])));
    begin_file(SPM_BPE, 0);
    assert_true(sentencepiece_kind.detect(file.bytes, file.n));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_must_make_sense),
        cmocka_unit_test(scores_of_unigram_pieces_must_be_numbers),
        cmocka_unit_test(byte_pieces_must_be_whole),
        cmocka_unit_test(odd_files_that_are_right_are_read),
        cmocka_unit_test(settings_must_be_known),
        cmocka_unit_test(character_maps_must_stay_inside),
        cmocka_unit_test(files_may_be_cut_or_changed_anywhere),
        cmocka_unit_test(other_files_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
