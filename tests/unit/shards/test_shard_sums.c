#include "base/file.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "part_maker.h"
#include "shard_edit.h"
#include "shards/shard_layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS = 40, MOST = 64 };

static char folder[64], shard[80], rejects[80], filtered[80], edited[80];
static shard_options options;
static int64_t n_examples;

static void gather(part_set *p)
{
    shard_counts c;
    assert_int_equal(shard_gather(&(shard_files){shard, rejects, filtered}, &(shard_parts){p->paths, p->units, p->n},
                                  &options, NULL, &c),
                     OK);
    assert_true(c.examples <= MOST);
    n_examples = c.examples;
    part_set_free(p);
}

static void make_shard(int cuts, int reduced, int deflate)
{
    part_set p;
    make_options(&options, reduced);
    options.deflate = deflate;
    part_set_make(&p, folder, ROWS, cuts, reduced);
    gather(&p);
}

/* A dataset as int64; the caller frees. */
static int64_t *read_numbers(const char *dataset, int64_t *n)
{
    h5_file *f = NULL;
    int64_t dims[3], *values = NULL;
    assert_int_equal(h5_open(&f, shard), OK);
    assert_int_equal(h5_shape(f, dataset, NULL, NULL, dims), OK);
    assert_int_equal(MEM_ALLOC(values, (size_t)dims[0]), OK);
    assert_int_equal(h5_read(f, dataset, H5_I64, 0, dims[0], values), OK);
    h5_close(&f);
    *n = dims[0];
    return values;
}

static void read_sums(uint64_t out[MOST])
{
    h5_file *f = NULL;
    assert_int_equal(h5_open(&f, shard), OK);
    assert_int_equal(h5_read(f, "/examples/checksum", H5_U64, 0, n_examples, out), OK);
    h5_close(&f);
}

/* ---- the examples that a check names ---- */

typedef struct named {
    int content[MOST]; /* "its content was changed" */
    int n_content, n;
    char first[800];
} named;

static void take_fault(void *user, const char *text)
{
    named *f = user;
    const char *number = text + strlen("example ");
    if (f->n++ == 0) snprintf(f->first, sizeof f->first, "%s", text);
    if (strncmp(text, "example ", strlen("example ")) || !strstr(text, ": its content was changed")) return;
    long long i = atoll(number);
    assert_true(i >= 0 && i < MOST);
    f->n_content += !f->content[i];
    f->content[i]++;
}

static named check(const char *path)
{
    named f = {0};
    shard_counts c;
    int rc = shard_check(path, &options, take_fault, &f, &c);
    assert_int_equal(rc, f.n ? ERR_VERIFY : OK);
    return f;
}

/* ---- one byte of each dataset ---- */

/* How the byte at a place is turned into examples. */
typedef struct place {
    const char *dataset;
    int64_t row_bytes;   /* of a row of the dataset */
    const char *offsets; /* rows to examples; NULL: a row is an example */
    const char *codes;   /* what `offsets` finds is a code, and the examples have these */
    int when;            /* 0: always; 1: reduced alone */
} place;

static const place places[] = {
    {"/examples/id", 1, "/examples/id_offsets", NULL, 0},
    {"/examples/group", 1, "/examples/group_offsets", NULL, 0},
    {"/examples/role", 1, "/examples/role_offsets", NULL, 0},
    {"/examples/lang", 2, NULL, NULL, 0},
    {"/examples/lang_table", 1, "/examples/lang_table_offsets", "/examples/lang", 0},
    {"/examples/license_table", 1, "/examples/license_table_offsets", "/examples/license", 0},
    {"/examples/source", 2, NULL, NULL, 0},
    {"/examples/source_table", 1, "/examples/source_table_offsets", "/examples/source", 0},
    {"/examples/text", 1, "/examples/text_offsets", NULL, 0},
    {"/examples/text_lang", 1, "/examples/text_lang_offsets", NULL, 0},
    {"/examples/extra", 1, "/examples/extra_offsets", NULL, 0},
    {"/examples/order", 8, NULL, NULL, 0},
    {"/examples/row", 8, NULL, NULL, 0},
    {"/examples/starts_group", 1, NULL, NULL, 0},
    {"/examples/checksum", 8, NULL, NULL, 0},
    {"/text/ids", 2, "/text/offsets", NULL, 0},
    {"/image/ids", 4, "/image/offsets", NULL, 0},
    {"/image/grid", 8, NULL, NULL, 0},
    {"/image/vectors", 8, "/image/vector_offsets", NULL, 0},
    {"/image/xxh3", 8, NULL, NULL, 0},
    {"/audio/ids", 2, "/audio/offsets", NULL, 0},
    {"/audio/durations", 2, "/audio/offsets", NULL, 1},
    {"/audio/xxh3", 8, NULL, NULL, 0},
    {"/audio/seconds", 8, NULL, NULL, 0},
};

static int64_t find(const int64_t *offsets, int64_t at)
{
    int64_t i = 0;
    while (offsets[i + 1] <= at) i++;
    return i;
}

static void hit_examples(const place *p, int64_t row, int hit[MOST])
{
    int64_t n, *offsets = NULL, *codes = NULL;
    memset(hit, 0, MOST * sizeof *hit);
    if (p->offsets) {
        offsets = read_numbers(p->offsets, &n);
        row = find(offsets, row);
    }
    if (p->codes) {
        codes = read_numbers(p->codes, &n);
        for (int64_t i = 0; i < n; i++) hit[i] = codes[i] == row;
    } else {
        hit[row] = 1;
    }
    mem_free(&offsets);
    mem_free(&codes);
}

static void flip_bit(const place *p, size_t at, int bit)
{
    size_t n;
    int64_t start;
    h5_file *f = NULL;
    char *bytes = read_text(shard, &n);
    assert_int_equal(h5_open(&f, shard), OK);
    assert_int_equal(h5_file_offset(f, p->dataset, &start), OK);
    h5_close(&f);
    bytes[(size_t)start + at] = (char)(bytes[(size_t)start + at] ^ 1 << bit);
    assert_int_equal(file_commit(edited, bytes, n, "test"), OK);
    mem_free(&bytes);
}

static void a_flipped_bit_names_its_examples(void **state)
{
    const int reduced = *(const int *)*state;
    make_shard(2, reduced, 0);
    assert_int_equal(check(shard).n, 0);
    for (size_t k = 0; k < sizeof places / sizeof *places; k++) {
        const place *p = &places[k];
        h5_file *f = NULL;
        int64_t dims[3];
        if (p->when && !reduced) continue;
        assert_int_equal(h5_open(&f, shard), OK);
        assert_int_equal(h5_shape(f, p->dataset, NULL, NULL, dims), OK);
        h5_close(&f);
        for (uint64_t j = 0; j < 4; j++) {
            int hit[MOST];
            uint64_t last = (uint64_t)(dims[0] * p->row_bytes) - 1, at = j ? rng_bits(7, k, j) % last : last;
            flip_bit(p, (size_t)at, (int)(rng_bits(8, k, j) % 8));
            named told = check(edited);
            hit_examples(p, (int64_t)at / p->row_bytes, hit);
            for (int64_t i = 0; i < n_examples; i++)
                if (told.content[i] != hit[i])
                    fail_msg("%s, byte %d: example %d was told %d times", p->dataset, (int)at, (int)i, told.content[i]);
        }
    }
}

/* An offset that still fits: the end of one example and the start of the next. */
static void a_moved_border_names_both_sides(void **state)
{
    (void)state;
    int64_t n;
    make_shard(1, 0, 0);
    int64_t *offsets = read_numbers("/examples/extra_offsets", &n);
    int64_t i = 1;
    while (offsets[i] == offsets[i + 1] || offsets[i] == offsets[i - 1] + 1) i++;
    const int64_t moved = offsets[i] + 1;
    shard_copy(shard, edited, NULL);
    shard_patch(edited, "/examples/extra_offsets", 8 * (size_t)i, &moved, 8);
    named told = check(edited);
    assert_int_equal(told.n_content, 2);
    assert_true(told.content[i - 1] && told.content[i]);
    mem_free(&offsets);
}

/* Structural damage is told once, not again for every example. */
static void damaged_structure_is_told_once(void **state)
{
    (void)state;
    static const edit edits[] = {{"/examples/order", EDIT_DROP, NULL},  {"/image/vectors", EDIT_DROP, NULL},
                                 {"/audio/durations", EDIT_DROP, NULL}, {"/image/grid", EDIT_SHORTEN, NULL},
                                 {"/audio/ids", EDIT_SHORTEN, NULL},    {"/audio", EDIT_DROP, NULL},
                                 {"/examples/text", EDIT_SHORTEN, NULL}};
    static const edit lost = {"/examples/checksum", EDIT_DROP, NULL}, cut = {"/examples/checksum", EDIT_SHORTEN, NULL};
    make_shard(1, 1, 0);
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        shard_copy(shard, edited, &edits[i]);
        named told = check(edited);
        assert_true(told.n > 0);
        assert_int_equal(told.n_content, 0);
        if (edits[i].action == EDIT_DROP) assert_int_equal(told.n, 1);
    }
    shard_copy(shard, edited, &lost);
    named told = check(edited);
    assert_int_equal(told.n, 1);
    assert_non_null(strstr(told.first, "/examples/checksum"));
    shard_copy(shard, edited, &cut);
    assert_int_equal(check(edited).n, 1);
}

/* The HDF5 library loses memory where it meets a damaged header, which is not ours to free. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) { return "leak:libhdf5"; }

/* A flipped byte of a compressed list spoils its chunk, and so the examples that lie there. */
static void damage_in_a_compressed_list_names_examples(void **state)
{
    (void)state;
    size_t n, named_some = 0;
    make_shard(1, 1, 9);
    assert_int_equal(check(shard).n, 0);
    char *bytes = read_text(shard, &n);
    for (size_t at = 100; at < n; at += 293) {
        bytes[at] ^= 4;
        assert_int_equal(file_commit(edited, bytes, n, "test"), OK);
        named told = check(edited);
        named_some += told.n_content > 1;
        bytes[at] ^= 4;
    }
    assert_true(named_some > 2);
    mem_free(&bytes);
}

/* ---- the same rows in other ways ---- */

static void cuts_and_compression_do_not_show(void **state)
{
    (void)state;
    static const int cuts[] = {1, 2, 7};
    uint64_t first[MOST] = {0}, sums[MOST] = {0};
    for (int reduced = 0; reduced < 2; reduced++)
        for (int deflate = 0; deflate < 2; deflate++)
            for (size_t k = 0; k < sizeof cuts / sizeof *cuts; k++) {
                make_shard(cuts[k], reduced, deflate);
                read_sums(deflate || k ? sums : first);
                if (deflate || k) assert_memory_equal(sums, first, sizeof sums);
            }
    for (int64_t i = 0; i < n_examples; i++)
        for (int64_t j = 0; j < i; j++) assert_true(first[i] != first[j]);
}

/* Sound of row 3 in `pieces`, cut where a run goes on; `longest` is the last duration. */
static void make_pieces(int pieces, uint32_t longest)
{
    static const uint32_t ids[] = {5, 6, 5, 9, 9, 9, 7}, durations[] = {2, 3, 1, 4, 2, 1, 8};
    part_set p = {0};
    example e = {0};
    part_writer *w = part_begin(&p, -1, 0, 0);
    make_options(&options, 1);
    for (int64_t i = 0; i < 5; i++) {
        make_example(i, 1, &e);
        if (i == 3) e.stream[STREAM_AUDIO].used = 0;
        assert_int_equal(part_writer_add(w, &e), OK);
    }
    part_end(&p, folder, &w);
    for (int k = 0; k < pieces; k++) {
        int from = 7 * k / pieces, to = 7 * (k + 1) / pieces;
        example_stream *s = &e.stream[STREAM_AUDIO];
        example_reset(&e);
        e.row = 1021;
        e.position = 3;
        w = part_begin(&p, 3, k, k);
        assert_int_equal(MEM_GROW(s->ids, &s->ids_capacity, 7), OK);
        assert_int_equal(MEM_GROW(s->durations, &s->durations_capacity, 7), OK);
        memcpy(s->ids, ids + from, (size_t)(to - from) * sizeof *ids);
        memcpy(s->durations, durations + from, (size_t)(to - from) * sizeof *ids);
        if (to == 7) s->durations[to - from - 1] = longest;
        s->n_ids = s->n_durations = (size_t)(to - from);
        s->seconds = (to - from) / 8.0;
        s->xxh3 = 12;
        s->used = 1;
        assert_int_equal(part_writer_add(w, &e), OK);
        part_end(&p, folder, &w);
    }
    example_free(&e);
    gather(&p);
    assert_int_equal(check(shard).n, 0);
}

static void pieces_and_widths_do_not_show(void **state)
{
    (void)state;
    uint64_t whole[MOST] = {0}, pieces[MOST] = {0}, wide[MOST] = {0};
    h5_file *f = NULL;
    h5_type type;
    make_pieces(1, 8);
    read_sums(whole);
    for (int n = 2; n <= 7; n++) {
        make_pieces(n, 8);
        read_sums(pieces);
        assert_memory_equal(whole, pieces, sizeof whole);
    }
    make_pieces(2, 100000); /* makes all durations uint32 */
    read_sums(wide);
    assert_int_equal(h5_open(&f, shard), OK);
    assert_int_equal(h5_shape(f, "/audio/durations", &type, NULL, NULL), OK);
    h5_close(&f);
    assert_int_equal(type, H5_U32);
    for (int64_t i = 0; i < n_examples; i++) assert_int_equal(whole[i] == wide[i], i != 3);
}

int main(void)
{
    static int settings[] = {0, 1};
    if (!make_folder("shard-sums", folder)) return 1;
    snprintf(shard, sizeof shard, "%s/shard.h5", folder);
    snprintf(rejects, sizeof rejects, "%s/rejects.jsonl", folder);
    snprintf(filtered, sizeof filtered, "%s/filtered.jsonl", folder);
    snprintf(edited, sizeof edited, "%s/edited.h5", folder);
    const struct CMUnitTest tests[] = {
        {"a_flipped_bit_names_its_examples", a_flipped_bit_names_its_examples, NULL, NULL, &settings[0]},
        {"a_flipped_bit_names_its_examples reduced", a_flipped_bit_names_its_examples, NULL, NULL, &settings[1]},
        cmocka_unit_test(a_moved_border_names_both_sides),
        cmocka_unit_test(damaged_structure_is_told_once),
        cmocka_unit_test(damage_in_a_compressed_list_names_examples),
        cmocka_unit_test(cuts_and_compression_do_not_show),
        cmocka_unit_test(pieces_and_widths_do_not_show),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    return file_remove_tree(folder) != OK || failed;
}
