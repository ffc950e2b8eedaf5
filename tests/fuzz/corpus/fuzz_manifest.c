/* Manifests from anywhere. A first byte says the kind: 'T' TSV, 'F' fairseq TSV, 'L' list, 'K' the files of a Kaldi
 * folder, each ended by a byte 0x1e; anything else (and it is then part of the text, which may be gzip) JSONL. Whatever
 * comes in, each row has an id and either something to read below the root or a reason; and it survives its encoding.
 */
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/utf8.h"
#include "corpus/manifest.h"
#include "corpus/row_codec.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void check(int good, const char *what)
{
    if (good) return;
    fprintf(stderr, "%s: %s\n", what, status_message());
    abort();
}

/* Lowest depth below the start of a path that its names lead to, seen without the code under test. */
static int lowest_depth(text_view path)
{
    char *copy = NULL, *rest = NULL;
    int depth = 0, lowest = 0;
    check(mem_copy(&copy, path.bytes, path.n) == OK, "copy");
    for (char *part = strtok_r(copy, "/", &rest); part; part = strtok_r(NULL, "/", &rest)) {
        depth += !strcmp(part, "..") ? -1 : strcmp(part, ".") != 0;
        lowest = depth < lowest ? depth : lowest;
    }
    mem_free(&copy);
    return lowest;
}

static void check_texts(const corpus_row *row)
{
    for (int f = 0; f < N_FIELDS; f++) {
        text_view v = row->field[f];
        check(utf8_valid_prefix(v.bytes, v.n) == v.n && !memchr(v.bytes, 0, v.n), "text");
    }
    check(row->field[FIELD_ID].n > 0 && row->field[FIELD_GROUP].n > 0, "id");
    for (int k = 0; k < N_MEDIA; k++) {
        text_view path = corpus_row_media(row, k);
        check(!path.n || path.bytes[0] != '/', "absolute path");
        check(lowest_depth(path) == 0, "path that leaves the root");
    }
}

static void check_row(const corpus_row *row, uint32_t flags)
{
    byte_buffer b = {0};
    corpus_row back;
    size_t n;
    int any = row->field[FIELD_TEXT].n > 0;
    for (int k = 0; k < N_MEDIA; k++) any |= corpus_row_has(row, k);
    check_texts(row);
    check(flags == 0 || (flags == ROW_CAPTION_FILE && row->status == OK), "flags");
    if (flags) {
        text_view path = row->field[FIELD_TEXT];
        check(path.n && path.bytes[0] != '/' && lowest_depth(path) == 0, "text that leaves the root");
    }
    check(row->status == OK ? any : row->status == ERR_INVALID, "status");
    check((row->status != OK) == (row->field[FIELD_MESSAGE].n > 0), "message");
    check(row->order >= 0 && row->offset_s >= 0 && row->rate_hz >= 0, "numbers");
    check(isfinite(row->offset_s) && isfinite(row->duration_s) && isfinite(row->rate_hz), "numbers");
    check(row_encode(row, flags, &b) == OK && row_entry_check(b.bytes, b.n, &n) == OK && n == b.n, "encoding");
    row_decode((const row_record *)(const void *)b.bytes, row_entry_texts(b.bytes), &back);
    check(back.row == row->row && back.status == row->status && back.order == row->order, "decoding");
    for (int f = 0; f < N_FIELDS; f++)
        check(back.field[f].n == row->field[f].n && !memcmp(back.field[f].bytes, row->field[f].bytes, back.field[f].n),
              "decoding");
    mem_free(&b.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* The folder of a Kaldi corpus, made anew from these bytes. */
static const char *kaldi_folder(const uint8_t *bytes, size_t n)
{
    static char folder[64], path[96];
    static const char *const files[] = {"wav.scp", "segments", "text", "utt2spk", "utt2lang"};
    snprintf(folder, sizeof folder, "%s/tessera-fuzz-%ld", access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp",
             (long)getpid());
    check(file_remove_tree(folder) == OK && file_make_folder(folder) == OK, "folder");
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        const uint8_t *end = n ? memchr(bytes, 0x1e, n) : NULL;
        size_t size = end ? (size_t)(end - bytes) : n;
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        if (i == 0 || size) check(file_commit(path, bytes, size, "fuzz") == OK, "file");
        bytes += size + (end != NULL);
        n -= size + (end != NULL);
    }
    return folder;
}

static const manifest_kind *kind_of(uint8_t first)
{
    if (first == 'T') return &tsv_manifest;
    if (first == 'F') return &fairseq_manifest;
    if (first == 'L') return &list_manifest;
    if (first == 'K') return &kaldi_manifest;
    return &jsonl_manifest;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const corpus_options o = {0};
    const manifest_kind *kind = kind_of(n ? bytes[0] : 0);
    const size_t used = kind != &jsonl_manifest;
    const int kaldi = kind == &kaldi_manifest;
    const manifest_input in = {.options = &o,
                               .path = kaldi ? kaldi_folder(bytes + 1, n - 1) : "input",
                               .root = "/tmp",
                               .source = source_of_memory(bytes + used, kaldi ? 0 : n - used)};
    const int may_fail = kaldi || (n > used + 1 && bytes[used] == 0x1f && bytes[used + 1] == 0x8b);
    void *state = NULL;
    corpus_row row;
    uint32_t flags;
    int got = 1, rc = kind->open(&in, &state);
    check(rc == OK || rc == ERR_CONFIG, "open");
    check((rc == OK) == (state != NULL), "open");
    for (int64_t i = 0; state && got; i++) {
        corpus_row_clear(&row);
        row.row = i;
        flags = 0;
        rc = kind->next(state, &row, &flags, &got);
        check(rc == OK || (rc == ERR_CONFIG && may_fail), "next");
        if (rc != OK || !got) break;
        if (!row.field[FIELD_GROUP].n) row.field[FIELD_GROUP] = row.field[FIELD_ID];
        check_row(&row, flags);
    }
    if (state) kind->close(&state);
    if (kaldi) check(file_remove_tree(in.path) == OK, "folder");
    return 0;
}
