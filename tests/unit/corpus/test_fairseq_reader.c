#include "corpus_fixture.h"

#include "base/memory.h"
#include "base/status.h"
#include "corpus/manifest.h"

#include <stdio.h>
#include <string.h>

/* The rows of a manifest in/m.tsv whose first line is `root`. */
static const char *rows_of(fixture *f, const char *root, const char *rest)
{
    char *text = NULL;
    assert_int_equal(mem_format(&text, "%s%s", root, rest), OK);
    fixture_write(f, "in/m.tsv", text);
    fixture_corpus(f, "in/m.tsv");
    mem_free(&text);
    return fixture_rows(f);
}

static void paths_are_ids(void **state)
{
    fixture *f = *state;
    fixture_write(f, "in/sound/x/a.wav", "");
    assert_string_equal(rows_of(f, "\xEF\xBB\xBF",
                                "sound\r\n"
                                "x/a.wav\t16000\r\n"
                                "x/a.flac\t1\n"
                                "./x/b.c.ogg\t0\n"
                                "\n"
                                "no-ending\t7"),
                        "x/a audio=x/a.wav\n"
                        "x/a.flac audio=x/a.flac\n"
                        "x/b.c audio=x/b.c.ogg\n"
                        "no-ending audio=no-ending\n");
    char *root = NULL;
    assert_int_equal(corpus_root(&f->options, &root), OK);
    assert_string_equal(root, fixture_path(f, "in/sound"));
    mem_free(&root);
}

/* Frames serve to plan, as if at 16 kHz, and only as long as no file was opened. */
static void frames_are_a_hint(void **state)
{
    fixture *f = *state;
    fixture_write(f, "in/a.wav", "x");
    fixture_write(f, "in/m.tsv", ".\na.wav\t40000\n");
    fixture_corpus(f, "in/m.tsv");
    corpus_index *x = fixture_index(f, "state", NULL, NULL);
    corpus_row row;
    assert_int_equal(corpus_index_row(x, 0, &row), OK);
    assert_int_equal(row.audio_frames, 40000);
    assert_int_equal(row.audio_rate_hz, 0);
    assert_true(row.duration_s < 0);
    assert_float_equal(corpus_row_seconds(&row), 2.5, 0);
    corpus_index_close(&x);
}

static void broken_lines_are_rejected_rows(void **state)
{
    fixture *f = *state;
    assert_string_equal(rows_of(f, ".\n",
                                "a.wav\t1\n"
                                "b.wav\n"
                                "c.wav\t-1\n"
                                "d.wav\t1.5\n"
                                "e.wav\t9999999999999999\n"
                                "f.wav\t1\t2\n"
                                "\t5\n"
                                "../g.wav\t1\n"
                                "/etc/passwd\t1\n"
                                "h\xFF.wav\t1\n"
                                "i/\t1\n"),
                        "a audio=a.wav\n"
                        "b audio=b.wav !invalid: line 3: not a path, a tab, and a whole number of samples\n"
                        "c audio=c.wav !invalid: line 4: not a path, a tab, and a whole number of samples\n"
                        "d audio=d.wav !invalid: line 5: not a path, a tab, and a whole number of samples\n"
                        "e audio=e.wav !invalid: line 6: not a path, a tab, and a whole number of samples\n"
                        "f audio=f.wav !invalid: line 7: not a path, a tab, and a whole number of samples\n"
                        "line-8 !invalid: line 8: no medium and no text\n"
                        "line-9 !invalid: line 9: audio_filepath leaves the corpus root: ../g.wav\n"
                        "line-10 !invalid: line 10: audio_filepath is outside of the corpus root: /etc/passwd\n"
                        "line-11 !invalid: line 11: not UTF-8 (byte 2)\n"
                        "line-12 !invalid: line 12: audio_filepath names no file: i/\n");
    fixture_write_bytes(f, "in/m.tsv", ".\na.wav\t1\nb\0.wav\t1\n", 19);
    assert_string_equal(fixture_rows(f), "a audio=a.wav\nline-3 !invalid: line 3: has a zero byte\n");
}

/* The folder of the first line, unless corpus.root lies elsewhere. */
static void roots(void **state)
{
    fixture *f = *state;
    char *root = NULL, *text = NULL;
    fixture_write(f, "a/b/x.wav", "");
    fixture_write(f, "c/x.wav", "");
    assert_int_equal(mem_format(&text, "%s/a/b\nx.wav\t1\n../x.wav\t2\n", f->folder), OK);
    fixture_write(f, "in/m.tsv", text);
    fixture_corpus(f, "in/m.tsv");
    const char *const given[] = {"", "a/b", "a", "c", "a/b/../b", "a/bb"}, *const found[] = {"a/b", "a/b", "a/b",
                                                                                             "c",   "a/b", "a/bb"};
    fixture_write(f, "a/bb/x.wav", "");
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        snprintf(f->root, sizeof f->root, "%s%s%s", *given[i] ? f->folder : "", *given[i] ? "/" : "", given[i]);
        assert_int_equal(corpus_root(&f->options, &root), OK);
        assert_string_equal(root, fixture_path(f, found[i]));
        mem_free(&root);
        assert_string_equal(fixture_rows(f), "x audio=x.wav\n"
                                             "line-3 !invalid: line 3: audio_filepath leaves the corpus root: "
                                             "../x.wav\n");
    }
    mem_free(&text);
    f->root[0] = 0;
    fixture_write(f, "in/m.tsv", "/nonexistent/folder\nx.wav\t1\n");
    assert_int_equal(fixture_error(f), ERR_CONFIG);
    assert_non_null(strstr(status_message(), "/nonexistent/folder"));
    assert_non_null(strstr(status_message(), "corpus.root"));
    snprintf(f->root, sizeof f->root, "%s/c", f->folder);
    assert_string_equal(fixture_rows(f), "x audio=x.wav\n");
}

static void other_manifests_are_not_taken(void **state)
{
    fixture *f = *state;
    const char *const others[] = {"text\nhello\t5\n", "id\ttext\na\t5\n", "audio_filepath\nx.wav\n"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        manifest *m = NULL;
        fixture_write(f, "in/m.tsv", others[i]);
        fixture_corpus(f, "in/m.tsv");
        assert_int_equal(manifest_open(&m, &f->options), OK);
        assert_ptr_equal(manifest_kind_of(m), &tsv_manifest);
        manifest_close(&m);
    }
    f->options.format = CORPUS_FAIRSEQ;
    fixture_write(f, "in/m.tsv", "a\tb\n");
    assert_int_equal(fixture_error(f), ERR_CONFIG);
    fixture_write(f, "in/m.tsv", "");
    assert_int_equal(fixture_error(f), ERR_CONFIG);
}

static void transcripts_lie_beside(void **state)
{
    fixture *f = *state;
    char before[33], after[33];
    fixture_write(f, "in/m.wrd", "HELLO THERE \r\n\nW\xFFRONG\n");
    assert_string_equal(rows_of(f, ".\n", "a.wav\t1\nb.wav\t2\nc.wav\t3\n"),
                        "a audio=a.wav text=HELLO THERE\nb audio=b.wav\n"
                        "c audio=c.wav !invalid: line 4: transcript: not UTF-8 (byte 2)\n");
    assert_int_equal(corpus_manifest_hash(&f->options, before), OK);
    fixture_write(f, "in/m.wrd", "ONE\nTWO\n");
    assert_string_equal(fixture_rows(f), "a audio=a.wav\nb audio=b.wav\nc audio=c.wav\n");
    fixture_write(f, "in/m.wrd", "ONE\nTWO\nTHREE");
    assert_string_equal(fixture_rows(f), "a audio=a.wav text=ONE\nb audio=b.wav text=TWO\nc audio=c.wav text=THREE\n");
    assert_int_equal(corpus_manifest_hash(&f->options, after), OK);
    assert_string_not_equal(before, after);
}

static void wrong_bytes_can_be_replaced(void **state)
{
    fixture *f = *state;
    f->options.invalid_utf8 = INVALID_REPLACE;
    fixture_write(f, "in/m.wrd", "caf\xE9\nplain\n");
    assert_string_equal(rows_of(f, ".\n", "a.wav\t1\nb\xFF.wav\t2\n"),
                        "a audio=a.wav text=caf\xEF\xBF\xBD\n"
                        "b\xEF\xBF\xBD audio=b\xEF\xBF\xBD.wav text=plain\n");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_start, fixture_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(paths_are_ids),
        TEST(frames_are_a_hint),
        TEST(broken_lines_are_rejected_rows),
        TEST(wrong_bytes_can_be_replaced),
        TEST(roots),
        TEST(other_manifests_are_not_taken),
        TEST(transcripts_lie_beside),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
