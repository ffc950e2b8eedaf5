#include "corpus_fixture.h"

#include "base/memory.h"
#include "base/status.h"
#include "corpus/line_reader.h"
#include "corpus/manifest.h"

#include <stdio.h>
#include <string.h>

static const char *rows_of(fixture *f, const char *text)
{
    fixture_write(f, "in/m.jsonl", text);
    fixture_corpus(f, "in/m.jsonl");
    return fixture_rows(f);
}

static void all_keys_are_read(void **state)
{
    fixture *f = *state;
    assert_string_equal(
        rows_of(f,
                "{\"id\":\"x\",\"audio_filepath\":\"a.wav\",\"image_filepath\":\"i.png\",\"sensor_filepath\":\"s.npy\","
                "\"text\":\"hello\",\"duration\":2.5,\"offset\":1,\"rate_hz\":100,\"lang\":\"fr\",\"text_lang\":\"en\","
                "\"license\":\"CC0\",\"source\":\"web\",\"group\":\"g\",\"order\":3,\"role\":\"user\","
                "\"z\":[1,{\"b\":2,\"a\":null}],\"sha256\":\"ff\"}\n"),
        "x group=g order=3 role=user audio=a.wav image=i.png data=s.npy text=hello lang=fr tlang=en license=CC0 "
        "source=web extra={\"sha256\":\"ff\",\"z\":[1,{\"a\":null,\"b\":2}]} offset=1 duration=2.5 rate=100\n");
}

static void missing_keys_are_made_up(void **state)
{
    fixture *f = *state;
    assert_string_equal(rows_of(f, "\xEF\xBB\xBF{\"audio_filepath\":\"d/a.wav\",\"duration\":4}\r\n"
                                   "\n  \t\n"
                                   "{\"audio_filepath\":\"d/a.wav\",\"offset\":4.5,\"duration\":1e0}\n"
                                   "{\"text\":\"only text\",\"id\":null}\n"
                                   "{\"text\":\"w\",\"group\":7,\"id\":12}\n"
                                   "{\"image_filepath\":\"./i.png\",\"text\":\"\"}"),
                        "d/a.wav audio=d/a.wav duration=4\n"
                        "d/a.wav@4.5 audio=d/a.wav offset=4.5 duration=1\n"
                        "line-5 text=only text\n"
                        "12 group=7 order=3 text=w\n"
                        "i.png image=i.png\n");
}

static void messages_are_rows_of_one_group(void **state)
{
    fixture *f = *state;
    assert_string_equal(
        rows_of(f, "{\"id\":\"c\",\"lang\":\"de\",\"topic\":1,\"messages\":[{\"role\":\"user\",\"content\":\"hi\","
                   "\"audio_filepath\":\"a.wav\"},{\"role\":\"assistant\",\"text\":\"ho\",\"lang\":\"nl\",\"k\":2},"
                   "{\"role\":\"user\"},7,{\"id\":\"own\",\"text\":\"t\"},{\"text\":\"t\",\"order\":1}]}\n"
                   "{\"messages\":[{\"content\":\"alone\"}]}\n"),
        "c/0 group=c role=user audio=a.wav text=hi lang=de extra={\"topic\":1}\n"
        "c/1 group=c order=1 role=assistant text=ho lang=nl extra={\"k\":2}\n"
        "c/2 group=c order=2 role=user lang=de !invalid: line 1: no medium and no text\n"
        "c/3 group=c order=3 !invalid: line 1: message 3 is not an object\n"
        "own group=c order=4 text=t lang=de\n"
        "c/5 group=c order=5 text=t lang=de !invalid: line 1: order has no place in a message\n"
        "line-2/0 group=line-2 text=alone\n");
}

static void lines_with_wrong_messages_are_one_row(void **state)
{
    fixture *f = *state;
    assert_string_equal(rows_of(f, "{\"id\":\"a\",\"messages\":3}\n"
                                   "{\"id\":\"b\",\"messages\":[]}\n"
                                   "{\"id\":\"c\",\"text\":\"x\",\"messages\":[{\"text\":\"y\"}]}\n"
                                   "{\"id\":[],\"messages\":[{\"text\":\"y\"}]}\n"),
                        "a !invalid: line 1: messages is not a list\n"
                        "b !invalid: line 2: messages is empty\n"
                        "c !invalid: line 3: text has no place beside messages\n"
                        "line-4 !invalid: line 4: id is not a text\n");
}

static void broken_lines_are_rejected_rows(void **state)
{
    fixture *f = *state;
    static const char *const cases[][2] = {
        {"{\"id\":\"a\",\"text\":\"x\"", "line-1 !invalid: line 1: '}' expected near end of file (byte 20)\n"},
        {"{\"id\":\"a\",\"text\":\"\xFF\"}", "line-1 !invalid: line 1: unable to decode byte 0xff"},
        {"[1]", NULL},
        {"3", "line-1 !invalid: line 1: '[' or '{' expected near '3' (byte 1)\n"},
        {"{\"text\":\"x\",\"text\":\"y\"}",
         "line-1 !invalid: line 1: duplicate object key near '\"text\"' (byte 18)\n"},
        {"{\"text\":\"a\\u0000b\"}", "line-1 !invalid: line 1: \\u0000 is not allowed"},
        {"{\"id\":\"a\",\"text\":5}", "a !invalid: line 1: text is not a text\n"},
        {"{\"id\":\"a\",\"text\":\"x\",\"duration\":\"2\"}", "a text=x !invalid: line 1: duration is not a number\n"},
        {"{\"id\":\"a\",\"text\":\"x\",\"duration\":NaN}", "line-1 !invalid: line 1: invalid token near 'NaN'"},
        {"{\"id\":\"a\",\"text\":\"x\",\"duration\":1e999}", "line-1 !invalid: line 1: real number overflow"},
        {"{\"id\":\"a\",\"text\":\"x\",\"offset\":-1}", "a text=x !invalid: line 1: offset is -1, not in 0..1e+09\n"},
        {"{\"id\":\"a\",\"text\":\"x\",\"order\":1.0}", "a text=x !invalid: line 1: order is not a whole number\n"},
        {"{\"id\":\"a\",\"text\":\"x\",\"order\":-4}", "a text=x !invalid: line 1: order is -4, less than 0\n"},
        {"{\"id\":\"a\",\"lang\":\"en\"}", "a lang=en !invalid: line 1: no medium and no text\n"},
        {"{\"audio_filepath\":\"../a.wav\"}",
         "line-1 !invalid: line 1: audio_filepath leaves the corpus root: ../a.wav\n"},
        {"{\"audio_filepath\":\"/etc/a.wav\"}",
         "line-1 !invalid: line 1: audio_filepath is outside of the corpus root: /etc/a.wav\n"},
        {"{\"audio_filepath\":\"a/\"}", "line-1 !invalid: line 1: audio_filepath names no file: a/\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        manifest *m = NULL;
        char text[256];
        snprintf(text, sizeof text, "%s\n{\"text\":\"next\"}\n", cases[i][0]);
        if (!cases[i][1]) {
            fixture_write(f, "in/m.jsonl", text);
            fixture_corpus(f, "in/m.jsonl");
            assert_int_equal(manifest_open(&m, &f->options), ERR_CONFIG);
            continue;
        }
        const char *rows = rows_of(f, text);
        if (strncmp(rows, cases[i][1], strlen(cases[i][1])) != 0) assert_string_equal(rows, cases[i][1]);
        assert_non_null(strstr(rows, "\nline-2 text=next\n"));
    }
}

static void paths_may_leave_the_root_where_allowed(void **state)
{
    fixture *f = *state;
    f->options.allow_outside = 1;
    assert_string_equal(rows_of(f, "{\"audio_filepath\":\"../a.wav\"}\n{\"audio_filepath\":\"/etc/a.wav\"}\n"),
                        "../a.wav audio=../a.wav\n/etc/a.wav audio=/etc/a.wav\n");
}

static void paths_are_taken_by_their_names(void **state)
{
    fixture *f = *state;
    static const char *const cases[][2] = {
        {".//etc/a", "etc/a audio=etc/a\n"},
        {"./././a", "a audio=a\n"},
        {"a//b", "a//b audio=a//b\n"},
        {"a/../b", "a/../b audio=a/../b\n"},
        {"..a/b..", "..a/b.. audio=..a/b..\n"},
        {"a/../../b", NULL},
        {"./../b", NULL},
        {"..", NULL},
        {"/", NULL},
        {"a/b/../../..", NULL},
        {"./", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[128];
        snprintf(text, sizeof text, "{\"audio_filepath\":\"%s\"}\n", cases[i][0]);
        const char *rows = rows_of(f, text);
        if (cases[i][1])
            assert_string_equal(rows, cases[i][1]);
        else
            assert_ptr_equal(strstr(rows, "line-1 !invalid: line 1: audio_filepath "), rows);
    }
}

static void absolute_paths_below_the_root_become_relative(void **state)
{
    fixture *f = *state;
    char text[256];
    snprintf(text, sizeof text, "{\"audio_filepath\":\"%s/in//b/a.wav\"}\n{\"audio_filepath\":\"%s/in/../x.wav\"}\n",
             f->folder, f->folder);
    const char *rows = rows_of(f, text);
    assert_ptr_equal(strstr(rows, "b/a.wav audio=b/a.wav\nline-2 !invalid: line 2: audio_filepath leaves"), rows);
}

static void long_lines_are_passed_over(void **state)
{
    fixture *f = *state;
    size_t n = (size_t)LINE_MAX_BYTES + 100, at;
    char *text = NULL;
    assert_int_equal(MEM_ALLOC(text, n + 100), OK);
    at = (size_t)sprintf(text, "{\"text\":\"first\"}\n{\"id\":\"long\",\"text\":\"");
    memset(text + at, 'x', n - at);
    at = n + (size_t)sprintf(text + n, "\"}\n{\"text\":\"last\"}");
    fixture_write_bytes(f, "in/m.jsonl", text, at);
    mem_free(&text);
    fixture_corpus(f, "in/m.jsonl");
    assert_string_equal(fixture_rows(f), "line-1 text=first\n"
                                         "line-2 !invalid: line 2: longer than 67108864 bytes\n"
                                         "line-3 text=last\n");
}

static void limit_cuts_a_conversation_too(void **state)
{
    fixture *f = *state;
    f->options.limit = 2;
    assert_string_equal(
        rows_of(f, "{\"id\":\"c\",\"messages\":[{\"text\":\"1\"},{\"text\":\"2\"},{\"text\":\"3\"}]}\n"),
        "c/0 group=c text=1\nc/1 group=c order=1 text=2\n");
}

static void kind_follows_name_and_content(void **state)
{
    fixture *f = *state;
    manifest *m = NULL;
    static const struct {
        const char *file, *text, *kind;
    } cases[] = {
        {"in/a.jsonl", "", "jsonl"},
        {"in/a.json", "{}", "jsonl"},
        {"in/a.tsv", "text\n", "tsv"},
        {"in/manifest", " {\"a\":1}", "jsonl"},
        {"in/list", "id\ttext\r\na\tb\n", "tsv"},
        {"in/x.bin", "id,text\n", NULL},
        {"in/y.tsv", "/tmp\na.wav\t16000\n", "fairseq"},
        {"in/y", ".\na.wav\t16000\n", "fairseq"},
        {"in/z.lst", "a.wav\n", "list"},
        {"in/z.txt", "a.wav\n", "list"},
        {"in/wav.scp", "a a.wav\n", "kaldi"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture_write(f, cases[i].file, cases[i].text);
        fixture_corpus(f, cases[i].file);
        assert_int_equal(manifest_open(&m, &f->options), cases[i].kind ? OK : ERR_CONFIG);
        if (m) assert_string_equal(manifest_kind_of(m)->label, cases[i].kind);
        manifest_close(&m);
    }
    f->options.format = CORPUS_FOLDER;
    assert_int_equal(manifest_open(&m, &f->options), ERR_CONFIG);
}

static void hash_is_that_of_the_bytes(void **state)
{
    fixture *f = *state;
    char first[33], hex[33];
    rows_of(f, "{\"text\":\"a\"}\n");
    assert_int_equal(corpus_manifest_hash(&f->options, first), OK);
    rows_of(f, "{\"text\":\"b\"}\n");
    assert_int_equal(corpus_manifest_hash(&f->options, hex), OK);
    assert_string_not_equal(first, hex);
    rows_of(f, "{\"text\":\"a\"}\n");
    assert_int_equal(corpus_manifest_hash(&f->options, hex), OK);
    assert_string_equal(first, hex);
}

static void wrong_bytes_can_be_replaced(void **state)
{
    fixture *f = *state;
    f->options.invalid_utf8 = INVALID_REPLACE;
    fixture_write(f, "in/m.jsonl", "{\"id\": \"a\", \"text\": \"caf\xE9 \xF0\x9F\x99\"}\n");
    fixture_corpus(f, "in/m.jsonl");
    assert_string_equal(fixture_rows(f), "a text=caf\xEF\xBF\xBD \xEF\xBF\xBD\n");
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_start, fixture_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(wrong_bytes_can_be_replaced),
        TEST(all_keys_are_read),
        TEST(missing_keys_are_made_up),
        TEST(messages_are_rows_of_one_group),
        TEST(lines_with_wrong_messages_are_one_row),
        TEST(broken_lines_are_rejected_rows),
        TEST(paths_may_leave_the_root_where_allowed),
        TEST(paths_are_taken_by_their_names),
        TEST(absolute_paths_below_the_root_become_relative),
        TEST(long_lines_are_passed_over),
        TEST(limit_cuts_a_conversation_too),
        TEST(kind_follows_name_and_content),
        TEST(hash_is_that_of_the_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
