#include "corpus_fixture.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "corpus/manifest.h"

#include <stdio.h>
#include <string.h>

static void recordings_are_rows(void **state)
{
    fixture *f = *state;
    fixture_write(f, "in/wav.scp", "a  x/a.wav\r\nb\ty b.flac \n\nc c.wav");
    fixture_corpus(f, "in");
    static const char plain[] = "a audio=x/a.wav\nb audio=y b.flac\nc audio=c.wav\n";
    assert_string_equal(fixture_rows(f), plain);
    fixture_corpus(f, "in/wav.scp");
    assert_string_equal(fixture_rows(f), plain);
    fixture_write(f, "in/text", "a HELLO  THERE \n0 nobody\nc\nd nobody\n");
    assert_int_equal(fixture_error(f), ERR_CONFIG); /* "0" comes after "a" */
    fixture_write(f, "in/text", "0 nobody\na HELLO  THERE \nc\nd nobody\n");
    fixture_write(f, "in/utt2spk", "a Ann\nb Ben\nc Cem\n");
    fixture_write(f, "in/utt2lang", "b de\n");
    fixture_write(f, "in/spk2gender", "Ann f\n");
    static const char rich[] = "a audio=x/a.wav text=HELLO  THERE extra={\"speaker\":\"Ann\"}\n"
                               "b audio=y b.flac lang=de extra={\"speaker\":\"Ben\"}\n"
                               "c audio=c.wav extra={\"speaker\":\"Cem\"}\n";
    assert_string_equal(fixture_rows(f), rich);
    fixture_write(f, "other.scp", "");
    fixture_write(f, "in/list", "a x/a.wav\n");
    f->options.format = CORPUS_KALDI;
    fixture_corpus(f, "in/list");
    assert_string_equal(fixture_rows(f), "a audio=x/a.wav text=HELLO  THERE extra={\"speaker\":\"Ann\"}\n");
}

static void segments_are_rows(void **state)
{
    fixture *f = *state;
    fixture_write(f, "in/wav.scp", "r1 one.wav\nr2 two.wav\nr3 cat three.wav |\n");
    fixture_write(f, "in/segments",
                  "u1 r2 1 1.23\n"
                  "u2 r1 0.00 2.5\n"
                  "u3 r3 0 1\n"
                  "u4 r4 0 1\n"
                  "u5 r1 2 1\n"
                  "u6 r1 2 -1\n"
                  "u7 r1 2\n"
                  "u8 r1 0 1 A\n"
                  "u9 r1 nan 1\n");
    fixture_write(f, "in/text", "u1 text of one\n");
    fixture_corpus(f, "in");
    assert_string_equal(fixture_rows(f),
                        "u1 audio=two.wav text=text of one offset=1 duration=0.23\n"
                        "u2 audio=one.wav duration=2.5\n"
                        "u3 duration=1 !invalid: line 3: wav.scp has a command, and commands are not run: write the "
                        "sound to a file\n"
                        "u4 !invalid: line 4: wav.scp has no recording r4\n"
                        "u5 audio=one.wav offset=2 duration=1 !invalid: line 5: the segment ends before it starts\n"
                        "u6 audio=one.wav offset=2\n"
                        "u7 !invalid: line 7: not UTTERANCE RECORDING START END\n"
                        "u8 !invalid: line 8: a fifth field: channels cannot be chosen\n"
                        "u9 audio=one.wav duration=1 !invalid: line 9: offset is not a number\n");
    manifest *m = NULL;
    corpus_row row;
    uint32_t flags;
    int got;
    assert_int_equal(manifest_open(&m, &f->options), OK);
    assert_int_equal(manifest_next(m, &row, &flags, &got), OK);
    assert_true(row.duration_s == 0.23); /* what JSONL with this number has, to the last bit */
    manifest_close(&m);
}

static void commands_are_not_run(void **state)
{
    fixture *f = *state;
    char *text = NULL;
    assert_int_equal(mem_format(&text,
                                "a touch %s/ran |\nb | touch %s/ran\nc x.ark:1234\nd y.ark:5[0:3]\n"
                                "e touch %s/ran |  \nf $(touch %s/ran).wav\ng\nh ok.wav\n",
                                f->folder, f->folder, f->folder, f->folder),
                     OK);
    fixture_write(f, "in/wav.scp", text);
    mem_free(&text);
    fixture_corpus(f, "in");
    const char *rows = fixture_rows(f);
    static const char *const wanted[] = {"a !invalid: line 1: wav.scp has a command",
                                         "b !invalid: line 2: wav.scp has",
                                         "c !invalid: line 3: wav.scp has a place in an archive",
                                         "d !invalid: line 4: wav.scp has a place in an archive",
                                         "e !invalid: line 5: wav.scp has a command",
                                         "g !invalid: line 7: no path behind the key",
                                         "h audio=ok.wav\n"};
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) assert_non_null(strstr(rows, wanted[i]));
    corpus_index *x = fixture_index(f, "state", NULL, NULL);
    corpus_index_close(&x);
    assert_false(file_exists(fixture_path(f, "ran")));
}

static void order_is_checked(void **state)
{
    fixture *f = *state;
    fixture_write(f, "in/wav.scp", "b b.wav\na a.wav\na c.wav\n");
    fixture_corpus(f, "in");
    assert_string_equal(fixture_rows(f), "b audio=b.wav\na audio=a.wav\na audio=c.wav\n"); /* nothing to join */
    fixture_write(f, "in/text", "a x\nb y\n");
    assert_int_equal(fixture_error(f), ERR_CONFIG);
    assert_non_null(strstr(status_message(), "wav.scp: line 2 comes before"));
    assert_int_equal(file_remove(fixture_path(f, "in/text")), OK);
    fixture_write(f, "in/segments", "u a 0 1\n");
    assert_int_equal(fixture_error(f), ERR_CONFIG);
    assert_non_null(strstr(status_message(), "wav.scp: line 2 comes before"));
    fixture_write(f, "in/wav.scp", "a a.wav\nb b.wav\n");
    assert_string_equal(fixture_rows(f), "u audio=a.wav duration=1\n");
    fixture_write(f, "in/utt2spk", "u x\nt y\n");
    assert_int_equal(fixture_error(f), ERR_CONFIG);
    assert_non_null(strstr(status_message(), "utt2spk: line 2 comes before"));
}

static void broken_lines_are_rejected_rows(void **state)
{
    fixture *f = *state;
    static const char scp[] = "a a.wav\nb \xFF.wav\nc c\0.wav\nd ../d.wav\ne /etc/e.wav\nf f.wav\n";
    fixture_write_bytes(f, "in/wav.scp", scp, sizeof scp - 1);
    fixture_write(f, "in/text", "a ok\nf \xFF\n");
    fixture_corpus(f, "in");
    assert_string_equal(fixture_rows(f),
                        "a audio=a.wav text=ok\n"
                        "line-2 !invalid: line 2: the line: not UTF-8 (byte 3)\n"
                        "line-3 !invalid: line 3: the line: has a zero byte\n"
                        "d !invalid: line 4: audio_filepath leaves the corpus root: ../d.wav\n"
                        "e !invalid: line 5: audio_filepath is outside of the corpus root: /etc/e.wav\n"
                        "f audio=f.wav !invalid: line 6: text: not UTF-8 (byte 1)\n");
}

/* Keys are joined by their bytes: what they would become may be in another order, or the same. */
static void wrong_bytes_can_be_replaced(void **state)
{
    fixture *f = *state;
    f->options.invalid_utf8 = INVALID_REPLACE;
    fixture_write(f, "in/wav.scp", "a a\xFF.wav\nb\x80 b.wav\n\xC3\xA9 c.wav\n");
    fixture_write(f, "in/text", "a caf\xE9\nb\x80 \xE2\x82 x\n\xC3\xA9 good\n");
    fixture_write(f, "in/utt2spk", "a \xFF\n");
    fixture_corpus(f, "in");
    assert_string_equal(fixture_rows(f), "a audio=a\xEF\xBF\xBD.wav text=caf\xEF\xBF\xBD "
                                         "extra={\"speaker\":\"\xEF\xBF\xBD\"}\n"
                                         "b\xEF\xBF\xBD audio=b.wav text=\xEF\xBF\xBD x\n"
                                         "\xC3\xA9 audio=c.wav text=good\n");
    fixture_write(f, "in/segments", "a\xFF b\x80 0 1\n");
    assert_string_equal(fixture_rows(f), "a\xEF\xBF\xBD audio=b.wav duration=1\n");
}

/* Every file of the folder that is read counts, and corpus.root says where paths start. */
static void hash_and_root(void **state)
{
    fixture *f = *state;
    static const char *const files[] = {"in/wav.scp", "in/segments", "in/text", "in/utt2spk", "in/utt2lang"};
    char before[33] = "", after[33], *root = NULL;
    fixture_corpus(f, "in");
    for (size_t i = 0; i < 5; i++) {
        fixture_write(f, files[i], i ? "a a 1 2\n" : "a a.wav\n");
        assert_int_equal(corpus_manifest_hash(&f->options, after), OK);
        assert_string_not_equal(before, after);
        memcpy(before, after, sizeof before);
    }
    fixture_write(f, "in/notes", "x");
    assert_int_equal(corpus_manifest_hash(&f->options, after), OK);
    assert_string_equal(before, after);
    assert_int_equal(corpus_root(&f->options, &root), OK);
    assert_string_equal(root, f->path);
    mem_free(&root);
    snprintf(f->root, sizeof f->root, "%s", f->folder);
    assert_int_equal(corpus_root(&f->options, &root), OK);
    assert_string_equal(root, f->folder);
    mem_free(&root);
    f->options.format = CORPUS_FOLDER;
    assert_int_equal(corpus_root(&f->options, &root), OK);
    assert_string_equal(root, f->path);
    mem_free(&root);
    f->options.format = CORPUS_KALDI;
    fixture_write(f, "empty/x", "");
    fixture_corpus(f, "empty");
    assert_int_equal(fixture_error(f), ERR_CONFIG);
    assert_non_null(strstr(status_message(), "has no wav.scp"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_start, fixture_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(recordings_are_rows),
        TEST(segments_are_rows),
        TEST(commands_are_not_run),
        TEST(order_is_checked),
        TEST(broken_lines_are_rejected_rows),
        TEST(wrong_bytes_can_be_replaced),
        TEST(hash_and_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
