/* Ids, pieces and texts of the reference tokenizers (tests/golden/text-*). */
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "text/byte_bpe.h"
#include "text/tiktoken_file.h"
#include "text/tokenizer.h"
#include "text/tokenizer_json.h"
#include "text/unicode_class.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static json_t *load(const char *name)
{
    json_error_t error;
    char path[512];
    snprintf(path, sizeof path, "%s/%s", GOLDEN_DIR, name);
    json_t *root = json_load_file(path, JSON_ALLOW_NUL, &error);
    if (!root) fail_msg("%s: %s", path, error.text);
    return root;
}

/* ---- ids ---- */

typedef struct ids {
    uint32_t *ids;
    size_t capacity, n;
    char *text;
    size_t text_capacity, n_text;
} ids;

static void ids_free(ids *x)
{
    mem_free(&x->ids);
    mem_free(&x->text);
}

static void expect_ids(const ids *got, const json_t *want, const char *what, size_t row)
{
    size_t i;
    json_t *id;
    if (got->n != json_array_size(want))
        fail_msg("%s, string %zu: %zu ids of %zu", what, row, got->n, json_array_size(want));
    json_array_foreach((json_t *)want, i, id) if (got->ids[i] != json_integer_value(id)) fail_msg(
        "%s, string %zu: id %zu is %u, not %lld", what, row, i, got->ids[i], (long long)json_integer_value(id));
}

/* All strings; `key` of the expectations; `whole`: decoding gives the text again. */
static void compare(const text_options *o, const char *folder, const char *key, int whole)
{
    char name[256];
    size_t row;
    json_t *string, *strings = load("text-strings/strings.json");
    snprintf(name, sizeof name, "%s/expect.json", folder);
    json_t *expect = load(name);
    text_tokenizer *t = NULL;
    ids x = {0};
    if (text_tokenizer_create(&t, o) != OK) fail_msg("%s", status_message());
    assert_int_equal(json_array_size(strings), 251);
    assert_int_equal(json_array_size(expect), 251);
    for (int round = 0; round < 2; round++) { /* the second time out of the cache */
        json_array_foreach(strings, row, string)
        {
            const char *text = json_string_value(string);
            size_t n = json_string_length(string);
            assert_int_equal(text_tokenizer_encode(t, text, n, &x.ids, &x.capacity, &x.n), OK);
            expect_ids(&x, json_object_get(json_array_get(expect, row), key), folder, row);
            if (!whole) continue;
            assert_int_equal(text_tokenizer_decode(t, x.ids, x.n, &x.text, &x.text_capacity, &x.n_text), OK);
            assert_int_equal(x.n_text, n);
            if (n) assert_memory_equal(x.text, text, n);
        }
    }
    ids_free(&x);
    text_tokenizer_free(&t);
    json_decref(expect);
    json_decref(strings);
}

static const char *const json_of[] = {"text-gpt2", "text-llama3", "text-qwen2"};

static text_options json_options(const char *folder, char path[512], int parse)
{
    snprintf(path, 512, "%s/%s/tokenizer.json", GOLDEN_DIR, folder);
    return (text_options){.tokenizer = TOKENIZER_AUTO, .path = path, .special_tokens = parse};
}

static void ids_of_tokenizer_json(void **state)
{
    (void)state;
    char path[512];
    for (size_t i = 0; i < 3; i++) {
        text_options o = json_options(json_of[i], path, 1);
        compare(&o, json_of[i], "ids", i < 2);
    }
}

/* Text of the golden's pattern.json as the keys that a config has. */
static text_options ranks_options(char path[512], char specials[64], json_t **pattern, int parse)
{
    snprintf(path, 512, "%s/text-tiktoken/ranks.tiktoken", GOLDEN_DIR);
    strcpy(specials, "/tmp/tessera-specials-XXXXXX");
    int fd = mkstemp(specials);
    assert_true(fd >= 0);
    *pattern = load("text-tiktoken/pattern.json");
    assert_int_equal(json_dumpfd(json_object_get(*pattern, "special"), fd, 0), 0);
    close(fd);
    return (text_options){.tokenizer = TOKENIZER_AUTO,
                          .path = path,
                          .specials = specials,
                          .pattern = (char *)json_string_value(json_object_get(*pattern, "pattern")),
                          .special_tokens = parse};
}

static void ids_of_tiktoken_ranks(void **state)
{
    (void)state;
    char path[512], specials[64];
    json_t *pattern;
    text_options o = ranks_options(path, specials, &pattern, 0);
    compare(&o, "text-tiktoken", "ids", 1);
    o.special_tokens = 1;
    compare(&o, "text-tiktoken", "with_special", 1);
    o.pattern = (char *)"llama3";
    compare(&o, "text-tiktoken", "with_special", 1);
    json_decref(pattern);
    unlink(specials);
}

static void ids_of_sentencepiece_models(void **state)
{
    (void)state;
    static const char *const folders[] = {"text-spm-bpe", "text-spm-unigram", "text-spm-unigram-nfkc"};
    char path[512];
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        snprintf(path, sizeof path, "%s/%s/tokenizer.model", GOLDEN_DIR, folders[i]);
        for (int chosen = 0; chosen < 2; chosen++) { /* auto, and by name */
            const text_options o = {.tokenizer = chosen ? TOKENIZER_AUTO + 3 : TOKENIZER_AUTO, .path = path};
            text_tokenizer *t = NULL;
            compare(&o, folders[i], "ids", 0);
            assert_int_equal(text_tokenizer_create(&t, &o), OK);
            assert_string_equal(text_tokenizer_name(t), "sentencepiece");
            text_tokenizer_free(&t);
        }
    }
}

/* ---- pieces ---- */

typedef struct pieces {
    const json_t *want;
    size_t n, row;
} pieces;

static int take(void *user, const char *piece, size_t n)
{
    pieces *p = user;
    const json_t *want = json_array_get(p->want, p->n++);
    if (json_string_length(want) != n || memcmp(json_string_value(want), piece, n))
        fail_msg("string %zu: piece %zu is \"%.*s\", not \"%s\"", p->row, p->n - 1, (int)n, piece,
                 json_string_value(want));
    return OK;
}

static void texts_are_cut_like_the_reference(void **state)
{
    (void)state;
    json_t *string, *strings = load("text-strings/strings.json");
    for (size_t i = 0; i < 3; i++) {
        char path[512], name[256];
        size_t n, row;
        uint8_t *bytes;
        void *tokenizer;
        json_options(json_of[i], path, 0);
        assert_int_equal(file_read(path, 1 << 20, &bytes, &n), OK);
        assert_int_equal(bpe_kind.open(&tokenizer, path, bytes, n), OK);
        byte_bpe *b = tokenizer;
        snprintf(name, sizeof name, "%s/expect.json", json_of[i]);
        json_t *expect = load(name);
        json_array_foreach(strings, row, string)
        {
            const char *text;
            pieces p = {json_object_get(json_array_get(expect, row), "pieces"), 0, row};
            const split_sink sink = {take, &p};
            assert_int_equal(
                normalizer_run(&b->normalizer, json_string_value(string), json_string_length(string), &text, &n), OK);
            assert_int_equal(text_split_run(&b->split, text, n, 1, &sink), OK);
            assert_int_equal(p.n, json_array_size(p.want));
        }
        json_decref(expect);
        bpe_kind.close(&tokenizer);
        mem_free(&bytes);
    }
    json_decref(strings);
}

/* ---- special tokens, begin and end ---- */

static void encode(text_tokenizer *t, const char *text, ids *x)
{
    assert_int_equal(text_tokenizer_encode(t, text, strlen(text), &x->ids, &x->capacity, &x->n), OK);
}

static void specials_in_text_are_text_unless_asked_for(void **state)
{
    (void)state;
    char path[512];
    ids x = {0};
    for (int parse = 0; parse < 2; parse++) {
        text_options o = json_options("text-llama3", path, parse);
        text_tokenizer *t = NULL;
        size_t n;
        assert_int_equal(text_tokenizer_create(&t, &o), OK);
        assert_string_equal(text_tokenizer_name(t), "bpe");
        assert_int_equal(strlen(text_tokenizer_sha256(t)), 64);
        assert_int_equal(text_tokenizer_size(t), 903);
        assert_int_equal(text_tokenizer_begin(t), 900);
        assert_int_equal(text_tokenizer_end(t), -1);
        assert_memory_equal(text_tokenizer_piece(t, 902, &n), "<image>", 7);
        assert_int_equal(n, 7);
        text_tokenizer_piece(t, 903, &n);
        assert_int_equal(n, 0);
        encode(t, "<image>", &x);
        if (parse) {
            assert_int_equal(x.n, 1);
            assert_int_equal(x.ids[0], 902);
        }
        for (size_t i = 0; i < x.n && !parse; i++) assert_in_range(x.ids[i], 0, 899);
        text_tokenizer_free(&t);
    }
    ids_free(&x);
}

/* ---- classes ---- */

static void classes_are_those_of_the_reference(void **state)
{
    (void)state;
    static const char keys[] = {'L', 'N', 'S'};
    json_t *classes = load("text-strings/classes.json"), *range;
    for (size_t k = 0; k < sizeof keys; k++) {
        const char key[2] = {keys[k], 0};
        size_t i;
        uint32_t code = 0;
        json_array_foreach(json_object_get(classes, key), i, range)
        {
            uint32_t first = (uint32_t)json_integer_value(json_array_get(range, 0));
            uint32_t last = (uint32_t)json_integer_value(json_array_get(range, 1));
            for (; code <= last; code++) {
                unsigned c = unicode_class(code);
                int is = keys[k] == 'L'   ? class_is_letter(c)
                         : keys[k] == 'N' ? (c & CLASS_MASK) == CLASS_NUMBER
                                          : (c & CLASS_MASK) == CLASS_SPACE;
                if (is != (code >= first)) fail_msg("U+%04X and %s", code, key);
            }
        }
        assert_true(i > 3);
    }
    json_decref(classes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_of_tokenizer_json),
        cmocka_unit_test(ids_of_tiktoken_ranks),
        cmocka_unit_test(ids_of_sentencepiece_models),
        cmocka_unit_test(texts_are_cut_like_the_reference),
        cmocka_unit_test(specials_in_text_are_text_unless_asked_for),
        cmocka_unit_test(classes_are_those_of_the_reference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
