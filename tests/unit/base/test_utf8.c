#include "base/memory.h"
#include "base/status.h"
#include "base/utf8.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void valid_prefix_ends_at_the_first_wrong_byte(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t valid;
    } cases[] = {
        {"", 0},
        {"abc", 3},
        {"\xC3\xA9", 2},
        {"\xE2\x82\xAC!", 4},
        {"\xF0\x9F\x98\x80", 4},
        {"\xF4\x8F\xBF\xBF", 4},
        {"a\x80", 1},         /* continuation alone */
        {"a\xC0\x80", 1},     /* overlong */
        {"a\xE0\x9F\xBF", 1}, /* overlong */
        {"a\xED\xA0\x80", 1}, /* surrogate */
        {"a\xF4\x90\x80\x80", 1},
        {"a\xF5\x80\x80\x80", 1},
        {"ab\xE2\x82", 2}, /* cut */
        {"ab\xFF", 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(utf8_valid_prefix(cases[i].text, strlen(cases[i].text)), cases[i].valid);
}

static void wrong_bytes_are_escaped_or_cleaned(void **state)
{
    (void)state;
    char *out = NULL, text[] = "a\xFF\xC3\xA9\x01z\xE2\x82";
    assert_int_equal(utf8_escape(text, strlen(text), &out), OK);
    assert_string_equal(out, "a%FF\xC3\xA9\x01z%E2%82");
    mem_free(&out);
    utf8_clean(text, strlen(text));
    assert_string_equal(text, "a?\xC3\xA9?z??");
}

static void wrong_bytes_are_replaced_like_the_references_do(void **state)
{
    (void)state;
    json_error_t error;
    size_t i;
    json_t *entry, *list = json_load_file(GOLDEN_DIR "/text-strings/invalid.json", 0, &error);
    assert_non_null(list);
    json_array_foreach(list, i, entry)
    {
        const char *hex = json_string_value(json_object_get(entry, "hex"));
        const json_t *want = json_object_get(entry, "replaced");
        char bytes[64], *out = NULL;
        size_t n = strlen(hex) / 2, n_out;
        for (size_t k = 0; k < n; k++) {
            unsigned value;
            assert_int_equal(sscanf(hex + 2 * k, "%2x", &value), 1);
            bytes[k] = (char)value;
        }
        assert_int_equal(utf8_replace(bytes, n, &out, &n_out), OK);
        assert_int_equal(n_out, json_string_length(want));
        assert_memory_equal(out, json_string_value(want), n_out);
        mem_free(&out);
    }
    assert_int_equal(i, 18);
    json_decref(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_prefix_ends_at_the_first_wrong_byte),
        cmocka_unit_test(wrong_bytes_are_escaped_or_cleaned),
        cmocka_unit_test(wrong_bytes_are_replaced_like_the_references_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
