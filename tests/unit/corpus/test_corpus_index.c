/* The three steps of the index: order, groups, splits, duplicates, restart, and that segments leave no trace. */
#include "corpus_fixture.h"

#include "base/fault.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static text_view view(const char *text) { return (text_view){text, strlen(text)}; }

static void rows_are_sorted_by_split_group_order_row(void **state)
{
    fixture *f = *state;
    char *all[] = {"train: 1"};
    fixture_write(f, "in/m.jsonl",
                  "{\"id\":\"1\",\"group\":\"b\",\"text\":\"x\",\"order\":5}\n"
                  "{\"id\":\"2\",\"group\":\"ab\",\"text\":\"x\"}\n"
                  "{\"id\":\"3\",\"group\":\"b\",\"text\":\"x\",\"order\":2}\n"
                  "{\"id\":\"4\",\"group\":\"a\",\"text\":\"x\"}\n"
                  "{\"id\":\"5\",\"group\":\"b\",\"text\":\"x\",\"order\":5}\n"
                  "{\"id\":\"aa\",\"text\":\"x\"}\n"
                  "{\"id\":\"6\",\"group\":\"a\",\"text\":\"x\"}\n");
    fixture_corpus(f, "in/m.jsonl");
    f->options.splits = (option_list){all, 1};
    corpus_index *x = fixture_index(f, "state", NULL, NULL);
    assert_string_equal(fixture_index_rows(f, x), "0 3 4 group=a order=3 text=x\n"
                                                  "0 6 6 group=a order=6 text=x\n"
                                                  "0 5 aa text=x\n"
                                                  "0 1 2 group=ab order=1 text=x\n"
                                                  "0 2 3 group=b order=2 text=x\n"
                                                  "0 0 1 group=b order=5 text=x\n"
                                                  "0 4 5 group=b order=5 text=x\n");
    corpus_index_close(&x);
}

/* Many segments do not lie in one folder. */
static void folders_stay_small(void **state)
{
    fixture *f = *state;
    enum { ROWS = 5000 };
    char *text = NULL, *folder = NULL, *path = NULL;
    size_t n = 0, n_files = 0;
    int64_t n_rows, n_segments;
    file_list folders, files;
    assert_int_equal(MEM_ALLOC(text, (size_t)ROWS * 32), OK);
    for (int i = 0; i < ROWS; i++) n += (size_t)sprintf(text + n, "{\"text\":\"%d\"}\n", i);
    fixture_write(f, "in/m.jsonl", text);
    fixture_corpus(f, "in/m.jsonl");
    f->options.segment_rows = 1;
    assert_int_equal(file_join(&folder, f->folder, "state"), OK);
    assert_int_equal(corpus_scan(&f->options, NULL, folder, &n_rows, &n_segments), OK);
    assert_int_equal(n_segments, ROWS);
    assert_int_equal(file_list_folder(folder, &folders), OK);
    assert_int_equal(folders.n, 3); /* and scan.json */
    for (size_t i = 0; i < folders.n; i++) {
        if (!strcmp(folders.names[i], "scan.json")) continue;
        assert_int_equal(file_join(&path, folder, folders.names[i]), OK);
        assert_int_equal(file_list_folder(path, &files), OK);
        assert_in_range(files.n, 1, 4096);
        n_files += files.n;
        file_list_free(&files);
        mem_free(&path);
    }
    assert_int_equal(n_files, ROWS);
    file_list_free(&folders);
    mem_free(&folder);
    mem_free(&text);
}

/* A manifest with groups, conversations, wrong lines and ids that come again. */
static void write_mixed(fixture *f, const char *file, int n)
{
    char *text = NULL;
    size_t at = 0;
    assert_int_equal(MEM_ALLOC(text, (size_t)n * 120), OK);
    for (int i = 0; i < n; i++) {
        char *to = text + at;
        if (i % 11 == 3)
            at += (size_t)sprintf(to, "{\"id\":\"r%d\",\"text\":\"again %d\"}\n", i / 2, i);
        else if (i % 13 == 5)
            at += (size_t)sprintf(to, "{\"id\":\"c%d\",\"messages\":[{\"text\":\"q\"},{\"text\":\"a%d\"}]}\n", i, i);
        else if (i % 17 == 7)
            at += (size_t)sprintf(to, "{\"id\":\"w%d\",\"text\":%d}\n", i, i);
        else
            at += (size_t)sprintf(to, "{\"id\":\"r%d\",\"group\":\"g%d\",\"order\":%d,\"text\":\"t %d\",\"k\":%d}\n", i,
                                  i * 7 % 41, i % 5, i, i);
    }
    fixture_write_bytes(f, file, text, at);
    mem_free(&text);
}

static void check_whole(const corpus_index *x)
{
    corpus_row row, before = {0};
    int64_t position, rejected = 0, n = corpus_index_rows(x);
    for (int64_t i = 0; i < n; i++) {
        assert_int_equal(corpus_index_row(x, i, &row), OK);
        assert_true(i >= corpus_index_split_start(x, row.split) && i < corpus_index_split_start(x, row.split + 1));
        text_view g = row.field[FIELD_GROUP], h = before.field[FIELD_GROUP];
        if (i && before.split == row.split) {
            int c = memcmp(h.bytes, g.bytes, h.n < g.n ? h.n : g.n);
            if (!c) c = (h.n > g.n) - (h.n < g.n);
            assert_true(c <= 0);
            if (!c) assert_true(before.order <= row.order);
        }
        assert_int_equal(corpus_index_find(x, row.field[FIELD_ID], &position), OK);
        if (row.status == ERR_DUPLICATE)
            assert_int_not_equal(position, i);
        else
            assert_int_equal(position, i);
        rejected += row.status != OK;
        before = row;
    }
    assert_int_equal(corpus_index_totals(x)->rejected, rejected);
    assert_int_equal(corpus_index_split_start(x, 0), 0);
    assert_int_equal(corpus_index_split_start(x, 2), n);
    assert_int_equal(corpus_index_find(x, view("not there"), &position), OK);
    assert_int_equal(position, -1);
}

static void segments_leave_no_trace(void **state)
{
    fixture *f = *state;
    static const struct {
        int64_t segment_rows, merge_width;
    } cases[] = {{65536, 512}, {1000, 512}, {100, 3}, {37, 2}, {1, 7}};
    char hash[33] = "", *expected = NULL;
    write_mixed(f, "in/m.jsonl", 400);
    fixture_corpus(f, "in/m.jsonl");
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char folder[16];
        snprintf(folder, sizeof folder, "state%zu", i);
        f->options.segment_rows = cases[i].segment_rows;
        f->options.merge_width = cases[i].merge_width;
        corpus_index *x = fixture_index(f, folder, NULL, NULL);
        check_whole(x);
        fixture_index_rows(f, x);
        if (!i) {
            snprintf(hash, sizeof hash, "%s", corpus_index_hash(x));
            assert_int_equal(mem_string(&expected, f->text), OK);
            assert_in_range(corpus_index_totals(x)->rejected, 20, 200);
        }
        assert_string_equal(f->text, expected);
        assert_string_equal(corpus_index_hash(x), hash);
        corpus_index_close(&x);
        file_list left;
        assert_int_equal(file_list_folder(fixture_path(f, folder), &left), OK);
        assert_int_equal(left.n, 5); /* index.json, scan.json, rows, texts, ids */
        file_list_free(&left);
    }
    mem_free(&expected);
}

static void first_row_with_an_id_wins(void **state)
{
    fixture *f = *state;
    char *all[] = {"train: 1"};
    fixture_write(f, "in/m.jsonl",
                  "{\"id\":\"a\",\"group\":\"z\",\"text\":\"1\"}\n"
                  "{\"id\":\"b\",\"text\":\"2\"}\n"
                  "{\"id\":\"a\",\"group\":\"c\",\"text\":\"3\"}\n"
                  "{\"id\":\"a\",\"group\":\"d\",\"text\":4}\n"
                  "{\"id\":\"a\",\"group\":\"e\",\"text\":\"5\"}\n");
    fixture_corpus(f, "in/m.jsonl");
    f->options.splits = (option_list){all, 1};
    f->options.segment_rows = 2;
    corpus_index *x = fixture_index(f, "state", NULL, NULL);
    assert_string_equal(fixture_index_rows(f, x),
                        "0 1 b text=2\n"
                        "0 2 a group=c order=2 text=3 !duplicate-id: row 0 already has the id \"a\"\n"
                        "0 3 a group=d order=3 !invalid: line 4: text is not a text\n"
                        "0 4 a group=e order=4 text=5 !duplicate-id: row 0 already has the id \"a\"\n"
                        "0 0 a group=z text=1\n");
    int64_t position;
    assert_int_equal(corpus_index_find(x, view("a"), &position), OK);
    assert_int_equal(position, 4);
    corpus_index_close(&x);
}

static void limit_splits_and_probe_change_what_is_built(void **state)
{
    fixture *f = *state;
    write_mixed(f, "in/m.jsonl", 60);
    fixture_corpus(f, "in/m.jsonl");
    corpus_index *x = fixture_index(f, "state", NULL, NULL);
    char first[33], *halves[] = {"one: 0.5", "two: 0.5"};
    int64_t n = corpus_index_rows(x), train = corpus_index_split_start(x, 1);
    snprintf(first, sizeof first, "%s", corpus_index_hash(x));
    corpus_index_close(&x);

    f->options.limit = 10;
    x = fixture_index(f, "state", NULL, NULL);
    assert_int_equal(corpus_index_rows(x), 10);
    corpus_index_close(&x);

    f->options.limit = 0;
    f->options.splits = (option_list){halves, 2};
    x = fixture_index(f, "state", NULL, NULL);
    assert_int_equal(corpus_index_rows(x), n);
    assert_true(corpus_index_split_start(x, 1) < train);
    assert_string_not_equal(corpus_index_hash(x), first);
    corpus_index_close(&x);
}

static void rows_stay_in_their_split_when_others_come(void **state)
{
    fixture *f = *state;
    corpus_row row, other;
    int64_t position;
    fixture_corpus(f, "in/m.jsonl");
    write_mixed(f, "in/m.jsonl", 100);
    corpus_index *small = fixture_index(f, "small", NULL, NULL);
    write_mixed(f, "in/m.jsonl", 300);
    corpus_index *large = fixture_index(f, "large", NULL, NULL);
    for (int64_t i = 0; i < corpus_index_rows(small); i++) {
        assert_int_equal(corpus_index_row(small, i, &row), OK);
        if (row.status == ERR_DUPLICATE) continue;
        assert_int_equal(corpus_index_find(large, row.field[FIELD_ID], &position), OK);
        assert_int_equal(corpus_index_row(large, position, &other), OK);
        assert_int_equal(other.split, row.split);
    }
    corpus_index_close(&small);
    corpus_index_close(&large);
}

static int die_at = -1, n_points;

static int die(const char *point)
{
    if (n_points++ == die_at) _exit(99);
    return 0;
}

/* Kill a build at every point of every commit, and go on from what is there. */
static void killed_builds_go_on(void **state)
{
    fixture *f = *state;
    char hash[33];
    write_mixed(f, "in/m.jsonl", 12);
    fixture_corpus(f, "in/m.jsonl");
    f->options.segment_rows = 5;
    f->options.merge_width = 2;
    corpus_index *x = fixture_index(f, "whole", NULL, NULL);
    snprintf(hash, sizeof hash, "%s", corpus_index_hash(x));
    corpus_index_close(&x);
    for (die_at = 0;; die_at++) {
        int status = 0;
        pid_t child = fork();
        assert_true(child >= 0);
        if (!child) {
            n_points = 0;
            file_set_tag("another-life"); /* temporary names of different lives differ */
            fault_set_hook(die);
            _exit(fixture_build(f, "state", NULL, NULL, NULL) == OK ? 0 : 1);
        }
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 99 || WEXITSTATUS(status) == 0));
        if (WEXITSTATUS(status) == 0) break;
        if (die_at % 3 == 0) f->options.segment_rows = 4 + die_at % 4; /* another life may choose another size */
        x = fixture_index(f, "state", NULL, NULL);
        assert_string_equal(corpus_index_hash(x), hash);
        corpus_index_close(&x);
        assert_int_equal(file_remove_tree(fixture_path(f, "state")), OK);
    }
    assert_in_range(die_at, 40, 400);
}

static int64_t points_left;

static int fail_late(const char *point) { return strstr(point, "before-fsync") && points_left-- == 0 ? ENOSPC : 0; }

static void full_disk_is_reported_and_repaired(void **state)
{
    fixture *f = *state;
    int n = 0, rc;
    write_mixed(f, "in/m.jsonl", 12);
    fixture_corpus(f, "in/m.jsonl");
    f->options.segment_rows = 5;
    for (rc = ERR_SPACE; rc == ERR_SPACE; n++) {
        points_left = n;
        fault_set_hook(fail_late);
        rc = fixture_build(f, "state", NULL, NULL, NULL);
        fault_set_hook(NULL);
        assert_in_range(n, 0, 50);
    }
    assert_int_equal(rc, OK);
    assert_in_range(n, 3, 50);
}

static int stop_soon(void *user)
{
    int *left = user;
    return (*left)-- > 0 ? OK : status_set(ERR_STOPPED, __FILE__, __LINE__, "stopped");
}

static void a_tick_can_stop_every_step(void **state)
{
    fixture *f = *state;
    write_mixed(f, "in/m.jsonl", 12);
    fixture_corpus(f, "in/m.jsonl");
    f->options.segment_rows = 5;
    int rc = ERR_STOPPED, stops = 0;
    for (; rc != OK; stops++) {
        int left = 6;
        rc = fixture_build(f, "state", NULL, stop_soon, &left);
        if (rc != OK) assert_int_equal(rc, ERR_STOPPED);
        assert_in_range(stops, 0, 20);
    }
    assert_in_range(stops, 2, 20);
}

static void no_row_at_all_is_a_config_error(void **state)
{
    fixture *f = *state;
    corpus_index *x = NULL;
    assert_int_equal(fixture_build(f, "state", NULL, NULL, NULL), ERR_CONFIG);
    assert_non_null(strstr(status_message(), "no rows"));
    assert_int_equal(corpus_index_open(&x, fixture_path(f, "state")), ERR_MISSING);
    fixture_corpus(f, "nowhere");
    assert_int_equal(fixture_build(f, "state2", NULL, NULL, NULL), ERR_CONFIG);
    assert_non_null(strstr(status_message(), "nowhere"));
}

/* 200,000 rows (40 MB of index) with 12 MiB of heap. Mapped files do not count as data. */
static void many_rows_fit_into_little_memory(void **state)
{
    fixture *f = *state;
    enum { ROWS = 200000, HEAP = 12 << 20 };
    char *text = NULL;
    size_t at = 0;
    int status = 0;
    assert_int_equal(MEM_ALLOC(text, (size_t)ROWS * 80), OK);
    for (int i = 0; i < ROWS; i++)
        at += (size_t)sprintf(text + at, "{\"id\":\"utterance-%07d\",\"text\":\"words of row %d\",\"speaker\":%d}\n", i,
                              i, i % 100);
    fixture_write_bytes(f, "in/m.jsonl", text, at);
    mem_free(&text);
    fixture_corpus(f, "in/m.jsonl");
    f->options.segment_rows = 8192;
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        struct rusage use;
        FILE *statm = fopen("/proc/self/statm", "r");
        long pages[6] = {0};
        if (!statm || fscanf(statm, "%ld %ld %ld %ld %ld %ld", &pages[0], &pages[1], &pages[2], &pages[3], &pages[4],
                             &pages[5]) != 6)
            _exit(3);
        struct rlimit limit = {0};
        limit.rlim_cur = limit.rlim_max = (rlim_t)pages[5] * (rlim_t)sysconf(_SC_PAGESIZE) + HEAP;
#ifndef __SANITIZE_ADDRESS__
        if (setrlimit(RLIMIT_DATA, &limit) != 0) _exit(4);
#endif
        int rc = fixture_build(f, "state", NULL, NULL, NULL);
        getrusage(RUSAGE_SELF, &use);
        if (rc != OK) fprintf(stderr, "%s\n", status_message());
        _exit(rc == OK ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    corpus_index *x = NULL;
    assert_int_equal(corpus_index_open(&x, fixture_path(f, "state")), OK);
    assert_int_equal(corpus_index_rows(x), ROWS);
    corpus_index_close(&x);
}

#define TEST_IN_MEMORY(function) cmocka_unit_test_setup_teardown(function, fixture_start_in_memory, fixture_stop)
#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_start, fixture_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST_IN_MEMORY(folders_stay_small),
        TEST(rows_are_sorted_by_split_group_order_row),
        TEST_IN_MEMORY(segments_leave_no_trace),
        TEST(first_row_with_an_id_wins),
        TEST(limit_splits_and_probe_change_what_is_built),
        TEST(rows_stay_in_their_split_when_others_come),
        TEST_IN_MEMORY(killed_builds_go_on),
        TEST_IN_MEMORY(full_disk_is_reported_and_repaired),
        TEST_IN_MEMORY(a_tick_can_stop_every_step),
        TEST(no_row_at_all_is_a_config_error),
        TEST(many_rows_fit_into_little_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
