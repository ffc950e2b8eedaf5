/* Manifests in gzip give the rows of what is inside; what is damaged is an error and never the end of the text. */
#include "corpus_fixture.h"

#include "base/memory.h"
#include "base/status.h"
#include "corpus/line_reader.h"

#include <stdio.h>
#include <string.h>

/* What a stream gives in steps of `step` bytes; the status is the first that is not OK. */
static int read_all(const void *bytes, size_t n, size_t step, char *out, size_t size, size_t *total)
{
    int rc = OK;
    size_t got = 1;
    text_stream *s = NULL;
    const byte_source source = source_of_memory(bytes, n);
    *total = 0;
    TRY(text_stream_open(&s, &source, "m.jsonl.gz"));
    while (got) {
        assert_true(*total + step <= size);
        TRY(text_stream_read(s, out + *total, step, &got));
        *total += got;
    }
done:
    text_stream_close(&s);
    return rc;
}

static void members_follow_each_other(void **state)
{
    char all[3000], out[4096];
    uint8_t file[8192];
    size_t n = 0, total;
    for (size_t i = 0; i < sizeof all; i++) all[i] = (char)('a' + i * i % 23);
    const size_t cuts[] = {0, 0, 1, 1700, 1700, 3000};
    for (int i = 0; i < 5; i++) {
        size_t size;
        uint8_t *member = fixture_gzip(all + cuts[i], cuts[i + 1] - cuts[i], &size);
        memcpy(file + n, member, size);
        n += size;
        mem_free(&member);
    }
    for (size_t step = 1; step <= sizeof out; step = step * 7 + 1) {
        for (size_t zeros = 0; zeros < 700; zeros += 600) {
            memset(file + n, 0, zeros);
            assert_int_equal(read_all(file, n + zeros, step < 1000 ? step : 1000, out, sizeof out, &total), OK);
            assert_int_equal(total, sizeof all);
            assert_memory_equal(out, all, total);
        }
    }
    memcpy(file + n, "tail", 4);
    assert_int_equal(read_all(file, n + 4, 100, out, sizeof out, &total), ERR_CONFIG);
    assert_non_null(strstr(status_message(), "m.jsonl.gz"));
}

static void cuts_and_damage_are_errors(void **state)
{
    char text[600], out[1200];
    size_t n, total;
    for (size_t i = 0; i < sizeof text; i++) text[i] = (char)('a' + i * 7 % 26);
    uint8_t *file = fixture_gzip(text, sizeof text, &n);
    assert_int_equal(read_all(file, n, 100, out, sizeof out, &total), OK);
    for (size_t cut = 2; cut < n; cut++) {
        assert_int_equal(read_all(file, cut, 100, out, sizeof out, &total), ERR_CONFIG);
        assert_non_null(strstr(status_message(), "m.jsonl.gz"));
    }
    for (size_t i = 10; i < n; i++) { /* the header may hold anything */
        file[i] ^= 0x10;
        int rc = read_all(file, n, 100, out, sizeof out, &total);
        if (rc == OK) /* a bit that fills up a byte */
            assert_true(total == sizeof text && !memcmp(out, text, total) && i == n - 9);
        else
            assert_int_equal(rc, ERR_CONFIG);
        file[i] ^= 0x10;
    }
    mem_free(&file);
}

static const char rows[] =
    "{\"id\":\"a\",\"text\":\"x\"}\n{\"id\":\"b\",\"audio_filepath\":\"b.wav\"}\r\n\n{\"id\":\"c\"";
static const char said[] = "a text=x\nb audio=b.wav\nline-4 !invalid: line 4: '}' expected near end of file (byte 9)\n";

static void manifests_are_found_inside(void **state)
{
    fixture *f = *state;
    size_t n;
    const char *const names[] = {"in/m.jsonl.gz", "in/m.json.gz", "in/m.gz", "in/m.JSONL.GZ", "in/m.jsonl", "in/m"};
    uint8_t *file = fixture_gzip(rows, sizeof rows - 1, &n);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        fixture_write_bytes(f, names[i], file, n);
        fixture_corpus(f, names[i]);
        assert_string_equal(fixture_rows(f), said);
    }
    fixture_write_bytes(f, "in/cut.jsonl.gz", file, n - 5);
    fixture_corpus(f, "in/cut.jsonl.gz");
    assert_int_equal(fixture_error(f), ERR_CONFIG);
    assert_non_null(strstr(status_message(), "in/cut.jsonl.gz"));
    mem_free(&file);
    const char tsv[] = "\xEF\xBB\xBFid\ttext\r\na\tx\r\n";
    file = fixture_gzip(tsv, sizeof tsv - 1, &n);
    fixture_write_bytes(f, "in/m.tsv.gz", file, n);
    fixture_corpus(f, "in/m.tsv.gz");
    assert_string_equal(fixture_rows(f), "a text=x\n");
    mem_free(&file);
}

/* A file that is cut leaves no index behind, however much of it could be read. */
static void a_cut_file_gives_no_index(void **state)
{
    fixture *f = *state;
    enum { ROWS = 20000 };
    char *text = NULL;
    size_t n = 0, size;
    corpus_index *x = NULL;
    assert_int_equal(MEM_ALLOC(text, (size_t)ROWS * 64), OK);
    for (int i = 0; i < ROWS; i++)
        n += (size_t)sprintf(text + n, "{\"id\":\"r%d\",\"text\":\"%d\"}\n", i, i * 7919 % 1000);
    uint8_t *file = fixture_gzip(text, n, &size);
    f->options.segment_rows = 1000;
    fixture_corpus(f, "in/m.jsonl.gz");
    fixture_write_bytes(f, "in/m.jsonl.gz", file, size - 20);
    assert_int_equal(fixture_build(f, "state", NULL, NULL, NULL), ERR_CONFIG);
    assert_int_equal(corpus_index_open(&x, fixture_path(f, "state")), ERR_MISSING);
    fixture_write_bytes(f, "in/m.jsonl.gz", file, size);
    x = fixture_index(f, "state", NULL, NULL);
    assert_int_equal(corpus_index_rows(x), ROWS);
    corpus_index_close(&x);
    mem_free(&file);
    mem_free(&text);
}

static void the_hash_is_that_of_the_file(void **state)
{
    fixture *f = *state;
    char a[33], b[33];
    size_t n;
    uint8_t *file = fixture_gzip(rows, sizeof rows - 1, &n);
    fixture_write_bytes(f, "in/m.jsonl", file, n);
    fixture_corpus(f, "in/m.jsonl");
    assert_int_equal(corpus_manifest_hash(&f->options, a), OK);
    file[4] ^= 1; /* the time in the header */
    fixture_write_bytes(f, "in/m.jsonl", file, n);
    assert_int_equal(corpus_manifest_hash(&f->options, b), OK);
    assert_string_not_equal(a, b);
    mem_free(&file);
}

/* 65 MiB in one line, from 70 kB: passed over in bounded memory, and the rows around it are there. */
static void lines_without_end_are_passed_over(void **state)
{
    fixture *f = *state;
    const size_t n = (size_t)LINE_MAX_BYTES + (1 << 20);
    char *text = NULL;
    size_t size, start, end;
    assert_int_equal(MEM_ALLOC(text, n), OK);
    memset(text, ' ', n);
    uint8_t *head = fixture_gzip("{\"id\":\"a\",\"text\":\"x\"}\n", 22, &start), *middle = fixture_gzip(text, n, &size),
            *tail = fixture_gzip("\n{\"id\":\"b\",\"text\":\"y\"}\n", 23, &end), *all = NULL;
    assert_int_equal(MEM_ALLOC(all, start + size + end), OK);
    memcpy(all, head, start);
    memcpy(all + start, middle, size);
    memcpy(all + start + size, tail, end);
    fixture_write_bytes(f, "in/m.jsonl.gz", all, start + size + end);
    fixture_corpus(f, "in/m.jsonl.gz");
    assert_string_equal(fixture_rows(f), "a text=x\nline-2 !invalid: line 2: longer than 67108864 bytes\nb text=y\n");
    mem_free(&text);
    mem_free(&head);
    mem_free(&middle);
    mem_free(&tail);
    mem_free(&all);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fixture_start, fixture_stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(members_follow_each_other),
        cmocka_unit_test(cuts_and_damage_are_errors),
        TEST(manifests_are_found_inside),
        TEST(a_cut_file_gives_no_index),
        TEST(the_hash_is_that_of_the_file),
        TEST(lines_without_end_are_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
