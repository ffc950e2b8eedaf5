/* A damaged index: the input patches the files of a small one, and every row is read and looked up. Whatever the bytes
 * are, opening gives an index or ERR_CORRUPT, and so does each row, whose texts then lie within the file.
 *
 * Input: patches of 4 bytes: file (of the sorted names; 0x80: cut it here), offset (two bytes, high first, taken modulo
 * the file's size), value. */
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "corpus/index.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

enum { ROWS = 9, MAX_PATCHES = 64, MAX_FILES = 8, MAX_BYTES = 1 << 20 };

static char folder[64], manifest[96], state[96], copy[96];
static file_list names;
static uint8_t *contents[MAX_FILES];
static size_t sizes[MAX_FILES];

static void check(int good, const char *what)
{
    if (good) return;
    fprintf(stderr, "%s: %s\n", what, status_message());
    abort();
}

static void write_all(const char *path, const void *bytes, size_t n)
{
    FILE *f = fopen(path, "wb");
    check(f && fwrite(bytes, 1, n, f) == n && fclose(f) == 0, "cannot write");
}

static void remove_all(void) { file_remove_tree(folder); }

static void build(void)
{
    static char *splits[] = {"train: 0.9", "valid: 0.1"};
    corpus_options o = {
        .path = manifest, .root = (char *)"", .splits = {splits, 2}, .segment_rows = 4, .merge_width = 2};
    char text[2048];
    size_t at = 0;
    int64_t rows, segments;
    for (int i = 0; i < ROWS; i++)
        at += (size_t)snprintf(text + at, sizeof text - at,
                               "{\"id\":\"r%d\",\"group\":\"g%d\",\"text\":\"words %d\",\"k\":%d}\n", i, i % 4, i, i);
    snprintf(folder, sizeof folder, "/tmp/tessera-fuzz-index-XXXXXX");
    check(mkdtemp(folder) != NULL, "no folder");
    atexit(remove_all);
    snprintf(manifest, sizeof manifest, "%s/rows.jsonl", folder);
    snprintf(state, sizeof state, "%s/state", folder);
    snprintf(copy, sizeof copy, "%s/copy", folder);
    write_all(manifest, text, at);
    check(corpus_scan(&o, NULL, state, &rows, &segments) == OK, "scan");
    for (int64_t i = 0; i < segments; i++) check(corpus_segment_build(&o, state, i, NULL, NULL, NULL) == OK, "segment");
    check(corpus_index_merge(&o, state, NULL, NULL) == OK, "merge");
    check(file_list_folder(state, &names) == OK && names.n > 0, "names");
    for (size_t i = 0; i < names.n; i++) {
        char *path = NULL;
        check(file_join(&path, state, names.names[i]) == OK, "join");
        if (i < MAX_FILES && file_read(path, MAX_BYTES, &contents[i], &sizes[i]) != OK)
            contents[i] = NULL; /* a folder */
        mem_free(&path);
    }
    check(file_make_folder(copy) == OK, "no folder");
}

static void patch_file(size_t i, const uint8_t *patches, size_t n)
{
    char *path = NULL, *mine = NULL;
    size_t size = sizes[i];
    if (!contents[i]) return;
    check(mem_copy(&mine, contents[i], size) == OK && file_join(&path, copy, names.names[i]) == OK, "memory");
    for (size_t k = 0; k + 4 <= n && k < 4 * MAX_PATCHES; k += 4) {
        size_t at = size ? ((size_t)patches[k + 1] << 8 | patches[k + 2]) % size : 0;
        if ((patches[k] & 0x7f) % names.n != i || !size) continue;
        if (patches[k] & 0x80)
            size = at;
        else
            mine[at] = (char)patches[k + 3];
    }
    write_all(path, mine, size);
    mem_free(&path);
    mem_free(&mine);
}

static void read_all(corpus_index *x)
{
    corpus_row row;
    int64_t position;
    check(corpus_index_rows(x) >= 0 && corpus_index_rows(x) <= MAX_BYTES, "rows");
    for (int64_t i = 0; i < corpus_index_rows(x); i++) {
        uint64_t sum = 0;
        int rc = corpus_index_row(x, i, &row);
        check(rc == OK || rc == ERR_CORRUPT, "row");
        for (int f = 0; rc == OK && f < N_FIELDS; f++)
            for (size_t k = 0; k < row.field[f].n; k++) sum += (uint8_t)row.field[f].bytes[k];
        check(sum < UINT64_MAX, "texts"); /* they were read, all of them */
    }
    for (int i = 0; i <= ROWS; i++) {
        char id[16];
        int n = snprintf(id, sizeof id, "r%d", i), rc = corpus_index_find(x, (text_view){id, (size_t)n}, &position);
        check(rc == OK || rc == ERR_CORRUPT, "find");
        check(rc != OK || (position >= -1 && position < corpus_index_rows(x)), "position");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    corpus_index *x = NULL;
    if (!names.n) build();
    for (size_t i = 0; i < names.n && i < MAX_FILES; i++) patch_file(i, bytes, n);
    int rc = corpus_index_open(&x, copy);
    check(rc == OK || rc == ERR_CORRUPT, "open");
    if (!n) check(rc == OK && corpus_index_rows(x) == ROWS, "the index as it was made");
    if (rc == OK) read_all(x);
    corpus_index_close(&x);
    return 0;
}
