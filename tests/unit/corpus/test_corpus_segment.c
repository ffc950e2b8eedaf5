/* What building a segment finds out about its rows: files, captions, probes. */
#include "corpus_fixture.h"

#include "base/memory.h"
#include "base/status.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char *all[] = {"train: 1"};

/* Index the folder "in", all rows in one split. */
static corpus_index *index_folder(fixture *f, const char *state, corpus_probe probe, void *user)
{
    f->options.splits = (option_list){all, 1};
    return fixture_index(f, state, probe, user);
}

static void captions_become_text(void **state)
{
    fixture *f = *state;
    fixture_write(f, "in/a.wav", "");
    fixture_write(f, "in/a.txt", "\xEF\xBB\xBFone caf\xC3\xA9\r\n \n");
    fixture_write(f, "in/b.txt", "  kept blanks, two\nlines");
    fixture_write(f, "in/c.wav", "");
    fixture_write(f, "in/c.txt", " \n");
    corpus_index *x = index_folder(f, "state", NULL, NULL);
    assert_string_equal(fixture_index_rows(f, x), "0 0 a audio=a.wav text=one caf\xC3\xA9\n"
                                                  "0 1 b text=  kept blanks, two\nlines\n"
                                                  "0 2 c audio=c.wav\n");
    assert_int_equal(corpus_index_totals(x)->text_rows, 2);
    assert_int_equal(corpus_index_totals(x)->text_bytes, 9 + 24);
    corpus_index_close(&x);
}

static void wrong_captions_and_files_reject_their_row(void **state)
{
    fixture *f = *state;
    fixture_write(f, "in/bad.txt", "caf\xE9");
    fixture_write(f, "in/bad.wav", "");
    fixture_write(f, "in/empty.txt", "\n");
    fixture_write_bytes(f, "in/zero.txt", "a\0b", 3);
    fixture_write(f, "in/long.txt", "");
    assert_int_equal(truncate(fixture_path(f, "in/long.txt"), (16 << 20) + 1), 0);
    assert_int_equal(symlink("nowhere", fixture_path(f, "in/gone.wav")), 0);
    assert_int_equal(symlink("nowhere", fixture_path(f, "in/lost.txt")), 0);
    assert_int_equal(mkfifo(fixture_path(f, "in/pipe.wav"), 0600), 0);
    corpus_index *x = index_folder(f, "state", NULL, NULL);
    assert_string_equal(fixture_index_rows(f, x), "0 0 bad audio=bad.wav !invalid: bad.txt: not UTF-8 (byte 4)\n"
                                                  "0 1 empty !invalid: empty.txt: no text in it\n"
                                                  "0 2 gone audio=gone.wav !missing-file: gone.wav: no such file\n"
                                                  "0 3 long !too-large: long.txt: more than 16777216 bytes of text\n"
                                                  "0 4 lost !missing-file: lost.txt: no such file\n"
                                                  "0 5 pipe audio=pipe.wav !invalid: pipe.wav: not a regular file\n"
                                                  "0 6 zero !invalid: zero.txt: has a zero byte\n");
    assert_int_equal(corpus_index_totals(x)->rejected, 7);
    assert_int_equal(corpus_index_totals(x)->audio_rows, 0);
    corpus_index_close(&x);
}

static void wrong_captions_can_be_mended(void **state)
{
    fixture *f = *state;
    f->options.invalid_utf8 = INVALID_REPLACE;
    fixture_write(f, "in/bad.txt", "caf\xE9!\n");
    corpus_index *x = index_folder(f, "state", NULL, NULL);
    assert_string_equal(fixture_index_rows(f, x), "0 0 bad text=caf\xEF\xBF\xBD!\n");
    corpus_index_close(&x);
}

typedef struct prober {
    int n_calls, job_error;
} prober;

static int probe(void *user, const char *root, corpus_row *row)
{
    int rc = OK;
    prober *p = user;
    char *path = NULL;
    p->n_calls++;
    if (p->job_error) FAIL(p->job_error, "as planned");
    if (corpus_row_has(row, MEDIA_IMAGE)) {
        row->image_width = 30;
        row->image_height = 20;
    }
    if (corpus_row_has(row, MEDIA_AUDIO)) {
        TRY(corpus_row_path(row, MEDIA_AUDIO, root, &path));
        if (strstr(path, "damaged")) FAIL(ERR_FORMAT, "cannot open %s: no header", path);
        row->audio_rate_hz = 8000;
        row->audio_channels = 1;
        row->audio_frames = 12000;
    }
done:
    mem_free(&path);
    return rc;
}

static void write_media(fixture *f, const char *folder)
{
    static const char *const files[] = {"a.wav", "a.png", "b.jpg", "damaged.wav"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char file[64];
        snprintf(file, sizeof file, "%s/%s", folder, files[i]);
        fixture_write(f, file, "12345");
    }
    fixture_corpus(f, folder);
}

static void probes_fill_or_reject_rows(void **state)
{
    fixture *f = *state;
    prober p = {0};
    corpus_row row;
    struct stat st;
    write_media(f, "in");
    corpus_index *x = index_folder(f, "state", probe, &p);
    assert_int_equal(p.n_calls, 3);
    assert_string_equal(fixture_index_rows(f, x),
                        "0 0 a audio=a.wav image=a.png\n"
                        "0 1 b image=b.jpg\n"
                        "0 2 damaged audio=damaged.wav !damaged: cannot open damaged.wav: no header\n");
    assert_int_equal(corpus_index_row(x, 0, &row), OK);
    assert_int_equal(row.media[MEDIA_AUDIO].size, 5);
    assert_int_equal(row.media[MEDIA_SENSOR].size, -1);
    assert_int_equal(row.media[MEDIA_AUDIO].tar_offset, -1);
    assert_int_equal(row.image_width, 30);
    assert_true(corpus_row_seconds(&row) == 1.5);
    assert_int_equal(stat(fixture_path(f, "in/a.wav"), &st), 0);
    assert_int_equal(row.media[MEDIA_AUDIO].mtime_ns, st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec);
    const corpus_totals *t = corpus_index_totals(x);
    assert_int_equal(t->rows, 3);
    assert_int_equal(t->rejected, 1);
    assert_int_equal(t->audio_rows, 1);
    assert_int_equal(t->image_rows, 2);
    assert_true(t->audio_seconds == 1.5);
    assert_int_equal(t->pixels, 1200);
    assert_int_equal(t->media_bytes, 15);
    corpus_index_close(&x);
}

static void place_and_times_are_not_content(void **state)
{
    fixture *f = *state;
    char hash[33];
    prober p = {0};
    write_media(f, "in");
    fixture_write(f, "in/lost.txt", "\xFF");
    corpus_index *x = index_folder(f, "state1", probe, &p);
    snprintf(hash, sizeof hash, "%s", corpus_index_hash(x));
    corpus_index_close(&x);
    write_media(f, "elsewhere/deep/in");
    fixture_write(f, "elsewhere/deep/in/lost.txt", "\xFF");
    x = index_folder(f, "state2", probe, &p);
    assert_string_equal(corpus_index_hash(x), hash);
    assert_non_null(strstr(corpus_index_root(x), "elsewhere/deep/in"));
    fixture_corpus(f, "in");
    assert_int_equal(corpus_index_set_root(x, &f->options), OK);
    assert_string_equal(corpus_index_root(x), f->path);
    corpus_index_close(&x);
    fixture_write(f, "elsewhere/deep/in/a.wav", "123456");
    fixture_corpus(f, "elsewhere/deep/in");
    x = index_folder(f, "state3", probe, &p);
    assert_string_not_equal(corpus_index_hash(x), hash);
    corpus_index_close(&x);
}

static void only_what_the_manifest_lacks_is_probed(void **state)
{
    fixture *f = *state;
    static const int expected[] = {[PROBE_AUTO] = 3, [PROBE_ALWAYS] = 5, [PROBE_NEVER] = 0};
    corpus_row row;
    write_media(f, "in");
    fixture_write(f, "in/m.jsonl",
                  "{\"id\":\"1\",\"audio_filepath\":\"a.wav\",\"duration\":2}\n"
                  "{\"id\":\"2\",\"audio_filepath\":\"a.wav\",\"offset\":1}\n"
                  "{\"id\":\"3\",\"image_filepath\":\"a.png\"}\n"
                  "{\"id\":\"4\",\"sensor_filepath\":\"a.wav\",\"rate_hz\":10}\n"
                  "{\"id\":\"5\",\"sensor_filepath\":\"a.wav\"}\n"
                  "{\"id\":\"6\",\"audio_filepath\":\"gone.wav\"}\n"
                  "{\"id\":\"7\",\"audio_filepath\":\"a.wav\",\"offset\":-1}\n"
                  "{\"id\":\"8\",\"text\":\"no file\"}\n");
    fixture_corpus(f, "in/m.jsonl");
    for (int mode = PROBE_AUTO; mode <= PROBE_NEVER; mode++) {
        prober p = {0};
        char folder[16];
        snprintf(folder, sizeof folder, "state%d", mode);
        f->options.probe = mode;
        corpus_index *x = index_folder(f, folder, probe, &p);
        assert_int_equal(p.n_calls, expected[mode]);
        assert_int_equal(corpus_index_totals(x)->rejected, 2);
        assert_int_equal(corpus_index_row(x, 0, &row), OK);
        assert_int_equal(row.media[MEDIA_AUDIO].size, 5); /* looked up in any case */
        assert_true(corpus_row_seconds(&row) == 2);
        assert_int_equal(corpus_index_row(x, 1, &row), OK);
        assert_true(corpus_row_seconds(&row) == (mode == PROBE_NEVER ? 0 : 0.5));
        corpus_index_close(&x);
    }
}

static void errors_of_job_and_environment_come_back(void **state)
{
    fixture *f = *state;
    static const int codes[] = {ERR_ENVIRONMENT, ERR_MEMORY, ERR_STOPPED};
    write_media(f, "in");
    f->options.splits = (option_list){all, 1};
    for (int i = 0; i < 3; i++) {
        prober p = {.job_error = codes[i]};
        assert_int_equal(fixture_build(f, "state", probe, NULL, &p), codes[i]);
        assert_string_equal(status_message(), "as planned");
    }
    prober p = {0};
    corpus_index *x = index_folder(f, "state", probe, &p);
    assert_int_equal(corpus_index_rows(x), 3);
    corpus_index_close(&x);
}

static void a_finished_build_does_nothing_again(void **state)
{
    fixture *f = *state;
    prober p = {0};
    write_media(f, "in");
    corpus_index *x = index_folder(f, "state", probe, &p);
    corpus_index_close(&x);
    p.n_calls = 0;
    fixture_write(f, "in/new.wav", "");
    x = index_folder(f, "state", probe, &p);
    assert_int_equal(p.n_calls, 0);
    assert_int_equal(corpus_index_rows(x), 3);
    char hex[33];
    assert_int_equal(corpus_manifest_hash(&f->options, hex), OK);
    assert_string_not_equal(hex, corpus_index_manifest(x)); /* the caller sees that the corpus has changed */
    corpus_index_close(&x);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_start, fixture_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(captions_become_text),
        TEST(wrong_captions_and_files_reject_their_row),
        TEST(wrong_captions_can_be_mended),
        TEST(probes_fill_or_reject_rows),
        TEST(place_and_times_are_not_content),
        TEST(only_what_the_manifest_lacks_is_probed),
        TEST(errors_of_job_and_environment_come_back),
        TEST(a_finished_build_does_nothing_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
