/* What is not supported is refused and named; what is given by keys must fit. */
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "text/tokenizer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char folder[] = "/tmp/tessera-test-tokenizer-XXXXXX";
static char path[80], other[80];

static const char whole[] =
    "{\"version\": \"1.0\", \"truncation\": null, \"padding\": null,\n"
    " \"added_tokens\": [{\"id\": 5, \"content\": \"<x>\", \"special\": true, \"normalized\": false}],\n"
    " \"normalizer\": {\"type\": \"NFC\"},\n"
    " \"pre_tokenizer\": {\"type\": \"ByteLevel\", \"add_prefix_space\": false, \"use_regex\": true},\n"
    " \"post_processor\": {\"type\": \"ByteLevel\"}, \"decoder\": null,\n"
    " \"model\": {\"type\": \"BPE\", \"dropout\": null, \"unk_token\": null,\n"
    "  \"vocab\": {\"a\": 0, \"b\": 1, \"ab\": 2, \"\xC4\xA0\": 3}, \"merges\": [\"a b\"]}}\n";

static text_tokenizer *open_with(const text_options *o, const char *message)
{
    text_tokenizer *t = NULL;
    int rc = text_tokenizer_create(&t, o);
    if (!message) {
        if (rc != OK) fail_msg("%s", status_message());
        return t;
    }
    assert_int_equal(rc, ERR_CONFIG);
    if (!strstr(status_message(), message)) fail_msg("no \"%s\" in: %s", message, status_message());
    assert_null(t);
    return NULL;
}

/* The file with one text changed. */
static void expect_refused(const char *from, const char *to, const char *message)
{
    char *text = NULL;
    const text_options o = {.tokenizer = TOKENIZER_AUTO, .path = path};
    const char *at = strstr(whole, from);
    assert_non_null(at);
    assert_int_equal(mem_format(&text, "%.*s%s%s", (int)(at - whole), whole, to, at + strlen(from)), OK);
    assert_int_equal(file_commit(path, text, strlen(text), "test"), OK);
    text_tokenizer *t = open_with(&o, message);
    text_tokenizer_free(&t);
    mem_free(&text);
}

static void unknown_parts_are_named(void **state)
{
    (void)state;
    expect_refused("NFC", "NFC", NULL);
    expect_refused("\"version\"", "\"future\"", "\"future\"");
    expect_refused("NFC", "StripAccents", "normalizer: type \"StripAccents\"");
    expect_refused("{\"type\": \"NFC\"}",
                   "{\"type\": \"Replace\", \"pattern\": {\"Regex\": \" +\"}, \"content\": \"\"}",
                   "normalizer: Replace");
    expect_refused("{\"type\": \"ByteLevel\", \"add", "{\"type\": \"Whitespace\", \"add", "type \"Whitespace\"");
    expect_refused("\"use_regex\": true", "\"use_magic\": true", "\"use_magic\"");
    expect_refused("\"post_processor\": {\"type\": \"ByteLevel\"}", "\"post_processor\": {\"type\": \"Other\"}",
                   "post_processor: type \"Other\"");
    expect_refused("\"BPE\"", "\"WordPiece\"", "model: type \"WordPiece\"");
    expect_refused("\"dropout\": null", "\"dropout\": 0.1", "\"dropout\"");
    expect_refused("\"dropout\": null", "\"end_of_word_suffix\": \"</w>\"", "\"end_of_word_suffix\"");
    expect_refused("\"dropout\": null", "\"surprise\": 1", "\"surprise\"");
    expect_refused("\"unk_token\": null", "\"unk_token\": \"<unk>\"", "<unk>");
    expect_refused("\"special\": true", "\"sticky\": true", "\"sticky\"");
}

static void damaged_files_are_refused(void **state)
{
    (void)state;
    expect_refused("\"merges\"", "merges", "line 7");
    expect_refused("[\"a b\"]", "[\"a  b\"]", "merge 0");
    expect_refused("[\"a b\"]", "[\"a c\"]", "not in the vocabulary");
    expect_refused("[\"a b\"]", "[[\"a\"]]", "merge 0");
    expect_refused("[\"a b\"]", "7", "merges");
    expect_refused("\"ab\": 2", "\"ab\": 1", "id 1");
    expect_refused("\"ab\": 2", "\"ab\": 2097152", "\"ab\"");
    expect_refused("\"ab\": 2", "\"ab\": -1", "\"ab\"");
    expect_refused("\"id\": 5", "\"id\": 2", "another token");
    expect_refused("\"id\": 5", "\"id\": \"5\"", "no id");
    expect_refused("<x>", "ab", "has id 5 here and 2");
    expect_refused("{\"version\"", "[\"version\"", "no tokenizer file");
}

static void keys_must_fit(void **state)
{
    (void)state;
    static const char ranks[] = "YQ== 0\n";
    assert_int_equal(file_commit(path, whole, sizeof whole - 1, "test"), OK);
    assert_int_equal(file_commit(other, ranks, sizeof ranks - 1, "test"), OK);
    text_options o = {.path = path};
    open_with(&o, "text.tokenizer is bytes");
    o.tokenizer = TOKENIZER_AUTO;
    o.pattern = (char *)"gpt2";
    open_with(&o, "text.pattern");
    o.pattern = NULL;
    o.path = NULL;
    open_with(&o, "text.path is not set");
    o.path = (char *)"/tmp/tessera-no-such-file";
    open_with(&o, "does not exist");
    o.path = other;
    open_with(&o, "byte 0x00");
    o.tokenizer = TOKENIZER_AUTO + 1; /* bpe */
    open_with(&o, "text.tokenizer: bpe");
}

/* 256 bytes and "ab" as ranks. */
static void write_ranks(void)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char text[8192];
    size_t n = 0;
    for (int i = 0; i < 256; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%c%c== %d\r\n", digits[i >> 2], digits[(i & 3) << 4], i);
    n += (size_t)snprintf(text + n, sizeof text - n, "YWI= 256\n");
    assert_int_equal(file_commit(path, text, n, "test"), OK);
}

static void ranks_need_a_pattern_and_may_have_specials(void **state)
{
    (void)state;
    static const struct {
        const char *json, *message;
    } cases[] = {
        {"{\"<s>\": 300}", NULL},
        {"{\"<s>\": 256}", "id 256 of another token"},
        {"{\"<s>\": \"300\"}", "no number"},
        {"{\"<s>\": 9000000000}", "no id"},
        {"[1]", "not a JSON object"},
        {"{\"added_tokens_decoder\": {\"300\": {\"content\": \"<s>\"}}}", NULL},
        {"{\"added_tokens_decoder\": {\"3x\": {\"content\": \"<s>\"}}}", "\"3x\" is no id"},
        {"{\"added_tokens_decoder\": {\"300\": {}}}", "no content"},
    };
    uint32_t *ids = NULL;
    size_t capacity = 0, count;
    write_ranks();
    text_options o = {.tokenizer = TOKENIZER_AUTO, .path = path, .specials = other, .special_tokens = 1};
    open_with(&o, "text.pattern is not set");
    o.pattern = (char *)"(";
    open_with(&o, "text.pattern");
    o.pattern = (char *)"[a-z<>]"; /* what does not match is left out */
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(file_commit(other, cases[i].json, strlen(cases[i].json), "test"), OK);
        text_tokenizer *t = open_with(&o, cases[i].message);
        if (!t) continue;
        assert_int_equal(text_tokenizer_size(t), 301);
        assert_int_equal(text_tokenizer_encode(t, "a1b<s>", 6, &ids, &capacity, &count), OK);
        assert_int_equal(count, 3);
        assert_int_equal(ids[0], 'a');
        assert_int_equal(ids[1], 'b');
        assert_int_equal(ids[2], 300);
        text_tokenizer_free(&t);
    }
    mem_free(&ids);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(unknown_parts_are_named),
        cmocka_unit_test(damaged_files_are_refused),
        cmocka_unit_test(keys_must_fit),
        cmocka_unit_test(ranks_need_a_pattern_and_may_have_specials),
    };
    if (!mkdtemp(folder)) return 1;
    snprintf(path, sizeof path, "%s/file", folder);
    snprintf(other, sizeof other, "%s/other", folder);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    file_remove_tree(folder);
    return failed;
}
