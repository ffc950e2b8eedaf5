#include "corpus_fixture.h"

#include "base/memory.h"
#include "base/status.h"
#include "config/config.h"
#include "corpus/split.h"

#include <string.h>

static void table_and_struct_agree(void **state)
{
    (void)state;
    corpus_options o = {0};
    const config_section section = {&corpus_options_table, &o};
    config *c = NULL;
    char *text = NULL;
    split_table t;
    assert_int_equal(config_create(&c, &section, 1), OK);
    assert_string_equal(o.path, "");
    assert_int_equal(o.format, CORPUS_AUTO);
    assert_int_equal(o.probe, PROBE_AUTO);
    assert_int_equal(o.partial, PARTIAL_REJECT);
    assert_int_equal(o.segment_rows, 65536);
    assert_int_equal(o.merge_width, 512);
    assert_int_equal(split_table_make(&o, &t), OK);
    assert_int_equal(t.n, 2);
    assert_string_equal(t.names[1], "valid");
    assert_true(t.ends[0] == 0.98);
    split_table_free(&t);

    assert_int_equal(config_set(c, "corpus.splits={a: 0.25, b: 0.25, c: 0.5}"), OK);
    assert_int_equal(config_set(c, "corpus.format=tsv"), OK);
    assert_int_equal(config_set(c, "index.probe=never"), OK);
    assert_int_equal(config_set(c, "corpus.partial=keep"), OK);
    assert_int_equal(config_set(c, "corpus.path=/data/m.tsv"), OK);
    assert_int_equal(o.format, CORPUS_TSV);
    assert_int_equal(o.probe, PROBE_NEVER);
    assert_int_equal(o.partial, PARTIAL_KEEP);
    assert_int_equal(corpus_split_count(&o), 3);
    assert_int_equal(split_table_make(&o, &t), OK);
    assert_true(t.ends[1] == 0.5);
    split_table_free(&t);

    /* where the corpus lies and how it is cut into segments is not content */
    assert_int_equal(config_scope_text(c, SCOPE_INDEX, &text), OK);
    assert_null(strstr(text, "/data"));
    assert_null(strstr(text, "segment_rows"));
    assert_non_null(strstr(text, "corpus.format: tsv\n"));
    mem_free(&text);
    config_free(&c);
}

static void root_is_found(void **state)
{
    fixture *f = *state;
    char *root = NULL;
    corpus_options o = {.path = f->path, .root = ""};
    assert_int_equal(corpus_root(&o, &root), OK);
    assert_string_equal(root, f->path);
    mem_free(&root);
    o.path = "some/where/m.jsonl";
    assert_int_equal(corpus_root(&o, &root), OK);
    assert_string_equal(root, "some/where");
    mem_free(&root);
    o.path = "m.jsonl";
    assert_int_equal(corpus_root(&o, &root), OK);
    assert_string_equal(root, ".");
    mem_free(&root);
    o.root = "/media";
    assert_int_equal(corpus_root(&o, &root), OK);
    assert_string_equal(root, "/media");
    mem_free(&root);
    o.path = "";
    assert_int_equal(corpus_root(&o, &root), ERR_CONFIG);
    assert_null(root);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_start, fixture_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(table_and_struct_agree), TEST(root_is_found)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
