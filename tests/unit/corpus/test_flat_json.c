/* What the short way takes is what jansson reads: the same keys in the same order with the same values. Whatever it
 * leaves to jansson is right by itself; lines as they are common must be taken. */
#include "corpus_fixture.h"

#include "base/memory.h"
#include "base/status.h"
#include "corpus/flat_json.h"

#include <jansson.h>
#include <string.h>

static const struct {
    const char *line;
    int taken;
} lines[] = {
    {"{\"id\": \"doc-1\", \"group\": \"g1\", \"order\": 3, \"text\": \"A caption, with words.\"}", 1},
    {"{\"audio_filepath\":\"a/b.wav\",\"duration\":12.345,\"offset\":1e-3,\"text\":\"Gr\xC3\xB6\xC3\x9F"
     "e\"}",
     1},
    {" {\"a\" : null , \"b\":true,\"c\":false,\"d\":-0,\"e\":-12.50E+2,\"f\":0.1,\"g\":\"\"}\t\r ", 1},
    {"{\"text\":\"quote \\\" slash \\/ back \\\\ \\b\\f\\n\\r\\t \\u00e9\\u20AC\\ud83d\\ude00 end\"}", 1},
    {"{}", 0}, /* no key behind the brace */
    {"{\"a\":123456789012345678,\"b\":-123456789012345678}", 1},
    {"{\"a\":1234567890123456789}", 0},
    {"{\"a\":[1]}", 0},
    {"{\"a\":{\"b\":1}}", 0},
    {"{\"a\":1,\"a\":2}", 0},
    {"{\"a\\u0062\":1}", 0},
    {"{\"a\":\"\\u0000\"}", 0},
    {"{\"a\":\"\\ud800\"}", 0},
    {"{\"a\":\"\\ud800\\u0041\"}", 0},
    {"{\"a\":\"\\udc00\\ud800\"}", 0},
    {"{\"a\":\"\\x\"}", 0},
    {"{\"a\":\"\x01\"}", 0},
    {"{\"a\":\"\xFF\"}", 0},
    {"{\"a\":\"x\"} x", 0},
    {"{\"a\":\"x\",}", 0},
    {"{\"a\":01}", 0},
    {"{\"a\":1.}", 0},
    {"{\"a\":.5}", 0},
    {"{\"a\":+1}", 0},
    {"{\"a\":1e}", 0},
    {"{\"a\":1e999}", 0},
    {"{\"a\":NaN}", 0},
    {"{\"a\":nul}", 0},
    {"{\"a\":\"x", 0},
    {"{\"a\":\"x\\", 0},
    {"{\"a\"", 0},
    {"{a:1}", 0},
    {"[\"a\"]", 0},
    {"\"a\"", 0},
    {"", 0},
};
enum { N_LINES = sizeof lines / sizeof *lines };

static void check_value(const flat_pair *pair, const json_t *value)
{
    switch (pair->type) {
    case FLAT_TEXT:
        assert_true(json_is_string(value));
        assert_int_equal(json_string_length(value), pair->text.n);
        assert_memory_equal(json_string_value(value), pair->text.bytes, pair->text.n);
        break;
    case FLAT_WHOLE:
        assert_true(json_is_integer(value));
        assert_true(json_integer_value(value) == pair->whole);
        break;
    case FLAT_REAL:
        assert_true(json_is_real(value));
        double real = json_real_value(value);
        assert_memory_equal(&real, &pair->real, sizeof real);
        break;
    case FLAT_NULL: assert_true(json_is_null(value)); break;
    case FLAT_TRUE: assert_true(json_is_true(value)); break;
    case FLAT_FALSE: assert_true(json_is_false(value)); break;
    }
}

/* Whether the line is taken; what is taken must be what jansson reads. */
static int compare(flat_json *f, const char *bytes, size_t n)
{
    int is;
    size_t i = 0;
    const char *key;
    json_t *value;
    assert_int_equal(flat_json_read(f, (text_view){bytes, n}, &is), OK);
    if (!is) return 0;
    json_t *object = json_loadb(bytes, n, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(object);
    assert_true(json_is_object(object));
    assert_int_equal(json_object_size(object), f->n);
    json_object_foreach(object, key, value)
    {
        assert_string_equal(key, f->pairs[i].key);
        check_value(&f->pairs[i++], value);
    }
    json_decref(object);
    return 1;
}

static void common_lines_are_taken(void **state)
{
    flat_json f = {0};
    for (int i = 0; i < N_LINES; i++) {
        if (compare(&f, lines[i].line, strlen(lines[i].line)) != lines[i].taken) fail_msg("%s", lines[i].line);
    }
    mem_free(&f.scratch);
}

static uint32_t next(uint64_t *random) { return (uint32_t)((*random = *random * 6364136223846793005 + 1) >> 33); }

/* Bytes that mean something in JSON, put into, over and out of the lines. */
static void changed_lines_agree(void **state)
{
    static const char bytes[] =
        "{}[]\",:\\/bfnrtu0123456789dDcC8+-.eE \t\x1F\x7F\x80\xC3\xA9\xE2\xED\xA0\xF0\x9F\0null";
    flat_json f = {0};
    uint64_t random = 7;
    int64_t n_taken = 0;
    char line[256];
    for (int i = 0; i < 300000; i++) {
        const char *from = lines[next(&random) % (i % 2 ? 4 : N_LINES)].line;
        size_t n = strlen(from);
        memcpy(line, from, n);
        for (int changes = 1 + (int)(next(&random) % 3); changes > 0 && n; changes--) {
            size_t at = next(&random) % n;
            char byte = bytes[next(&random) % (sizeof bytes - 1)];
            switch (next(&random) % 3) {
            case 0: line[at] = byte; break;
            case 1: memmove(line + at, line + at + 1, --n - at); break;
            default: memmove(line + at + 1, line + at, n++ - at); line[at] = byte;
            }
        }
        n_taken += compare(&f, line, n);
    }
    assert_true(n_taken > 20000);
    mem_free(&f.scratch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(common_lines_are_taken),
        cmocka_unit_test(changed_lines_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
