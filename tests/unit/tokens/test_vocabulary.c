#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "tokens/vocabulary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static char folder[] = "/tmp/tessera-test-vocabulary-XXXXXX";
static char path[64];

static void ids_are_laid_out_in_order(void **state)
{
    (void)state;
    vocabulary v;
    vocabulary_make(&v, "bytes", 256, 512, 500, 0);
    assert_int_equal(v.n_ranges, 4);
    assert_int_equal(vocabulary_offset(&v, MODALITY_TEXT), 0);
    assert_int_equal(vocabulary_offset(&v, MODALITY_SPECIAL), 256);
    assert_int_equal(vocabulary_offset(&v, MODALITY_IMAGE), 320);
    assert_int_equal(vocabulary_offset(&v, MODALITY_AUDIO), 832);
    assert_int_equal(vocabulary_offset(&v, MODALITY_SENSOR), -1);
    assert_int_equal(vocabulary_special(&v, SPECIAL_EOS), 257);
    assert_int_equal(v.size, 1408);
    assert_int_equal(v.id_bits, 16);
    vocabulary_make(&v, "bytes", 256, 0, 65216, 0);
    assert_int_equal(v.size, 65536);
    assert_int_equal(v.id_bits, 16);
    vocabulary_make(&v, "bytes", 256, 0, 65217, 0);
    assert_int_equal(v.id_bits, 32);
}

static void ids_are_found_and_named(void **state)
{
    (void)state;
    static const struct {
        int64_t id, local;
        modality m;
        const char *name;
    } cases[] = {
        {0, 0, MODALITY_TEXT, "\\x00"},
        {'a', 'a', MODALITY_TEXT, "a"},
        {'n', 'n', MODALITY_TEXT, "n"},
        {'t', 't', MODALITY_TEXT, "t"},
        {' ', ' ', MODALITY_TEXT, " "},
        {'\n', '\n', MODALITY_TEXT, "\\n"},
        {'\\', '\\', MODALITY_TEXT, "\\\\"},
        {0xC3, 0xC3, MODALITY_TEXT, "\\xC3"},
        {256, 0, MODALITY_SPECIAL, "<bos>"},
        {262, 6, MODALITY_SPECIAL, "<image_newline>"},
        {267, 11, MODALITY_SPECIAL, "<vector>"},
        {268, 12, MODALITY_SPECIAL, "<image>"},
        {271, 15, MODALITY_SPECIAL, "<reserved_15>"},
        {319, 63, MODALITY_SPECIAL, "<reserved_63>"},
        {320, 0, MODALITY_IMAGE, "<img_0>"},
        {831, 511, MODALITY_IMAGE, "<img_511>"},
        {832, 0, MODALITY_AUDIO, "<aud_0>"},
        {1332, 0, MODALITY_SENSOR, "<sen_0>"},
    };
    vocabulary v;
    char name[64];
    modality m;
    int64_t local;
    vocabulary_make(&v, "bytes", 256, 512, 500, 10);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(vocabulary_find(&v, cases[i].id, &m, &local), OK);
        assert_int_equal(m, cases[i].m);
        assert_int_equal(local, cases[i].local);
        vocabulary_name(&v, cases[i].id, name, sizeof name);
        assert_string_equal(name, cases[i].name);
    }
    assert_int_equal(vocabulary_find(&v, 1342, &m, &local), ERR_INVALID);
    assert_int_equal(vocabulary_find(&v, -1, &m, &local), ERR_INVALID);
    vocabulary_name(&v, 1342, name, sizeof name);
    assert_string_equal(name, "<unused_1342>");
    vocabulary_make(&v, "other", 1000, 512, 500, 10);
    vocabulary_name(&v, 'a', name, sizeof name);
    assert_string_equal(name, "<text_97>");
}

static void pieces_are_fit_to_print(void **state)
{
    (void)state;
    char name[16];
    vocabulary_name_piece("a\n\xC3\xA9\xC3", 5, name, sizeof name);
    assert_string_equal(name, "a\\n\xC3\xA9\\xC3");
    vocabulary_name_piece("", 0, name, sizeof name);
    assert_string_equal(name, "");
    vocabulary_name_piece("0123456789abcd\xC3\xA9", 16, name, sizeof name); /* no half characters */
    assert_string_equal(name, "0123456789abcd");
}

static void all_names_differ(void **state)
{
    (void)state;
    vocabulary v;
    char names[340][32];
    vocabulary_make(&v, "bytes", 256, 20, 0, 0);
    for (int64_t i = 0; i < 340; i++) {
        vocabulary_name(&v, i, names[i], sizeof names[i]);
        for (int64_t k = 0; k < i; k++) assert_string_not_equal(names[i], names[k]);
    }
}

static void the_file_comes_back(void **state)
{
    (void)state;
    vocabulary v, w;
    uint8_t *bytes = NULL;
    size_t n;
    static const char head[] = "{\n  \"format\": \"tessera-vocabulary\",\n  \"format_version\": 1,\n"
                               "  \"tokenizer\": \"bytes\",\n  \"size\": 1408,\n  \"id_bits\": 16,\n"
                               "  \"special\": {\n    \"<bos>\": 256,\n    \"<eos>\": 257,\n";
    vocabulary_make(&v, "bytes", 256, 512, 500, 0);
    assert_int_equal(vocabulary_save(&v, path), OK);
    assert_int_equal(vocabulary_load(&w, path), OK);
    assert_memory_equal(&v, &w, sizeof v);
    assert_int_equal(file_read(path, 1 << 20, &bytes, &n), OK);
    assert_memory_equal(bytes, head, sizeof head - 1);
    assert_non_null(strstr((const char *)bytes, "\"new_rows\": [\n    [\n      256,\n      1332\n    ]\n  ]"));
    assert_null(strstr((const char *)bytes, "tokenizer_sha256"));
    vocabulary_make(&v, "bpe", 1000, 512, 500, 0);
    memset(v.tokenizer_sha256, 'a', 64);
    assert_int_equal(vocabulary_save(&v, path), OK);
    assert_int_equal(vocabulary_load(&w, path), OK);
    assert_memory_equal(&v, &w, sizeof v);
    mem_free(&bytes);
}

/* Change one text of the file and load it. */
static int load_with(const char *from, const char *to)
{
    vocabulary v;
    uint8_t *bytes = NULL;
    char *text = NULL;
    size_t n;
    vocabulary_make(&v, "bytes", 256, 512, 500, 0);
    assert_int_equal(vocabulary_save(&v, path), OK);
    assert_int_equal(file_read(path, 1 << 20, &bytes, &n), OK);
    const char *at = strstr((const char *)bytes, from);
    assert_non_null(at);
    assert_int_equal(
        mem_format(&text, "%.*s%s%s", (int)(at - (const char *)bytes), (const char *)bytes, to, at + strlen(from)), OK);
    assert_int_equal(file_commit(path, text, strlen(text), "test"), OK);
    mem_free(&text);
    mem_free(&bytes);
    return vocabulary_load(&v, path);
}

static void damaged_files_are_refused(void **state)
{
    (void)state;
    vocabulary v;
    assert_int_equal(vocabulary_load(&v, "/tmp/tessera-no-such-file"), ERR_MISSING);
    assert_int_equal(load_with("<eos>", "<eos>"), OK);
    assert_int_equal(load_with("\"<eos>\": 257", "\"<eos>\": 258"), ERR_CORRUPT);
    assert_int_equal(load_with("\"size\": 512", "\"size\": 513"), ERR_CORRUPT);
    assert_int_equal(load_with("\"size\": 500", "\"size\": -500"), ERR_CORRUPT);
    assert_int_equal(load_with("\"size\": 500", "\"size\": 9223372036854775807"), ERR_CORRUPT);
    assert_int_equal(load_with("\"size\": 1408", "\"size\": 1536"), ERR_CORRUPT);
    assert_int_equal(load_with("\"format_version\": 1", "\"format_version\": 2"), ERR_CORRUPT);
    assert_int_equal(load_with("\"tokenizer\": \"bytes\"", "\"tokenizer\": 7"), ERR_CORRUPT);
    assert_int_equal(load_with("{", "["), ERR_CORRUPT);
}

int main(void)
{
    if (!mkdtemp(folder)) return 1;
    snprintf(path, sizeof path, "%s/vocabulary.json", folder);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ids_are_laid_out_in_order), cmocka_unit_test(ids_are_found_and_named),
        cmocka_unit_test(pieces_are_fit_to_print),   cmocka_unit_test(all_names_differ),
        cmocka_unit_test(the_file_comes_back),       cmocka_unit_test(damaged_files_are_refused),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return file_remove_tree(folder) != OK || failed;
}
