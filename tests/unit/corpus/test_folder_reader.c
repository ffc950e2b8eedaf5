#include "corpus_fixture.h"

#include "base/memory.h"
#include "base/status.h"
#include "corpus/manifest.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void media_of_one_stem_are_one_row(void **state)
{
    fixture *f = *state;
    fixture_write(f, "in/cat.png", "");
    fixture_write(f, "in/cat.ogg", "");
    fixture_write(f, "in/cat.txt", "a cat");
    fixture_write(f, "in/cat_fr.ogg", "");
    fixture_write(f, "in/deep/er/dog.JPG", "");
    fixture_write(f, "in/letter.txt", "words");
    fixture_write(f, "in/readme.html", "");
    fixture_write(f, "in/.hidden.wav", "");
    fixture_write(f, "in/.git/x.wav", "");
    assert_string_equal(fixture_rows(f), "cat audio=cat.ogg image=cat.png text=cat.txt\n"
                                         "cat_fr audio=cat_fr.ogg\n"
                                         "deep/er/dog image=deep/er/dog.JPG\n"
                                         "letter text=letter.txt\n");
}

static void several_media_of_a_kind_are_rows_of_their_own(void **state)
{
    fixture *f = *state;
    fixture_write(f, "in/a.flac", "");
    fixture_write(f, "in/a.png", "");
    fixture_write(f, "in/a.txt", "");
    fixture_write(f, "in/a.wav", "");
    fixture_write(f, "in/a.wav.jpg", ""); /* its stem is the id of another row */
    fixture_write(f, "in/b.wav", "");
    assert_string_equal(fixture_rows(f), "a.flac audio=a.flac text=a.txt\n"
                                         "a.png image=a.png text=a.txt\n"
                                         "a.wav audio=a.wav text=a.txt\n"
                                         "a.wav.jpg image=a.wav.jpg\n"
                                         "b audio=b.wav\n");
}

static void rows_are_in_the_order_of_path_bytes(void **state)
{
    fixture *f = *state;
    const char *files[] = {"a0.wav", "a/z.wav", "a-b.wav", "a.wav", "B.wav", "\xC3\xA9.wav", "a/b/c.wav", "a.b.wav"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char file[64] = "in/";
        fixture_write(f, strcat(file, files[i]), "");
    }
    /* "a.b.wav" and "a.wav" have different stems; '-' < '.' < '/' < '0' */
    assert_string_equal(fixture_rows(f), "B audio=B.wav\n"
                                         "a-b audio=a-b.wav\n"
                                         "a.b audio=a.b.wav\n"
                                         "a audio=a.wav\n"
                                         "a/b/c audio=a/b/c.wav\n"
                                         "a/z audio=a/z.wav\n"
                                         "a0 audio=a0.wav\n"
                                         "\xC3\xA9 audio=\xC3\xA9.wav\n");
    f->options.limit = 3;
    assert_string_equal(fixture_rows(f), "B audio=B.wav\na-b audio=a-b.wav\na.b audio=a.b.wav\n");
}

static void stems_need_not_be_neighbours(void **state)
{
    fixture *f = *state;
    fixture_write(f, "in/a.jpg", "");
    fixture_write(f, "in/a.m.wav", "");
    fixture_write(f, "in/a.o/x.wav", "");
    fixture_write(f, "in/a.wav", "");
    assert_string_equal(fixture_rows(f), "a audio=a.wav image=a.jpg\na.m audio=a.m.wav\na.o/x audio=a.o/x.wav\n");
}

static void names_outside_utf8_give_escaped_ids(void **state)
{
    fixture *f = *state;
    fixture_write(f, "in/x\xFFy.wav", "");
    assert_string_equal(fixture_rows(f), "x%FFy audio=x\xFFy.wav\n");
}

static void link_to(fixture *f, const char *target, const char *file)
{
    assert_int_equal(symlink(target, fixture_path(f, file)), 0);
}

static void links_are_followed_but_not_in_circles(void **state)
{
    fixture *f = *state;
    fixture_write(f, "elsewhere/y.wav", "");
    fixture_write(f, "in/one/x.wav", "");
    link_to(f, "../../elsewhere", "in/one/out");
    link_to(f, "../../in", "in/one/up");
    link_to(f, "../elsewhere/y.wav", "in/link.wav");
    link_to(f, "nowhere", "in/broken.wav");
    assert_string_equal(fixture_rows(f), "broken audio=broken.wav\n"
                                         "link audio=link.wav\n"
                                         "one/out/y audio=one/out/y.wav\n"
                                         "one/x audio=one/x.wav\n");
}

static void unreadable_folders_are_named(void **state)
{
    fixture *f = *state;
    manifest *m = NULL;
    corpus_row row;
    uint32_t flags;
    int got = 1, rc, as_root = geteuid() == 0;
    fixture_write(f, "in/a.wav", "");
    fixture_write(f, "in/closed/b.wav", "");
    assert_int_equal(chmod(fixture_path(f, ""), 0755), 0);
    assert_int_equal(chmod(fixture_path(f, "in/closed"), 0), 0);
    if (as_root) assert_int_equal(seteuid(65534), 0);
    assert_int_equal(manifest_open(&m, &f->options), OK);
    do rc = manifest_next(m, &row, &flags, &got);
    while (rc == OK && got);
    if (as_root) assert_int_equal(seteuid(0), 0);
    manifest_close(&m);
    assert_int_equal(rc, ERR_CONFIG);
    assert_non_null(strstr(status_message(), "in/closed"));
    chmod(fixture_path(f, "in/closed"), 0755);
    fixture_corpus(f, "not-there");
    assert_int_equal(manifest_open(&m, &f->options), ERR_CONFIG);
    assert_non_null(strstr(status_message(), "not-there"));
}

static void hash_follows_names_sizes_and_limit(void **state)
{
    fixture *f = *state;
    char first[33], hex[33];
    fixture_write(f, "in/a.wav", "12");
    fixture_write(f, "in/b/a.txt", "1");
    assert_int_equal(corpus_manifest_hash(&f->options, first), OK);
    fixture_write(f, "in/note.html", "not looked at");
    assert_int_equal(corpus_manifest_hash(&f->options, hex), OK);
    assert_string_equal(hex, first);
    fixture_write(f, "in/a.wav", "123");
    assert_int_equal(corpus_manifest_hash(&f->options, hex), OK);
    assert_string_not_equal(hex, first);
    fixture_write(f, "in/a.wav", "34");
    assert_int_equal(corpus_manifest_hash(&f->options, hex), OK);
    assert_string_equal(hex, first);
    f->options.limit = 1;
    assert_int_equal(corpus_manifest_hash(&f->options, hex), OK);
    assert_string_not_equal(hex, first);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_start, fixture_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(media_of_one_stem_are_one_row),       TEST(several_media_of_a_kind_are_rows_of_their_own),
        TEST(rows_are_in_the_order_of_path_bytes), TEST(stems_need_not_be_neighbours),
        TEST(names_outside_utf8_give_escaped_ids), TEST(links_are_followed_but_not_in_circles),
        TEST(unreadable_folders_are_named),        TEST(hash_follows_names_sizes_and_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
