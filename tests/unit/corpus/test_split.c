#include "base/memory.h"
#include "base/status.h"
#include "corpus/split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { N = 20000 };

static corpus_options with(char **texts, size_t n) { return (corpus_options){.splits = {texts, n}}; }

static int split_of_number(const split_table *t, int i)
{
    char group[32];
    int n = snprintf(group, sizeof group, "group/%d", i);
    return split_of(t, (text_view){group, (size_t)n});
}

static void shares_are_kept(void **state)
{
    (void)state;
    char *texts[] = {"train: 0.9", "valid=0.07", "test: 0.03", "none: 0"};
    int counts[4] = {0};
    corpus_options o = with(texts, 4);
    split_table t;
    assert_int_equal(split_table_make(&o, &t), OK);
    for (int i = 0; i < N; i++) counts[split_of_number(&t, i)]++;
    assert_in_range(counts[0], N * 0.89, N * 0.91);
    assert_in_range(counts[1], N * 0.063, N * 0.077);
    assert_in_range(counts[2], N * 0.026, N * 0.034);
    assert_int_equal(counts[3], 0);
    split_table_free(&t);
}

/* Values fixed once: a change of the hash would move rows of existing datasets between splits. */
static void splits_are_stable(void **state)
{
    (void)state;
    char *texts[] = {"train: 0.5", "valid: 0.5"};
    char found[33] = {0};
    corpus_options o = with(texts, 2);
    split_table t, other;
    int moved = 0;
    o.split_seed = 7;
    assert_int_equal(split_table_make(&o, &t), OK);
    o.split_seed = 8;
    assert_int_equal(split_table_make(&o, &other), OK);
    for (int i = 0; i < 32; i++) found[i] = (char)('0' + split_of_number(&t, i));
    assert_string_equal(found, "00011011100100001001011110010100");
    for (int i = 0; i < 100; i++) moved += split_of_number(&t, i) != split_of_number(&other, i);
    assert_in_range(moved, 20, 80);
    split_table_free(&t);
    split_table_free(&other);
}

static void wrong_splits_are_refused(void **state)
{
    (void)state;
    static char *wrong[][2] = {{"train: 0.5", "valid: 0.4"}, {"train: 0.5", "train: 0.5"}, {"train: nan", "valid: 1"},
                               {"train", "valid: 1"},        {"a/b: 0", "valid: 1"},       {"train: -1", "valid: 2"},
                               {": 0", "valid: 1"},          {"train: 0x1", "valid: 0"},   {"train: 1 0", "valid: 0"}};
    split_table t;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        corpus_options o = with(wrong[i], 2);
        assert_int_equal(split_table_make(&o, &t), ERR_CONFIG);
        assert_non_null(strstr(status_message(), "corpus.splits"));
        assert_null(t.names);
    }
    corpus_options none = with(NULL, 0);
    assert_int_equal(split_table_make(&none, &t), ERR_CONFIG);
}

static void names_are_in_order(void **state)
{
    (void)state;
    char *texts[] = {"train: 0.9", "valid : 0.1"}, *found = NULL;
    corpus_options o = with(texts, 2);
    assert_int_equal(corpus_split_count(&o), 2);
    assert_int_equal(corpus_split_name(&o, 1, &found), OK);
    assert_string_equal(found, "valid");
    mem_free(&found);
    assert_int_equal(corpus_split_name(&o, 2, &found), ERR_INTERNAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares_are_kept),
        cmocka_unit_test(splits_are_stable),
        cmocka_unit_test(wrong_splits_are_refused),
        cmocka_unit_test(names_are_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
