#include "index_tokens.h"

#include "base/memory.h"
#include "base/status.h"
#include "shards/shard.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

typedef struct raw {
    int64_t n;
    uint8_t *kind, *loss, *begins;
    uint32_t *shard, *ids, *length;
    int64_t *start;
} raw;

static void column(h5_file *f, const char *path, h5_type type, int64_t n, void *out)
{
    *(void **)out = NULL;
    assert_int_equal(mem_alloc(out, (size_t)n, h5_type_size(type)), OK);
    assert_int_equal(h5_read(f, path, type, 0, n, *(void **)out), OK);
}

static int64_t length_of(h5_file *f, const char *path)
{
    h5_type type;
    int n_dims;
    int64_t dims[3];
    assert_int_equal(h5_shape(f, path, &type, &n_dims, dims), OK);
    return dims[0];
}

/* Ids of a stream, of which only those that differ from the one before count where there are more than tokens. */
static void read_stream(shard_reader *reader, const raw *r, int64_t i, uint32_t *out)
{
    uint32_t *ids = NULL, n = 0;
    assert_int_equal(MEM_ALLOC(ids, r->ids[i]), OK);
    assert_int_equal(shard_reader_read_ids(reader, (stream_kind)r->kind[i], r->start[i], r->ids[i], ids), OK);
    for (uint32_t k = 0; k < r->ids[i]; k++)
        if (k == 0 || r->ids[i] == r->length[i] || ids[k] != ids[k - 1]) ids[n++] = ids[k];
    assert_int_equal(n, r->length[i]);
    memcpy(out, ids, n * sizeof *out);
    mem_free(&ids);
}

static void expand(index_tokens *x, const raw *r, h5_file *f, char *const *shard_paths, size_t n_shards)
{
    static const char *const names[] = {"offset_text", "offset_image", "offset_audio", "offset_sensor",
                                        "offset_special"};
    shard_reader *readers[16] = {NULL};
    int64_t base[5], at = 0;
    for (int k = 0; k < 5; k++) assert_int_equal(h5_get_int(f, "/", names[k], &base[k]), OK);
    for (size_t i = 0; i < n_shards; i++) assert_int_equal(shard_reader_open(&readers[i], shard_paths[i]), OK);
    for (int64_t i = 0; i < r->n; at += r->length[i++]) {
        if (r->kind[i] == 4)
            for (int64_t k = 0; k < r->length[i]; k++) x->ids[at + k] = (uint32_t)r->start[i];
        else if (r->kind[i] == 5)
            assert_int_equal(h5_read(f, "/literals/ids", H5_U32, r->start[i], r->length[i], x->ids + at), OK);
        else
            read_stream(readers[r->shard[i]], r, i, x->ids + at);
        for (int64_t k = 0; k < r->length[i]; k++) {
            x->ids[at + k] += r->kind[i] == 5 ? 0 : (uint32_t)base[r->kind[i]];
            x->loss[at + k] = r->loss[i];
            x->kind[at + k] = r->kind[i];
            x->begins[at + k] = k == 0 && r->begins[i];
        }
    }
    for (size_t i = 0; i < n_shards; i++) shard_reader_close(&readers[i]);
}

void index_tokens_read(index_tokens *x, const char *index_path, char *const *shard_paths, size_t n_shards)
{
    h5_file *f = NULL;
    raw r = {0};
    memset(x, 0, sizeof *x);
    assert_int_equal(h5_open(&f, index_path), OK);
    r.n = length_of(f, "/spans/kind");
    x->n_sequences = length_of(f, "/tokens");
    column(f, "/spans/kind", H5_U8, r.n, &r.kind);
    column(f, "/spans/loss", H5_U8, r.n, &r.loss);
    column(f, "/spans/begins", H5_U8, r.n, &r.begins);
    column(f, "/spans/shard", H5_U32, r.n, &r.shard);
    column(f, "/spans/ids", H5_U32, r.n, &r.ids);
    column(f, "/spans/length", H5_U32, r.n, &r.length);
    column(f, "/spans/start", H5_I64, r.n, &r.start);
    column(f, "/offsets", H5_I64, x->n_sequences + 1, &x->offsets);
    int64_t n = 0;
    for (int64_t i = 0, q = 0; i <= r.n; i++) { /* from spans to tokens */
        while (q <= x->n_sequences && x->offsets[q] == i) x->offsets[q++] = n;
        if (i < r.n) n += r.length[i];
    }
    assert_int_equal(MEM_ALLOC(x->ids, (size_t)n), OK);
    assert_int_equal(MEM_ALLOC(x->loss, (size_t)n), OK);
    assert_int_equal(MEM_ALLOC(x->begins, (size_t)n), OK);
    assert_int_equal(MEM_ALLOC(x->kind, (size_t)n), OK);
    expand(x, &r, f, shard_paths, n_shards);
    mem_free(&r.kind);
    mem_free(&r.loss);
    mem_free(&r.begins);
    mem_free(&r.shard);
    mem_free(&r.ids);
    mem_free(&r.length);
    mem_free(&r.start);
    h5_close(&f);
}

void index_tokens_free(index_tokens *x)
{
    mem_free(&x->offsets);
    mem_free(&x->ids);
    mem_free(&x->loss);
    mem_free(&x->begins);
    mem_free(&x->kind);
}

/* Tokens from `at` up to the next document or the end of the sequence. */
static int64_t document_length(const index_tokens *x, int64_t sequence, int64_t at)
{
    int64_t end = at + 1;
    while (end < x->offsets[sequence + 1] && !x->begins[end]) end++;
    return end - at;
}

int64_t index_tokens_count(const index_tokens *x, const uint32_t *ids, int64_t n)
{
    int64_t count = 0;
    for (int64_t q = 0; q < x->n_sequences; q++)
        for (int64_t at = x->offsets[q]; at < x->offsets[q + 1]; at++)
            if (x->begins[at] && document_length(x, q, at) == n && !memcmp(x->ids + at, ids, (size_t)n * sizeof *ids))
                count++;
    return count;
}

int64_t index_tokens_longest(const index_tokens *x, int64_t sequence)
{
    int64_t longest = 0;
    for (int64_t at = x->offsets[sequence]; at < x->offsets[sequence + 1];) {
        int64_t n = document_length(x, sequence, at);
        if (n > longest) longest = n;
        at += n;
    }
    return longest;
}
