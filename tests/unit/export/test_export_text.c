/* Text that is read back from ids, names of tokens, and the lines of JSON. */
#include "export/export.h"
#include "export/text_form.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "sample_shards.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void characters_that_are_cut_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t before, behind;
    } cases[] = {{"", 0, 0},
                 {"abc", 0, 0},
                 {"\xC3\xA4", 0, 0},
                 {"\xF0\x9F\x9A\xB2", 0, 0},
                 {"\xA4x\xC3", 1, 1},
                 {"\x9F\x9A\xB2", 3, 0},
                 {"x\xF0\x9F\x9A", 0, 3},
                 {"x\xE9\xA7", 0, 2},
                 {"\xC3", 0, 1},
                 {"\xB2\xF0\x9F\x9A\xB2\xF0\x9F", 1, 2}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t before, behind;
        text_cut_ends(cases[i].text, strlen(cases[i].text), &before, &behind);
        assert_int_equal(before, cases[i].before);
        assert_int_equal(behind, cases[i].behind);
    }
}

static void patterns_have_one_number(void **state)
{
    (void)state;
    static const char *const good[] = {"<%d>", "%d", "<aud %d/>"}, *const bad[] = {"",     "<>",  "%s", "%d%d",
                                                                                   "%d%%", "%5d", "%"};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        assert_int_equal(token_pattern_check("--audio-token", good[i]), OK);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(token_pattern_check("--audio-token", bad[i]), ERR_USAGE);
        assert_non_null(strstr(status_message(), "--audio-token"));
    }
}

static void tokens_have_names(void **state)
{
    (void)state;
    vocabulary v;
    char *own[] = {"eoh"};
    sequence_options o = sample_options(64);
    o.specials = (option_list){own, 1};
    vocabulary_make(&v, "bytes", 256, 100, 70, 0);
    const sequence_set set = {.options = &o, .words = &v};
    const export_options plain = {0}, other = {.token = {[STREAM_AUDIO] = "<%d>"}};
    text_buffer b = {0};
    const uint32_t ids[] = {256 + SPECIAL_BOI, 256 + SPECIAL_CUSTOM, 256 + SPECIAL_CUSTOM + 1, 320 + 17, 420 + 69};
    for (int k = 0; k < 2; k++)
        for (int i = 0; i < 5; i++) assert_int_equal(text_of_token(&set, k ? &other : &plain, ids[i], &b), OK);
    assert_string_equal(b.bytes, "<boi><eoh><reserved_33><img_17><aud_69><boi><eoh><reserved_33><img_17><69>");
    text_buffer_free(&b);
}

static sample_shards s;
static char index_path[128], *index_paths[] = {index_path}, *folder;

static int tear_down(void **state)
{
    (void)state;
    sample_remove(&s);
    mem_free(&folder);
    return 0;
}

/* Pack rows and write their lines; `words` is the vocabulary of the reader. */
static int make_lines(const sequence_options *o, const vocabulary *words, text_tokenizer *text, export_counts *c)
{
    sequence_counts counts;
    const export_options e = {.token = {[STREAM_AUDIO] = "<%d>"}, .batch_tokens = 1};
    assert_int_equal(file_join(&folder, s.folder, "out"), OK);
    assert_int_equal(file_make_folder(folder), OK);
    snprintf(index_path, sizeof index_path, "%s/index.h5", s.folder);
    export_split split = {
        .set = "default", .name = "train", .sources = sample_set(&s, o), .index_paths = index_paths, .n_index = 1};
    split.sources.text = text;
    if (pack_block(&split.sources, 0, index_path, &counts) != OK) fail_msg("%s", status_message());
    split.n_sequences = counts.sequences;
    split.sources.words = words;
    split.sources.text = NULL;
    return export_jsonl(&split, &e, folder, c);
}

static void expect_lines(const char *const *lines, size_t n)
{
    char *path = NULL;
    uint8_t *bytes = NULL;
    size_t size, all = 0;
    assert_int_equal(file_join(&path, folder, "train.jsonl"), OK);
    assert_int_equal(file_read(path, 1 << 20, &bytes, &size), OK);
    for (size_t i = 0; i < n; i++) {
        if (!strstr((char *)bytes, lines[i])) fail_msg("no line\n%s but\n%s", lines[i], (char *)bytes);
        all += strlen(lines[i]) + 1;
    }
    assert_int_equal(size, all);
    mem_free(&bytes);
    mem_free(&path);
}

/* Lines of one shard of rows, whose templates are tokenised as bytes. */
static void make_lines_of_bytes(const sample_row *rows, int64_t n, char **row, char **document, int64_t length,
                                export_counts *c)
{
    text_tokenizer *text = NULL;
    const text_options bytes = {0};
    sequence_options o = sample_options(length);
    o.row = (option_list){row, 1};
    o.document = (option_list){document, 1};
    sample_make(&s, rows, &n, 1);
    assert_int_equal(text_tokenizer_create(&text, &bytes), OK);
    assert_int_equal(make_lines(&o, &s.vocabulary, text, c), OK);
    text_tokenizer_free(&text);
}

static void a_document_is_a_line(void **state)
{
    (void)state;
    static const sample_row rows[] = {{1, -1, 2, 2, 2}, {0, -1, -1, 0, 1}};
    static char *row[] = {"\xC3\xA9 <<boi> {-}{image:newline}{+}{audio}"}, *document[] = {"{rows}<eos>"};
    static const char *const lines[] = {
        "{\"id\":\"group-1\",\"sequence\":0,\"start\":0,\"tokens\":35,\"examples\":[\"row-0\",\"row-1\"],\"text\":"
        "\"\xC3\xA9 <boi> <boi><img_3><img_10><image_newline><img_17><img_24><image_newline><eoi><boa><6><13><eoa><sep>"
        "\xC3\xA9 <boi> <boa><37><eoa><eos>\",\"media\":[{\"image\":\"row-0\",\"start\":10,\"end\":15},"
        "{\"audio\":\"row-0\",\"start\":18,\"end\":20},{\"audio\":\"row-1\",\"start\":32,\"end\":33}],\"segments\":["
        "{\"text\":\"\xC3\xA9 <boi> \"},{\"special\":\"<boi>\",\"loss\":false},"
        "{\"image\":\"row-0\",\"ids\":[3,10],\"loss\":false},{\"special\":\"<image_newline>\",\"loss\":false},"
        "{\"image\":\"row-0\",\"ids\":[17,24],\"from\":2,\"loss\":false},{\"special\":\"<image_newline>\",\"loss\":"
        "false},"
        "{\"special\":\"<eoi>\",\"loss\":false},{\"special\":\"<boa>\"},{\"audio\":\"row-0\",\"ids\":[6,13]},"
        "{\"special\":\"<eoa>\"},{\"special\":\"<sep>\"},{\"text\":\"\xC3\xA9 <boi> \"},{\"special\":\"<boa>\"},"
        "{\"audio\":\"row-1\",\"ids\":[37]},{\"special\":\"<eoa>\"},{\"special\":\"<eos>\"}]}"};
    export_counts c;
    make_lines_of_bytes(rows, 2, row, document, 64, &c);
    expect_lines(lines, 1);
    assert_int_equal(c.documents, 1);
    assert_int_equal(c.tokens, 35);
}

/* Each picture is one entry, also where its rows stand apart, or the next picture stands beside it. */
static void pictures_are_told_apart(void **state)
{
    static const sample_row rows[] = {{1, -1, 2, 2, -1}, {0, -1, 2, 2, -1}};
    static char *document[] = {"{rows}"};
    static const struct {
        const char *row, *media;
    } cases[] = {
        {"{image:bare}",
         "\"media\":[{\"image\":\"row-0\",\"start\":0,\"end\":4},{\"image\":\"row-1\",\"start\":4,\"end\":8}]"},
        {"{image:bare,between}",
         "\"media\":[{\"image\":\"row-0\",\"start\":0,\"end\":5},{\"image\":\"row-1\",\"start\":5,\"end\":10}]"},
        {"{image:bare,between,vectors}",
         "\"media\":[{\"image\":\"row-0\",\"start\":0,\"end\":5},{\"image\":\"row-1\",\"start\":5,\"end\":10}]"},
        {"{image:cross}",
         "\"media\":[{\"image\":\"row-0\",\"start\":0,\"end\":1},{\"image\":\"row-1\",\"start\":1,\"end\":2}]"},
    };
    const int64_t ends[] = {2};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *row[] = {(char *)cases[i].row}, *path = NULL;
        uint8_t *bytes = NULL;
        size_t size;
        export_counts c;
        sequence_options o = sample_options(64);
        o.row = (option_list){row, 1};
        o.document = (option_list){document, 1};
        o.separator = "";
        sample_make(&s, rows, ends, 1);
        assert_int_equal(make_lines(&o, &s.vocabulary, NULL, &c), OK);
        assert_int_equal(file_join(&path, folder, "train.jsonl"), OK);
        assert_int_equal(file_read(path, 1 << 20, &bytes, &size), OK);
        if (!strstr((char *)bytes, cases[i].media)) fail_msg("no %s but\n%s", cases[i].media, (char *)bytes);
        mem_free(&bytes);
        mem_free(&path);
        tear_down(state);
    }
}

static void a_text_that_is_cut_has_all_its_bytes(void **state)
{
    (void)state;
    static const sample_row rows[] = {{1, -1, -1, 0, 1}};
    static char *row[] = {"x\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9\xC3\xA9{audio:bare}"}, *document[] = {"{rows}"};
    static const char *const lines[] = {
        "{\"id\":null,\"sequence\":1,\"start\":0,\"tokens\":8,\"examples\":[],\"text\":\"x\xC3\xA9\xC3\xA9\xC3\xA9"
        "\xEF\xBF\xBD\",\"media\":[],\"segments\":[{\"text\":\"x\xC3\xA9\xC3\xA9\xC3\xA9\xEF\xBF\xBD\","
        "\"hex\":\"78c3a9c3a9c3a9c3\"}]}",
        "{\"id\":\"group-1\",\"sequence\":0,\"start\":0,\"tokens\":6,\"examples\":[\"row-0\"],\"text\":\"\xEF\xBF\xBD"
        "\xC3\xA9\xC3\xA9<6>\",\"media\":[{\"audio\":\"row-0\",\"start\":5,\"end\":6}],\"segments\":[{\"text\":"
        "\"\xEF\xBF\xBD\xC3\xA9\xC3\xA9\",\"hex\":\"a9c3a9c3a9\"},{\"audio\":\"row-0\",\"ids\":[6]}]}"};
    export_counts c;
    make_lines_of_bytes(rows, 1, row, document, 8, &c);
    expect_lines(lines, 2);
}

/* Of a tokenizer whose ids say nothing here: whole texts come from the examples and the templates. */
static void texts_of_other_tokenizers_must_be_whole(void **state)
{
    (void)state;
    static const sample_row rows[] = {{1, 40, -1, 0, -1}};
    static const char *const texts[] = {"gr\xC3\xB6\xC3\x9F"
                                        "er <eos>"};
    static char *row[] = {"[a] {text}"}, *document[] = {"<bos>{rows}<eos>"};
    static const char *const lines[] = {
        "{\"id\":\"group-1\",\"sequence\":0,\"start\":0,\"tokens\":46,\"examples\":[\"row-0\"],\"text\":"
        "\"<bos>[a] gr\xC3\xB6\xC3\x9F"
        "er <eos><eos>\",\"media\":[],\"segments\":[{\"special\":\"<bos>\","
        "\"loss\":false},{\"text\":\"[a] \"},{\"text\":\"gr\xC3\xB6\xC3\x9F"
        "er <eos>\",\"example\":\"row-0\"},"
        "{\"special\":\"<eos>\"}]}"};
    const int64_t ends[] = {1};
    export_counts c;
    vocabulary other;
    text_tokenizer *text = NULL;
    const text_options bytes = {0};
    vocabulary_make(&other, "other", 256, 100, 70, 0);
    sample_make_stored(&s, rows, texts, ends, 1);
    assert_int_equal(text_tokenizer_create(&text, &bytes), OK);
    for (int cut = 0; cut < 2; cut++) {
        sequence_options o = sample_options(cut ? 32 : 64);
        o.row = (option_list){row, 1};
        o.document = (option_list){document, 1};
        assert_int_equal(make_lines(&o, &other, text, &c), cut ? ERR_UNSUPPORTED : OK);
        if (cut)
            assert_non_null(strstr(status_message(), "other"));
        else
            expect_lines(lines, 1);
        mem_free(&folder);
    }
    text_tokenizer_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(characters_that_are_cut_are_found),
        cmocka_unit_test(patterns_have_one_number),
        cmocka_unit_test(tokens_have_names),
        cmocka_unit_test_teardown(a_document_is_a_line, tear_down),
        cmocka_unit_test(pictures_are_told_apart),
        cmocka_unit_test_teardown(a_text_that_is_cut_has_all_its_bytes, tear_down),
        cmocka_unit_test_teardown(texts_of_other_tokenizers_must_be_whole, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
