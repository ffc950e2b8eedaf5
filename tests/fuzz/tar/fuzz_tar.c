/* A tar from anywhere as a corpus. Whatever comes in, each row has an id and either something to read inside the tar or
 * a reason; and it survives its encoding. */
#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/utf8.h"
#include "corpus/manifest.h"
#include "corpus/row_codec.h"

#include <fcntl.h>
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

static void check_row(const corpus_row *row, uint32_t flags, size_t n)
{
    byte_buffer b = {0};
    size_t entry_n;
    int any = row->field[FIELD_TEXT].n > 0;
    check(flags == 0 && row->field[FIELD_ID].n > 0, "id");
    for (int k = 0; k < N_MEDIA; k++) {
        const row_media *m = &row->media[k];
        text_view file = corpus_row_file(row, k), path = corpus_row_media(row, k);
        any |= corpus_row_has(row, k);
        check(corpus_row_has(row, k) == (m->size >= 0), "medium");
        if (m->size < 0) continue;
        check(file.n < path.n && path.bytes[file.n] == TAR_MEMBER_MARK, "path of a member");
        check(m->tar_offset >= 512 && m->tar_offset % 512 == 0, "offset");
        check(row->status != OK || (m->tar_offset <= (int64_t)n && m->size <= (int64_t)n - m->tar_offset), "range");
    }
    for (int f = 0; f < N_FIELDS; f++) {
        text_view v = row->field[f];
        int is_path = f == FIELD_AUDIO_PATH || f == FIELD_IMAGE_PATH || f == FIELD_SENSOR_PATH;
        check(!memchr(v.bytes, 0, v.n) && (is_path || utf8_valid_prefix(v.bytes, v.n) == v.n), "text");
    }
    check(row->status == OK ? any : status_is_item(row->status), "status");
    check((row->status != OK) == (row->field[FIELD_MESSAGE].n > 0), "message");
    check(row_encode(row, flags, &b) == OK && row_entry_check(b.bytes, b.n, &entry_n) == OK, "encoding");
    mem_free(&b.bytes);
}

static void write_file(const char *path, const uint8_t *bytes, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    check(fd >= 0 && (!n || write(fd, bytes, n) == (ssize_t)n), "temporary file");
    close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char path[64];
    snprintf(path, sizeof path, "/tmp/tessera-fuzz-%ld.tar", (long)getpid());
    write_file(path, bytes, n);
    corpus_options o = {.path = path, .root = (char *)"", .format = CORPUS_WEBDATASET};
    manifest *m = NULL;
    corpus_row row;
    uint32_t flags;
    int got = 1, rc = manifest_open(&m, &o);
    check(rc == OK, "open");
    for (size_t i = 0; got; i++) {
        rc = manifest_next(m, &row, &flags, &got);
        check(rc == OK || (rc == ERR_CONFIG && i == 0), "next"); /* at the start: no tar, or compressed */
        if (rc != OK || !got) break;
        check(i <= 64 * (n / 512 + 1), "end");
        check_row(&row, flags, n);
    }
    manifest_close(&m);
    unlink(path);
    return 0;
}
