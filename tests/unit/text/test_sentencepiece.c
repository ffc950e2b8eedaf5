/* Models and ids of the SentencePiece library: every string must get its ids and pieces, and come back as its text. */
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "text/sentencepiece.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

typedef struct golden_model {
    void *state;
    json_t *strings, *expected, *decoded;
} golden_model;

static json_t *load(const char *folder, const char *name)
{
    char *path;
    json_error_t error;
    assert_int_equal(mem_format(&path, "%s/%s/%s", GOLDEN_DIR, folder, name), OK);
    json_t *j = json_load_file(path, JSON_ALLOW_NUL, &error);
    if (!j) fail_msg("%s: %s", path, error.text);
    mem_free(&path);
    return j;
}

static golden_model open_golden(const char *folder)
{
    golden_model g = {.strings = load("text-strings", "strings.json"),
                      .expected = load(folder, "expect.json"),
                      .decoded = load(folder, "decoded.json")};
    char *path;
    uint8_t *bytes;
    size_t n;
    assert_int_equal(mem_format(&path, "%s/%s/tokenizer.model", GOLDEN_DIR, folder), OK);
    assert_int_equal(file_read(path, 1 << 20, &bytes, &n), OK);
    assert_true(sentencepiece_kind.detect(bytes, n));
    if (sentencepiece_kind.open(&g.state, path, bytes, n) != OK) fail_msg("%s", status_message());
    mem_free(&bytes);
    mem_free(&path);
    assert_int_equal(json_array_size(g.strings), 251);
    assert_int_equal(json_array_size(g.expected), 251);
    assert_int_equal(json_array_size(g.decoded), 251);
    return g;
}

static void close_golden(golden_model *g)
{
    sentencepiece_kind.close(&g->state);
    assert_null(g->state);
    json_decref(g->strings);
    json_decref(g->expected);
    json_decref(g->decoded);
}

static void check_ids(const golden_model *g, size_t row, const uint32_t *ids, size_t n)
{
    const json_t *e = json_array_get(g->expected, row), *want = json_object_get(e, "ids");
    if (json_array_size(want) != n) fail_msg("string %zu: %zu ids, not %zu", row, n, json_array_size(want));
    for (size_t i = 0; i < n; i++) {
        size_t length;
        const json_t *piece = json_array_get(json_object_get(e, "pieces"), i);
        if (json_integer_value(json_array_get(want, i)) != ids[i]) fail_msg("string %zu: id %zu differs", row, i);
        const char *bytes = sentencepiece_kind.piece(g->state, ids[i], &length);
        assert_int_equal(length, json_string_length(piece));
        assert_memory_equal(bytes, json_string_value(piece), length);
    }
}

/* Two parts of the ids, wherever they are cut, are the whole. */
static void check_parts(const golden_model *g, size_t row, const uint32_t *ids, size_t n, const char *text,
                        size_t length)
{
    char *part = NULL;
    size_t room = 0, first, second;
    for (size_t cut = 1; cut < n; cut++) {
        assert_int_equal(sentencepiece_kind.decode_part(g->state, 0, ids, cut, &part, &room, &first), OK);
        if (first > length || memcmp(part, text, first)) fail_msg("string %zu is not begun by %zu ids", row, cut);
        assert_int_equal(sentencepiece_kind.decode_part(g->state, 1, ids + cut, n - cut, &part, &room, &second), OK);
        /* spaces before the first word, which the whole has lost, are kept by a part that cannot know that it begins */
        size_t lost = 0;
        while (!first && lost < second && second - lost > length && part[lost] == ' ') lost++;
        if (first + second - lost != length || (length > first && memcmp(part + lost, text + first, second - lost)))
            fail_msg("string %zu is not ended by the ids from %zu on", row, cut);
    }
    mem_free(&part);
}

static void check_model(const char *folder)
{
    golden_model g = open_golden(folder);
    uint32_t *ids = NULL;
    char *text = NULL;
    size_t id_room = 0, text_room = 0, n, length;
    for (size_t row = 0; row < 251; row++) {
        const json_t *s = json_array_get(g.strings, row), *back = json_array_get(g.decoded, row);
        assert_int_equal(
            sentencepiece_kind.encode(g.state, json_string_value(s), json_string_length(s), &ids, &id_room, &n), OK);
        check_ids(&g, row, ids, n);
        assert_int_equal(sentencepiece_kind.decode(g.state, ids, n, &text, &text_room, &length), OK);
        if (length != json_string_length(back) || (length && memcmp(text, json_string_value(back), length)))
            fail_msg("string %zu is not decoded to what it was", row);
        check_parts(&g, row, ids, n, text, length);
    }
    mem_free(&text);
    mem_free(&ids);
    close_golden(&g);
}

static void bpe(void **state)
{
    (void)state;
    check_model("text-spm-bpe");
}

static void unigram(void **state)
{
    (void)state;
    check_model("text-spm-unigram");
}

static void unigram_with_a_character_map(void **state)
{
    (void)state;
    check_model("text-spm-unigram-nfkc");
}

static void it_says_what_it_is(void **state)
{
    (void)state;
    golden_model g = open_golden("text-spm-unigram-nfkc");
    size_t n;
    assert_string_equal(sentencepiece_kind.label, "sentencepiece");
    const int64_t size = sentencepiece_kind.size(g.state), begin = sentencepiece_kind.begin(g.state),
                  end = sentencepiece_kind.end(g.state);
    assert_int_equal(begin, 1);
    assert_int_equal(end, 2);
    assert_memory_equal(sentencepiece_kind.piece(g.state, 2, &n), "</s>", 4);
    sentencepiece_kind.piece(g.state, (uint32_t)size - 1, &n);
    assert_true(n > 0);
    sentencepiece_kind.piece(g.state, (uint32_t)size, &n);
    assert_int_equal(n, 0);
    close_golden(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bpe),
        cmocka_unit_test(unigram),
        cmocka_unit_test(unigram_with_a_character_map),
        cmocka_unit_test(it_says_what_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
