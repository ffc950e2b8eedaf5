#include "corpus_fixture.h"

#include "base/status.h"
#include "corpus/manifest.h"

#include <string.h>

static const char *rows_of(fixture *f, const char *text)
{
    fixture_write(f, "in/m.tsv", text);
    fixture_corpus(f, "in/m.tsv");
    return fixture_rows(f);
}

static void columns_are_keys(void **state)
{
    fixture *f = *state;
    assert_string_equal(rows_of(f, "\xEF\xBB\xBFid\taudio_filepath\tduration\toffset\tspeaker\torder\tgroup\ttext\r\n"
                                   "a\tx.wav\t1.5\t2e-1\tAnn\t2\tg\t\"quoted\"\r\n"
                                   "\n"
                                   "\ty.wav\t\t\t\t\t\t\n"
                                   "b\t\t\t\t\t\tg\tlast"),
                        "a group=g order=2 audio=x.wav text=\"quoted\" extra={\"speaker\":\"Ann\"} offset=0.2 "
                        "duration=1.5\n"
                        "y.wav audio=y.wav\n"
                        "b group=g order=2 text=last\n");
}

static void broken_lines_are_rejected_rows(void **state)
{
    fixture *f = *state;
    assert_string_equal(rows_of(f, "id\taudio_filepath\tduration\torder\n"
                                   "a\tx.wav\n"
                                   "b\tx.wav\t1\t2\t3\n"
                                   "c\tx.wav\tnan\t\n"
                                   "d\tx.wav\t0x10\t\n"
                                   "e\tx.wav\t-1\t\n"
                                   "f\tx.wav\t\t1.5\n"
                                   "g\tx.wav\t\t99999999999999999999\n"
                                   "h\t../x.wav\t\t\n"
                                   "i\tx\xFF.wav\t\t\n"
                                   "\xFF\tx.wav\t\t\n"
                                   "k\t\t\t\n"
                                   "l\tx.wav\t\t\n"),
                        "a audio=x.wav !invalid: line 2: 2 cells, but the header has 4\n"
                        "b order=2 audio=x.wav duration=1 !invalid: line 3: 5 cells, but the header has 4\n"
                        "c audio=x.wav !invalid: line 4: duration is not a number\n"
                        "d audio=x.wav !invalid: line 5: duration is not a number\n"
                        "e audio=x.wav !invalid: line 6: duration is -1, not in 0..1e+09\n"
                        "f audio=x.wav !invalid: line 7: order is not a whole number\n"
                        "g audio=x.wav !invalid: line 8: order is not a whole number\n"
                        "h !invalid: line 9: audio_filepath leaves the corpus root: ../x.wav\n"
                        "i !invalid: line 10: not UTF-8 (byte 4)\n"
                        "line-11 audio=x.wav !invalid: line 11: not UTF-8 (byte 1)\n"
                        "k !invalid: line 12: no medium and no text\n"
                        "l audio=x.wav\n");
}

static void wrong_bytes_can_be_replaced(void **state)
{
    fixture *f = *state;
    f->options.invalid_utf8 = INVALID_REPLACE;
    assert_string_equal(rows_of(f, "id\ttext\n"
                                   "a\tcaf\xE9 \xE2\x82 x\r\n"
                                   "b\tgood\n"
                                   "c\t\xFF"),
                        "a text=caf\xEF\xBF\xBD \xEF\xBF\xBD x\n"
                        "b text=good\n"
                        "c text=\xEF\xBF\xBD\n");
}

static void wrong_headers_are_refused(void **state)
{
    fixture *f = *state;
    static const char *const wrong[] = {"",           "\n",         "id\tpath\nx\ty\n", "text\t\ttext2\n",
                                        "text\ttext", "text\t\xFF", "messages\ttext\n"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        manifest *m = NULL;
        fixture_write(f, "in/m.tsv", wrong[i]);
        fixture_corpus(f, "in/m.tsv");
        assert_int_equal(manifest_open(&m, &f->options), ERR_CONFIG);
        assert_non_null(strstr(status_message(), "m.tsv"));
        assert_null(m);
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_start, fixture_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(columns_are_keys),
        TEST(broken_lines_are_rejected_rows),
        TEST(wrong_bytes_can_be_replaced),
        TEST(wrong_headers_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
