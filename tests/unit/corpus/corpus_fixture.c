#include "corpus_fixture.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "corpus/manifest.h"
#include "corpus/row_codec.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

static char *splits[] = {"train: 0.9", "valid: 0.1"};

static int start(void **state, const char *parent)
{
    fixture *f = NULL;
    if (MEM_ALLOC(f, 1) != OK) return 1;
    snprintf(f->folder, sizeof f->folder, "%s/tessera-test-corpus-XXXXXX", parent);
    if (!mkdtemp(f->folder)) return 1;
    f->options = (corpus_options){
        .path = f->path, .root = f->root, .splits = {splits, 2}, .segment_rows = 65536, .merge_width = 512};
    fixture_corpus(f, "in");
    *state = f;
    return file_make_folder(f->path) != OK;
}

int fixture_start(void **state) { return start(state, "/tmp"); }

int fixture_start_in_memory(void **state) { return start(state, access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"); }

int fixture_stop(void **state)
{
    fixture *f = *state;
    int failed = file_remove_tree(f->folder) != OK;
    mem_free(&f->text);
    mem_free(state);
    return failed;
}

void fixture_write_bytes(fixture *f, const char *file, const void *bytes, size_t n)
{
    char *path = NULL, *slash;
    assert_int_equal(file_join(&path, f->folder, file), OK);
    slash = strrchr(path, '/');
    *slash = 0;
    assert_int_equal(file_make_folder(path), OK);
    *slash = '/';
    assert_int_equal(file_commit(path, bytes, n, "test"), OK);
    mem_free(&path);
}

void fixture_write(fixture *f, const char *file, const char *text) { fixture_write_bytes(f, file, text, strlen(text)); }

uint8_t *fixture_gzip(const void *bytes, size_t n, size_t *size)
{
    z_stream z = {0};
    uint8_t *out = NULL;
    assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    *size = deflateBound(&z, n) + 32;
    assert_int_equal(MEM_ALLOC(out, *size), OK);
    z.next_in = (Bytef *)bytes;
    z.avail_in = (uInt)n;
    z.next_out = out;
    z.avail_out = (uInt)*size;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    *size = z.total_out;
    deflateEnd(&z);
    return out;
}

int fixture_error(fixture *f)
{
    manifest *m = NULL;
    corpus_row row;
    uint32_t flags;
    int got = 1, rc = manifest_open(&m, &f->options);
    while (rc == OK && got) rc = manifest_next(m, &row, &flags, &got);
    manifest_close(&m);
    return rc;
}

void fixture_corpus(fixture *f, const char *file) { snprintf(f->path, sizeof f->path, "%s/%s", f->folder, file); }

static void add(fixture *f, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(fixture *f, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert_int_equal(MEM_GROW(f->text, &f->capacity, f->n + (size_t)n + 1), OK);
    va_start(args, format);
    vsnprintf(f->text + f->n, (size_t)n + 1, format, args);
    va_end(args);
    f->n += (size_t)n;
}

const char *fixture_path(fixture *f, const char *file)
{
    f->n = 0;
    add(f, "%s/%s", f->folder, file);
    return f->text;
}

void fixture_add_row(fixture *f, const corpus_row *r)
{
    static const struct {
        row_field field;
        const char *label;
    } shown[] = {
        {FIELD_ROLE, "role"},     {FIELD_AUDIO_PATH, "audio"}, {FIELD_IMAGE_PATH, "image"}, {FIELD_SENSOR_PATH, "data"},
        {FIELD_TEXT, "text"},     {FIELD_LANG, "lang"},        {FIELD_TEXT_LANG, "tlang"},  {FIELD_LICENSE, "license"},
        {FIELD_SOURCE, "source"}, {FIELD_EXTRA, "extra"},
    };
    text_view id = r->field[FIELD_ID], group = r->field[FIELD_GROUP];
    add(f, "%.*s", (int)id.n, id.bytes);
    if (group.n != id.n || memcmp(group.bytes, id.bytes, id.n) != 0) add(f, " group=%.*s", (int)group.n, group.bytes);
    if (r->order) add(f, " order=%lld", (long long)r->order);
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        text_view v = r->field[shown[i].field];
        if (v.n) add(f, " %s=%.*s", shown[i].label, (int)v.n, v.bytes);
    }
    if (r->offset_s != 0) add(f, " offset=%g", r->offset_s);
    if (r->duration_s != -1) add(f, " duration=%g", r->duration_s);
    if (r->rate_hz != 0) add(f, " rate=%g", r->rate_hz);
    if (r->status != OK)
        add(f, " !%s: %.*s", status_name(r->status), (int)r->field[FIELD_MESSAGE].n, r->field[FIELD_MESSAGE].bytes);
    else
        assert_int_equal(r->field[FIELD_MESSAGE].n, 0);
    add(f, "\n");
}

const char *fixture_rows(fixture *f)
{
    manifest *m = NULL;
    corpus_row row;
    uint32_t flags;
    int got = 1;
    f->n = 0;
    add(f, "%s", "");
    int rc = manifest_open(&m, &f->options);
    if (rc != OK) fail_msg("%s", status_message());
    for (int64_t i = 0; got; i++) {
        assert_int_equal(manifest_next(m, &row, &flags, &got), OK);
        if (!got) break;
        assert_int_equal(row.row, i);
        fixture_add_row(f, &row);
    }
    manifest_close(&m);
    return f->text;
}

int fixture_build(fixture *f, const char *state, corpus_probe probe, int (*tick)(void *user), void *user)
{
    int rc = OK;
    int64_t n_rows, n_segments;
    char *folder = NULL;
    TRY(file_join(&folder, f->folder, state));
    TRY(corpus_scan(&f->options, NULL, folder, &n_rows, &n_segments));
    for (int64_t i = n_segments; i-- > 0;) {
        TRY(corpus_segment_build(&f->options, folder, i, probe, tick, user));
        if (!corpus_segment_is_built(folder, i)) FAIL(ERR_INTERNAL, "segment %lld is not built", (long long)i);
    }
    TRY(corpus_index_merge(&f->options, folder, tick, user));
done:
    mem_free(&folder);
    return rc;
}

corpus_index *fixture_index(fixture *f, const char *state, corpus_probe probe, void *user)
{
    corpus_index *x = NULL;
    char *folder = NULL;
    int rc = fixture_build(f, state, probe, NULL, user);
    if (rc != OK) fail_msg("%s", status_message());
    assert_int_equal(file_join(&folder, f->folder, state), OK);
    rc = corpus_index_open(&x, folder);
    if (rc != OK) fail_msg("%s", status_message());
    mem_free(&folder);
    return x;
}

const char *fixture_index_rows(fixture *f, const corpus_index *x)
{
    corpus_row row;
    f->n = 0;
    for (int64_t i = 0; i < corpus_index_rows(x); i++) {
        assert_int_equal(corpus_index_row(x, i, &row), OK);
        add(f, "%d %lld ", row.split, (long long)row.row);
        fixture_add_row(f, &row);
    }
    return f->text;
}
