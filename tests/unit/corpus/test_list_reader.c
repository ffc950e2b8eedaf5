#include "corpus_fixture.h"

#include "base/memory.h"
#include "base/status.h"
#include "corpus/manifest.h"

#include <string.h>

static const char *rows_of(fixture *f, const char *file, const char *text)
{
    fixture_write(f, file, text);
    fixture_corpus(f, file);
    return fixture_rows(f);
}

static void endings_say_what_it_is(void **state)
{
    fixture *f = *state;
    static const char list[] = "\xEF\xBB\xBFx/cat.png\r\n"
                               "x/dog.WAV\n"
                               "\n"
                               "./y.z/bird.ogg\n"
                               "word.txt\n"
                               "last.jpeg";
    static const char rows[] = "x/cat image=x/cat.png\n"
                               "x/dog audio=x/dog.WAV\n"
                               "y.z/bird audio=y.z/bird.ogg\n"
                               "word text=word.txt\n"
                               "last image=last.jpeg\n";
    assert_string_equal(rows_of(f, "in/m.lst", list), rows);
    assert_string_equal(rows_of(f, "in/m.list", list), rows);
    assert_string_equal(rows_of(f, "in/m.txt", list), rows);
    f->options.format = CORPUS_LIST;
    assert_string_equal(rows_of(f, "in/m", list), rows);
    f->options.format = CORPUS_AUTO;
    fixture_write(f, "in/m.txt", "just some words\n");
    fixture_corpus(f, "in/m.txt");
    assert_int_equal(fixture_error(f), ERR_CONFIG);
}

/* As in a folder, as far as the lines are neighbours. */
static void neighbours_with_one_stem_are_one_row(void **state)
{
    fixture *f = *state;
    assert_string_equal(rows_of(f, "in/m.lst",
                                "a.ogg\na.png\na.txt\n"
                                "b.wav\nb.flac\nb.png\n"
                                "c.png\nd/c.wav\n"
                                "e.txt\ne.foo\ne.wav\n"),
                        "a audio=a.ogg image=a.png text=a.txt\n"
                        "b audio=b.wav\n"
                        "b.flac audio=b.flac image=b.png\n"
                        "c image=c.png\n"
                        "d/c audio=d/c.wav\n"
                        "e text=e.txt\n"
                        "e.foo !invalid: line 10: its ending is none of a picture, a sound or a text: e.foo\n"
                        "e.wav audio=e.wav\n");
}

static void captions_are_read(void **state)
{
    fixture *f = *state;
    fixture_write(f, "in/a.png", "x");
    fixture_write(f, "in/a.txt", "a cat\n");
    fixture_write(f, "in/m.lst", "a.png\na.txt\ngone.txt\n");
    fixture_corpus(f, "in/m.lst");
    char *all[] = {"train: 1"};
    f->options.splits = (option_list){all, 1};
    corpus_index *x = fixture_index(f, "state", NULL, NULL);
    assert_string_equal(fixture_index_rows(f, x), "0 0 a image=a.png text=a cat\n"
                                                  "0 1 gone !missing-file: gone.txt: no such file\n");
    corpus_index_close(&x);
}

static void hostile_lines_are_rejected_rows(void **state)
{
    fixture *f = *state;
    fixture_write(f, "secret.txt", "secret");
    static const char list[] = "../x.wav\n"
                               "../secret.txt\n"
                               "/etc/secret.txt\n"
                               "a/../../x.png\n"
                               "b\0.wav\n"
                               "c\xFF.wav\n"
                               "d.wav\tmore\n"
                               ".wav\n"
                               "good.wav\n"
                               "good.txt\n";
    fixture_write_bytes(f, "in/m.lst", list, sizeof list - 1);
    fixture_corpus(f, "in/m.lst");
    assert_string_equal(fixture_rows(f),
                        "line-1 !invalid: line 1: audio_filepath leaves the corpus root: ../x.wav\n"
                        "line-2 !invalid: line 2: the text leaves the corpus root: ../secret.txt\n"
                        "line-3 !invalid: line 3: the text is outside of the corpus root: /etc/secret.txt\n"
                        "line-4 !invalid: line 4: image_filepath leaves the corpus root: a/../../x.png\n"
                        "line-5 !invalid: line 5: not UTF-8, or a zero byte in it\n"
                        "line-6 !invalid: line 6: not UTF-8, or a zero byte in it\n"
                        "d !invalid: line 7: its ending is none of a picture, a sound or a text: d.wav?more\n"
                        ".wav !invalid: line 8: its ending is none of a picture, a sound or a text: .wav\n"
                        "good audio=good.wav text=good.txt\n");
}

static void outside_where_allowed(void **state)
{
    fixture *f = *state;
    char *text = NULL;
    fixture_write(f, "out/a.png", "x");
    fixture_write(f, "out/a.txt", "a cat");
    assert_int_equal(mem_format(&text, "%s/out/a.png\n%s/out/a.txt\n", f->folder, f->folder), OK);
    fixture_write(f, "in/m.lst", text);
    mem_free(&text);
    fixture_corpus(f, "in/m.lst");
    f->options.allow_outside = 1;
    corpus_index *x = fixture_index(f, "state", NULL, NULL);
    corpus_row row;
    assert_int_equal(corpus_index_row(x, 0, &row), OK);
    assert_int_equal(row.status, OK);
    assert_int_equal(row.field[FIELD_TEXT].n, 5);
    assert_memory_equal(row.field[FIELD_TEXT].bytes, "a cat", 5);
    corpus_index_close(&x);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_start, fixture_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(endings_say_what_it_is), TEST(neighbours_with_one_stem_are_one_row),
        TEST(captions_are_read),      TEST(hostile_lines_are_rejected_rows),
        TEST(outside_where_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
