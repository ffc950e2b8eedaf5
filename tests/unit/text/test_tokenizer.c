#include "base/memory.h"
#include "base/status.h"
#include "text/tokenizer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int encode_n(const char *text, size_t n, int64_t max_bytes)
{
    const text_options o = {.max_bytes = max_bytes};
    text_tokenizer *t = NULL;
    uint32_t *ids = NULL;
    size_t capacity = 0, count = 99;
    assert_int_equal(text_tokenizer_create(&t, &o), OK);
    int rc = text_tokenizer_encode(t, text, n, &ids, &capacity, &count);
    assert_int_equal(count, rc == OK ? n : 0);
    for (size_t i = 0; i < count; i++) assert_int_equal(ids[i], (unsigned char)text[i]);
    mem_free(&ids);
    text_tokenizer_free(&t);
    assert_null(t);
    return rc;
}

static int encode(const char *text) { return encode_n(text, strlen(text), 0); }

static void bytes_are_ids(void **state)
{
    (void)state;
    assert_int_equal(encode(""), OK);
    assert_int_equal(encode("plain\n"), OK);
    assert_int_equal(encode_n("a\0b", 3, 0), OK);
    assert_int_equal(encode("gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80 \xF4\x8F\xBF\xBF"), OK);
    assert_int_equal(encode("\xED\x9F\xBF\xEE\x80\x80\xC2\x80\xE0\xA0\x80\xF0\x90\x80\x80"), OK);
}

static void what_is_not_utf8_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "\x80",             /* no lead */
        "a\xC3",            /* cut off */
        "\xE2\x82",         /* cut off */
        "\xF0\x9F\x98",     /* cut off */
        "\xC3(",            /* no tail */
        "\xC0\xAF",         /* overlong */
        "\xC1\xBF",         /* overlong */
        "\xE0\x9F\xBF",     /* overlong */
        "\xF0\x8F\xBF\xBF", /* overlong */
        "\xED\xA0\x80",     /* surrogate */
        "\xED\xBF\xBF",     /* surrogate */
        "\xF4\x90\x80\x80", /* above U+10FFFF */
        "\xF5\x80\x80\x80",
        "\xFE",
        "\xFF",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) assert_int_equal(encode(wrong[i]), ERR_INVALID);
    assert_int_equal(encode_n("\xE2\x82\xAC", 2, 0), ERR_INVALID);
}

static void long_texts_are_refused(void **state)
{
    (void)state;
    assert_int_equal(encode_n("12345", 5, 5), OK);
    assert_int_equal(encode_n("123456", 6, 5), ERR_LIMIT);
}

static void it_says_what_it_is(void **state)
{
    (void)state;
    const text_options o = {0}, wrong = {.tokenizer = 9};
    text_tokenizer *t = NULL;
    assert_int_equal(text_tokenizer_create(&t, &wrong), ERR_CONFIG);
    assert_null(t);
    assert_int_equal(text_tokenizer_create(&t, &o), OK);
    assert_string_equal(text_tokenizer_name(t), "bytes");
    assert_int_equal(text_tokenizer_size(t), 256);
    text_tokenizer_free(&t);
    text_tokenizer_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_are_ids),
        cmocka_unit_test(what_is_not_utf8_is_refused),
        cmocka_unit_test(long_texts_are_refused),
        cmocka_unit_test(it_says_what_it_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
