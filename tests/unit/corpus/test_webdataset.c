#include "corpus_fixture.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "corpus/manifest.h"
#include "tar_build.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void write_tar(fixture *f, const char *file, tar_build *t)
{
    tar_build_end(t);
    fixture_write_bytes(f, file, t->bytes, t->n);
    mem_free(&t->bytes);
    *t = (tar_build){0};
}

/* One member is enough where only the names of the tars matter. */
static void write_simple(fixture *f, const char *file, const char *member)
{
    tar_build t = {0};
    tar_build_file(&t, member, "x");
    write_tar(f, file, &t);
}

static const char *rows_of(fixture *f, tar_build *t)
{
    write_tar(f, "in/t.tar", t);
    fixture_corpus(f, "in/t.tar");
    return fixture_rows(f);
}

static void samples_are_rows(void **state)
{
    fixture *f = *state;
    tar_build t = {0};
    tar_build_add(&t, "./", '5', "", 0);
    tar_build_file(&t, "./d/a.JPG", "picture");
    tar_build_file(&t, "./d/a.Txt", "\xEF\xBB\xBF the caption\n");
    tar_build_file(&t, "d/b.c/e.wav", "sound");
    tar_build_file(&t, "d/b.c/e.json",
                   "{\"text\":\"hello\",\"lang\":\"fr\",\"duration\":2,\"offset\":1,\"group\":\"g\",\"order\":3,"
                   "\"role\":\"user\",\"license\":\"CC0\",\"audio_filepath\":\"/else/where.wav\",\"width\":7}");
    tar_build_file(&t, "d/b.c/e.cls", "12\n");
    tar_build_file(&t, "n.npy", "array");
    tar_build_file(&t, "n.txt", " \n");
    tar_build_file(&t, "text.txt", "only");
    tar_build_file(&t, "own.png", "x");
    tar_build_file(&t, "own.json", "{\"id\":77}");
    tar_build_file(&t, "README", "no key");
    tar_build_file(&t, "d/.hidden.jpg", "no key");
    tar_build_file(&t, "other.pdf", "no medium");
    tar_build_file(&t, "../up.png", "a name, not a place");
    assert_string_equal(rows_of(f, &t),
                        "d/a image=t.tar!./d/a.JPG text= the caption\n"
                        "d/b.c/e group=g order=3 role=user audio=t.tar!d/b.c/e.wav text=hello lang=fr license=CC0 "
                        "extra={\"cls\":\"12\",\"width\":7} offset=1 duration=2\n"
                        "n data=t.tar!n.npy\n"
                        "text text=only\n"
                        "77 image=t.tar!own.png\n"
                        "../up image=t.tar!../up.png\n");
}

static void several_media_are_rows_of_their_own(void **state)
{
    fixture *f = *state;
    tar_build t = {0};
    tar_build_file(&t, "a.Left.png", "l");
    tar_build_file(&t, "a.right.png", "r");
    tar_build_file(&t, "a.wav", "s");
    tar_build_file(&t, "a.txt", "text of all");
    tar_build_file(&t, "b.wav", "s");
    tar_build_file(&t, "b.flac", "s");
    tar_build_file(&t, "b.json", "{\"id\":\"x\"}");
    assert_string_equal(rows_of(f, &t), "a.Left.png image=t.tar!a.Left.png text=text of all\n"
                                        "a.right.png image=t.tar!a.right.png text=text of all\n"
                                        "a.wav audio=t.tar!a.wav text=text of all\n"
                                        "x.wav audio=t.tar!b.wav\n"
                                        "x.flac audio=t.tar!b.flac\n");
}

static void wrong_samples_are_rejected_with_a_reason(void **state)
{
    fixture *f = *state;
    tar_build t = {0};
    char many[16];
    tar_build_file(&t, "a.png", "1");
    tar_build_file(&t, "a.PNG", "2");
    tar_build_add(&t, "b.png", '2', "", 0);
    tar_build_add(&t, "c.wav", '1', "", 0);
    tar_build_file(&t, "c.txt", "text");
    tar_build_pax(&t, "GNU.sparse.name", "d.png");
    tar_build_file(&t, "made/up", "map");
    tar_build_file(&t, "e.json", "[1]");
    tar_build_file(&t, "f.json", "{\"text\":");
    tar_build_file(&t, "g.json", "{\"messages\":[]}");
    tar_build_file(&t, "h.txt", "\xff");
    tar_build_file(&t, "i.json", "{\"a\":1}");
    tar_build_file(&t, "j.1.png", "x");
    tar_build_file(&t, "j.1.txt", "whose?");
    tar_build_file(&t, "k.png", "x");
    tar_build_file(&t, "k.json", "{\"order\":-1}");
    tar_build_file(&t, "l.txt", " \n");
    for (int i = 0; i < 65; i++) {
        snprintf(many, sizeof many, "m.%d.json.npy", i);
        if (i == 0) tar_build_file(&t, "m.txt", "t");
        tar_build_file(&t, many, "");
    }
    assert_string_equal(rows_of(f, &t),
                        "a image=t.tar!a.PNG !invalid: t.tar!a: PNG is there twice\n"
                        "b image=t.tar!b.png !unsupported-format: t.tar!b: png: a link, which is not followed\n"
                        "c audio=t.tar!c.wav !unsupported-format: t.tar!c: wav: a link, which is not followed\n"
                        "d image=t.tar!d.png !unsupported-format: t.tar!d: png: a sparse file, which is not read\n"
                        "e !invalid: t.tar!e: json: not a JSON object\n"
                        "f !invalid: t.tar!f: json: unexpected token near end of file (byte 8)\n"
                        "g !invalid: t.tar!g: json: messages has no place in a tar\n"
                        "h !invalid: t.tar!h: txt: not UTF-8 (byte 1)\n"
                        "i extra={\"a\":1} !invalid: t.tar!i: no medium and no text\n"
                        "j image=t.tar!j.1.png !invalid: t.tar!j: a caption is called KEY.txt, and a key has no dots\n"
                        "k image=t.tar!k.png !invalid: t.tar!k: order is -1, less than 0\n"
                        "l !invalid: t.tar!l: txt: no text in it\n"
                        "m data=t.tar!m.62.json.npy text=t !too-large: t.tar!m: more than 64 members\n");
}

static void a_damaged_or_cut_tar_gives_what_is_there(void **state)
{
    fixture *f = *state;
    tar_build t = {0};
    tar_build_file(&t, "a.png", "1");
    size_t h = tar_build_file(&t, "b.png", "2");
    tar_build_file(&t, "c.png", "3");
    t.bytes[h] ^= 1;
    write_tar(f, "tars/0.tar", &t);
    tar_build_file(&t, "d.png", "4");
    tar_build_file(&t, "e.txt", "caption");
    size_t cut = tar_build_file(&t, "e.png", "five and more");
    fixture_write_bytes(f, "tars/1.tar", t.bytes, cut + 512 + 4);
    fixture_write_bytes(f, "tars/2.tar", t.bytes, cut + 100);
    mem_free(&t.bytes);
    fixture_write(f, "tars/3.tar", "");
    fixture_corpus(f, "tars");
    assert_string_equal(fixture_rows(f),
                        "a image=0.tar!a.png\n"
                        "0.tar! !damaged: 0.tar: no header of a tar at byte 1024: the rest of the tar is not read\n"
                        "d image=1.tar!d.png\n"
                        "e image=1.tar!e.png text=caption !damaged: 1.tar!e: png: the tar ends before its end\n"
                        "d image=2.tar!d.png\n"
                        "e text=caption\n"
                        "2.tar! !damaged: 2.tar: a header that is cut at byte 2048: the rest of the tar is not read\n");
}

static void paths_name_files_folders_and_patterns(void **state)
{
    fixture *f = *state;
    static const struct {
        const char *path, *rows;
    } cases[] = {
        {"in/s-{08..11}.tar", "8 image=s-08.tar!8.png\n9 image=s-09.tar!9.png\n10 image=s-10.tar!10.png\n"
                              "11 image=s-11.tar!11.png\n"},
        {"in/s-{9..10}.tar", "x image=s-9.tar!x.png\n10 image=s-10.tar!10.png\n"},
        {"in/s-{11,{10,08}}.tar", "11 image=s-11.tar!11.png\n10 image=s-10.tar!10.png\n8 image=s-08.tar!8.png\n"},
        {"in/s-[01]*.tar", "8 image=s-08.tar!8.png\n9 image=s-09.tar!9.png\n10 image=s-10.tar!10.png\n"
                           "11 image=s-11.tar!11.png\n"},
        {"{in,also}/{s-08,t}.tar", NULL},
        {"in/s-08.tar", "8 image=s-08.tar!8.png\n"},
        {"{in/s-08,also/t}.tar", "8 image=in/s-08.tar!8.png\nt image=also/t.tar!t.png\n"},
        {"in", "8 image=s-08.tar!8.png\n9 image=s-09.tar!9.png\n10 image=s-10.tar!10.png\n11 image=s-11.tar!11.png\n"
               "x image=s-9.tar!x.png\n"},
    };
    char file[64], member[32];
    for (int i = 8; i < 12; i++) {
        snprintf(file, sizeof file, "in/s-%02d.tar", i);
        snprintf(member, sizeof member, "%d.png", i);
        write_simple(f, file, member);
    }
    write_simple(f, "in/s-9.tar", "x.png");
    write_simple(f, "also/t.tar", "t.png");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        manifest *m = NULL;
        fixture_corpus(f, cases[i].path);
        if (cases[i].rows)
            assert_string_equal(fixture_rows(f), cases[i].rows);
        else
            assert_int_equal(manifest_open(&m, &f->options), ERR_CONFIG);
    }
}

static void expect_refused(fixture *f, const char *path, const char *message)
{
    manifest *m = NULL;
    corpus_row row;
    uint32_t flags;
    int got;
    fixture_corpus(f, path);
    int rc = manifest_open(&m, &f->options);
    if (rc == OK) rc = manifest_next(m, &row, &flags, &got);
    assert_int_equal(rc, ERR_CONFIG);
    if (!strstr(status_message(), message)) fail_msg("\"%s\" lacks \"%s\"", status_message(), message);
    manifest_close(&m);
}

static void what_cannot_be_is_refused(void **state)
{
    fixture *f = *state;
    write_simple(f, "in/a.tar", "a.png");
    fixture_write(f, "in/b.tar.gz", "\x1f\x8b");
    fixture_write(f, "in/zip.tar", "\x1f\x8b\x08 and so on");
    char text[1024];
    memset(text, 'x', sizeof text);
    fixture_write_bytes(f, "in/text.tar", text, sizeof text);
    write_simple(f, "in/odd!.tar", "a.png");
    expect_refused(f, "in/b.tar.gz", "is compressed");
    expect_refused(f, "in/zip.tar", "is compressed (gzip)");
    expect_refused(f, "in/text.tar", "is no tar");
    expect_refused(f, "in/odd!.tar", "cannot have a '!'");
    expect_refused(f, "in/{a,b}.tar", "b.tar");
    expect_refused(f, "in/q*.tar", "no file matches");
    expect_refused(f, "in/{a.tar", "without a }");
    expect_refused(f, "in/{9..1}.tar", "no range");
    expect_refused(f, "in/{a..b}.tar", "no range");
    expect_refused(f, "in/{0..99999999}.tar", "more than");
    snprintf(f->root, sizeof f->root, "%.60s", f->folder);
    expect_refused(f, "in/a.tar", "corpus.root");
    f->root[0] = 0;
    f->options.format = CORPUS_JSONL;
    expect_refused(f, "in/*.tar", "cannot open");
    f->options.format = CORPUS_WEBDATASET;
    fixture_write(f, "empty/x.png", "");
    expect_refused(f, "empty", "holds no .tar");
}

static void a_folder_gives_the_same_ids(void **state)
{
    fixture *f = *state;
    static const char *const files[] = {"a.png", "a.txt", "b/c.wav", "b/d.flac", "b/d.wav", "\xC3\xA9.png", "\xE9.png"};
    char path[64], from_folder[1024], *ids = from_folder;
    tar_build t = {0};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        snprintf(path, sizeof path, "files/%s", files[i]);
        fixture_write(f, path, "x");
        tar_build_file(&t, files[i], "x");
    }
    write_tar(f, "t.tar", &t);
    for (int i = 0; i < 2; i++) {
        fixture_corpus(f, i ? "t.tar" : "files");
        const char *rows = fixture_rows(f);
        char all[1024] = "";
        for (const char *p = rows; *p; p = strchr(p, '\n') + 1) strncat(strncat(all, p, strcspn(p, " ")), " ", 2);
        if (i)
            assert_string_equal(all, ids);
        else
            snprintf(from_folder, sizeof from_folder, "%s", all);
    }
    assert_string_equal(from_folder, "a b/c b/d.flac b/d.wav \xC3\xA9 %E9 ");
}

static void the_index_knows_place_and_time(void **state)
{
    fixture *f = *state;
    tar_build t = {0};
    corpus_row row;
    char *path = NULL, hash[33], again[33];
    tar_build_file(&t, "a.png", "picture");
    tar_build_file(&t, "b.wav", "sound");
    write_tar(f, "in/t.tar", &t);
    fixture_corpus(f, "in/t.tar");
    corpus_index *x = fixture_index(f, "state", NULL, NULL);
    text_view id = {"b", 1};
    int64_t at, mtime_ns;
    assert_int_equal(corpus_index_find(x, id, &at), OK);
    assert_int_equal(corpus_index_row(x, at, &row), OK);
    assert_int_equal(row.media[MEDIA_AUDIO].tar_offset, 1536);
    assert_int_equal(row.media[MEDIA_AUDIO].size, 5);
    assert_int_equal(corpus_row_path(&row, MEDIA_AUDIO, corpus_index_root(x), &path), OK);
    assert_int_equal(file_stat(path, NULL, &mtime_ns), OK);
    assert_int_equal(row.media[MEDIA_AUDIO].mtime_ns, mtime_ns);
    mem_free(&path);
    corpus_index_close(&x);
    assert_int_equal(corpus_manifest_hash(&f->options, hash), OK);
    assert_int_equal(truncate(f->path, 4096), OK);
    assert_int_equal(corpus_manifest_hash(&f->options, again), OK);
    assert_string_not_equal(hash, again);
}

/* Between scan and segment the tar becomes another one: what was scanned is not where it was. */
static void a_tar_that_changes_after_the_scan(void **state)
{
    fixture *f = *state;
    tar_build t = {0};
    char *folder = NULL;
    int64_t rows, segments;
    corpus_index *x = NULL;
    tar_build_file(&t, "a.png", "picture");
    write_tar(f, "in/t.tar", &t);
    fixture_corpus(f, "in/t.tar");
    assert_int_equal(file_join(&folder, f->folder, "state"), OK);
    assert_int_equal(corpus_scan(&f->options, NULL, folder, &rows, &segments), OK);
    assert_int_equal(rows, 1);
    usleep(20000);
    write_simple(f, "in/t.tar", "a.png");
    assert_int_equal(corpus_segment_build(&f->options, folder, 0, NULL, NULL, NULL), OK);
    assert_int_equal(corpus_index_merge(&f->options, folder, NULL, NULL), OK);
    assert_int_equal(corpus_index_open(&x, folder), OK);
    assert_string_equal(fixture_index_rows(f, x),
                        "1 0 a image=t.tar!a.png !changed-file: t.tar was modified after it was scanned\n");
    corpus_index_close(&x);
    mem_free(&folder);
}

static void a_key_that_comes_again_is_a_duplicate(void **state)
{
    fixture *f = *state;
    tar_build t = {0};
    corpus_row row;
    tar_build_file(&t, "a.png", "1");
    tar_build_file(&t, "b.png", "2");
    tar_build_file(&t, "a.txt", "far from its picture");
    write_tar(f, "in/t.tar", &t);
    fixture_corpus(f, "in/t.tar");
    corpus_index *x = fixture_index(f, "state", NULL, NULL);
    assert_int_equal(corpus_index_totals(x)->rejected, 1);
    for (int64_t i = 0; i < 3; i++) {
        assert_int_equal(corpus_index_row(x, i, &row), OK);
        assert_int_equal(row.status, row.row == 2 ? ERR_DUPLICATE : OK);
    }
    corpus_index_close(&x);
}

static void wrong_bytes_can_be_replaced(void **state)
{
    fixture *f = *state;
    tar_build t = {0};
    f->options.invalid_utf8 = INVALID_REPLACE;
    tar_build_file(&t, "a.png", "x");
    tar_build_file(&t, "a.txt", "caf\xE9\n");
    tar_build_file(&t, "b.json", "{\"text\":\"\xFF\"}");
    tar_build_file(&t, "b.cls", "\xE2\x82");
    assert_string_equal(rows_of(f, &t), "a image=t.tar!a.png text=caf\xEF\xBF\xBD\n"
                                        "b text=\xEF\xBF\xBD extra={\"cls\":\"\xEF\xBF\xBD\"}\n");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_start, fixture_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(samples_are_rows),
        TEST(several_media_are_rows_of_their_own),
        TEST(wrong_samples_are_rejected_with_a_reason),
        TEST(a_damaged_or_cut_tar_gives_what_is_there),
        TEST(paths_name_files_folders_and_patterns),
        TEST(what_cannot_be_is_refused),
        TEST(a_folder_gives_the_same_ids),
        TEST(the_index_knows_place_and_time),
        TEST(a_tar_that_changes_after_the_scan),
        TEST(a_key_that_comes_again_is_a_duplicate),
        TEST(wrong_bytes_can_be_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
