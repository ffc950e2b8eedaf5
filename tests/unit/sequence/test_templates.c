/* What the grammar of templates makes of known rows: ids, loss, literals, roles, weights. */
#include "sequence/pack.h"

#include "base/memory.h"
#include "base/status.h"
#include "index_tokens.h"
#include "sample_shards.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { MAX_PATH = 128, MANY = 200, OWN = 256 + SPECIAL_CUSTOM };

typedef struct said {
    sample_row row;
    sample_says says;
} said;

static text_tokenizer *tokenizer;

static int set_up(void **state)
{
    (void)state;
    const text_options bytes = {0};
    return text_tokenizer_create(&tokenizer, &bytes);
}

static int tear_down(void **state)
{
    (void)state;
    text_tokenizer_free(&tokenizer);
    return 0;
}

static void note(void *user, const char *text)
{
    (void)user;
    print_error("%s\n", text);
}

/* Pack all rows of one shard into one file, check it, and read it. */
static void pack(const said *rows, int64_t n_rows, const sequence_options *o, int weighted, index_tokens *x,
                 sequence_counts *counts)
{
    sample_shards s;
    char path[MAX_PATH], *paths[] = {path};
    sequence_counts checked;
    sample_row plain[MANY];
    sample_says says[MANY];
    for (int64_t i = 0; i < n_rows; i++) {
        plain[i] = rows[i].row;
        says[i] = rows[i].says;
    }
    sample_make_said(&s, plain, says, &n_rows, 1);
    sequence_set set = sample_set(&s, o);
    set.text = tokenizer;
    set.weighted = weighted;
    snprintf(path, sizeof path, "%s/index.h5", s.folder);
    assert_int_equal(pack_blocks(&set, n_rows), 1);
    if (pack_block(&set, 0, path, counts) != OK) fail_msg("%s", status_message());
    for (int i = 0; i < 2; i++) { /* with the tokenizer, and from what the file says of literals */
        if (pack_check(&set, paths, 1, note, NULL, &checked) != OK) fail_msg("%s", status_message());
        assert_memory_equal(&checked, counts, sizeof checked);
        set.text = NULL;
    }
    index_tokens_read(x, path, s.paths, 1);
    sample_remove(&s);
}

/* One document against what it should be, written as names and numbers. `loss`: '1' or '0' per token. */
static void expect(const said *rows, int64_t n_rows, const sequence_options *o, const int *ids, size_t n,
                   const char *loss)
{
    index_tokens x;
    sequence_counts c;
    pack(rows, n_rows, o, 0, &x, &c);
    assert_int_equal(x.n_sequences, 1);
    assert_int_equal(x.offsets[1], n);
    assert_int_equal(strlen(loss), n);
    for (size_t i = 0; i < n; i++) {
        if ((int)x.ids[i] != ids[i]) fail_msg("token %zu is %u, not %d", i, x.ids[i], ids[i]);
        if (x.loss[i] != loss[i] - '0') fail_msg("token %zu has loss %d", i, x.loss[i]);
    }
    index_tokens_free(&x);
}

static sequence_options with_row(char **row, size_t n)
{
    sequence_options o = sample_options(64);
    o.row = (option_list){row, n};
    return o;
}

/* Bytes are their own ids, specials begin at 256, images at 320, sound at 420; text of row 0: 0, 7, 14 ... */
static void literals_and_specials_stand_where_they_are_written(void **state)
{
    (void)state;
    const said row = {{1, 2, -1, 0, 1}, {NULL, NULL, NULL}};
    char *template[] = {"a{{<<<eoh>{text}b{audio:bare}"}, *own[] = {"sop", "eoh"};
    sequence_options o = with_row(template, 1);
    o.specials = (option_list){own, 2};
    const int ids[] = {256, 'a', '{', '<', OWN + 1, 0, 7, 'b', 426, 257};
    expect(&row, 1, &o, ids, 10, "0111111111");
}

static void roles_have_templates_and_loss_of_their_own(void **state)
{
    (void)state;
    const said rows[] = {{{1, 1, -1, 0, -1}, {"system", NULL, NULL}},
                         {{0, 1, -1, 0, 1}, {"user", NULL, NULL}},
                         {{0, 1, -1, 0, -1}, {"assistant", NULL, NULL}},
                         {{0, 1, -1, 0, -1}, {"other", NULL, NULL}}};
    char *template[] = {"{text}"}, *roles[] = {"system: {-}S{text}", "user: {-}U:{?audio}A{/}{?image}I{/}{text}",
                                               "assistant: {-}X{+}{text}<eos>"};
    sequence_options o = with_row(template, 1);
    o.roles = (option_list){roles, 3};
    o.separator = "|";
    const int ids[] = {256, 'S', 0, '|', 'U', ':', 'A', 31, '|', 'X', 62, 257, '|', 93, 257};
    expect(rows, 4, &o, ids, 15, "000100001011111");
}

static void fields_are_part_of_the_literal_around_them(void **state)
{
    (void)state;
    const said row = {{1, 1, 2, 3, -1}, {"user", "de", "web"}};
    char *template[] = {"[{lang} {role} {source} {grid}]{text}"};
    sequence_options o = with_row(template, 1);
    const int ids[] = {256, '[', 'd', 'e', ' ', 'u', 's', 'e', 'r', ' ',
                       'w', 'e', 'b', ' ', '2', '*', '3', ']', 0,   257};
    expect(&row, 1, &o, ids, 20, "01111111111111111111");
}

static void rows_can_be_picked_by_role(void **state)
{
    (void)state;
    const said rows[] = {{{1, 1, -1, 0, -1}, {"source", "de", NULL}},
                         {{0, 1, -1, 0, -1}, {"target", "en", NULL}},
                         {{0, 1, -1, 0, -1}, {"note", "en", NULL}}};
    char *template[] = {"{text}"}, *document[] = {"<bos>t{rows:target}{-}s{rows:source}<eos>"};
    sequence_options o = with_row(template, 1);
    o.document = (option_list){document, 1};
    const int ids[] = {256, 't', 31, 's', 259, 0, 257};
    expect(rows, 2, &o, ids, 7, "0110000");
    expect(rows, 3, &o, ids, 7, "0110000");
}

static void a_row_without_streams_leaves_nothing(void **state)
{
    (void)state;
    const said rows[] = {{{1, 1, -1, 0, -1}, {NULL, NULL, NULL}},
                         {{0, -1, -1, 0, -1}, {NULL, NULL, NULL}},
                         {{0, 0, -1, 0, 1}, {NULL, NULL, NULL}},
                         {{1, -1, -1, 0, -1}, {NULL, NULL, NULL}}};
    char *template[] = {"T{text}"};
    sequence_options o = with_row(template, 1);
    index_tokens x;
    sequence_counts c;
    pack(rows, 4, &o, 0, &x, &c);
    assert_int_equal(c.documents, 1);
    assert_int_equal(c.empty_documents, 1);
    const uint32_t wanted[] = {256, 'T', 0, 257};
    assert_int_equal(x.offsets[1], 4);
    assert_memory_equal(x.ids, wanted, sizeof wanted);
    index_tokens_free(&x);
}

static void many(said *rows)
{
    static const char *const sources[] = {"a", "b"}, *const langs[] = {"de", "en", "fr"};
    for (int i = 0; i < MANY; i++) rows[i] = (said){{1, 3, -1, 0, 2}, {NULL, langs[i % 3], sources[i % 2]}};
}

/* Documents that begin like this: after <bos> comes this token. */
static int64_t begin_with(const index_tokens *x, uint32_t token)
{
    int64_t n = 0;
    for (int64_t i = 0; i + 1 < x->offsets[x->n_sequences]; i++) n += x->begins[i] && x->ids[i + 1] == token;
    return n;
}

static void a_coin_picks_the_direction_and_copies_take_turns(void **state)
{
    (void)state;
    said rows[MANY];
    char *both[] = {"T{text}{audio}", "A{audio}{text}"}, *twice[] = {"all: 2"};
    sequence_options o = with_row(both, 2);
    index_tokens x;
    sequence_counts c;
    many(rows);
    pack(rows, MANY, &o, 0, &x, &c);
    assert_in_range(begin_with(&x, 'T'), MANY / 3, 2 * MANY / 3);
    assert_int_equal(begin_with(&x, 'T') + begin_with(&x, 'A'), MANY);
    index_tokens_free(&x);
    o.weights = (option_list){twice, 1};
    pack(rows, MANY, &o, 1, &x, &c);
    assert_int_equal(begin_with(&x, 'T'), MANY);
    assert_int_equal(begin_with(&x, 'A'), MANY);
    assert_int_equal(c.documents, 2 * MANY);
    assert_int_equal(c.repeated_documents, MANY);
    assert_int_equal(c.ids[STREAM_TEXT], 2 * 3 * MANY);
    index_tokens_free(&x);
}

static void weights_repeat_and_leave_out(void **state)
{
    (void)state;
    said rows[MANY];
    char *template[] = {"{text}"}, *weights[] = {"source=a: 3", "lang=de: 0", "lang=en: 0.5"};
    sequence_options o = with_row(template, 1);
    index_tokens x;
    sequence_counts c;
    int64_t a_fr = 0, b_fr = 0, a_en = 0, b_en = 0, de = 0;
    many(rows);
    for (int i = 0; i < MANY; i++) {
        de += i % 3 == 0;
        a_en += i % 3 == 1 && i % 2 == 0;
        b_en += i % 3 == 1 && i % 2 == 1;
        a_fr += i % 3 == 2 && i % 2 == 0;
        b_fr += i % 3 == 2 && i % 2 == 1;
    }
    o.weights = (option_list){weights, 3};
    pack(rows, MANY, &o, 1, &x, &c);
    /* a, fr: 3 times; b, fr: once; a, en: once or twice; b, en: none or once; de: none */
    int64_t fixed = 3 * a_fr + b_fr + a_en;
    assert_in_range(c.documents, fixed + (a_en + b_en) / 4, fixed + 3 * (a_en + b_en) / 4);
    assert_in_range(c.left_out_documents, de + 1, de + b_en - 1);
    index_tokens_free(&x);
    pack(rows, MANY, &o, 0, &x, &c); /* splits without weights */
    assert_int_equal(c.documents, MANY);
    index_tokens_free(&x);
}

static void wrong_weights_are_refused(void **state)
{
    (void)state;
    char *bad[] = {"a: 1", "source=a", "source=a: -1", "source=a: x", "group=a: 1", "all: 2000", "lang=a: nan"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        sequence_options o = sample_options(64);
        o.weights = (option_list){&bad[i], 1};
        assert_int_equal(sequence_options_check(&o), ERR_CONFIG);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_and_specials_stand_where_they_are_written),
        cmocka_unit_test(roles_have_templates_and_loss_of_their_own),
        cmocka_unit_test(fields_are_part_of_the_literal_around_them),
        cmocka_unit_test(rows_can_be_picked_by_role),
        cmocka_unit_test(a_row_without_streams_leaves_nothing),
        cmocka_unit_test(a_coin_picks_the_direction_and_copies_take_turns),
        cmocka_unit_test(weights_repeat_and_leave_out),
        cmocka_unit_test(wrong_weights_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
