/* SPLIT-000000.tar ...: a fixed number of sequences each. The members of sequence 17 of split train:
 *
 *   train-000000017.input_ids.npy      (length) u2, or u4 as vocabulary.id_bits says
 *   train-000000017.loss_mask.npy      (length) u1
 *   train-000000017.position_ids.npy   (length) i4
 *   train-000000017.image_vectors.npy  (vectors, width) f2, of all pictures one after the other; so for other streams;
 *                                      only where there are some
 *   train-000000017.json               {"set", "split", "sequence", "tokens", "documents": their first tokens,
 *                                      "spans": [{"stream", "example", "from", "start", "end"}],
 *                                      "vectors": [{"stream", "example", "from", "start", "end", "cross",
 *                                                   "first", "count"}]}
 *
 * Spans are runs of ids of one example, of which `from` come before it. Vectors `first` .. first + count - 1 of the
 * stream take the places of tokens start .. end - 1, or are attended to by these (cross). */
#include "export/export.h"

#include "base/memory.h"
#include "base/status.h"
#include "export/batch_examples.h"
#include "export/split_reader.h"
#include "export/tar_writer.h"
#include "store/h5.h"
#include "store/npy.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

typedef struct stream_vectors {
    uint16_t *values; /* (n, width) of the sequence at hand, fp16 */
    size_t capacity;
    int64_t n, width;
} stream_vectors;

typedef struct tar_set {
    const export_split *split;
    const export_options *options;
    const char *folder;
    tar_writer *tar;
    h5_file *shard; /* number `open` */
    uint32_t open;
    batch_examples examples;
    stream_vectors vectors[N_STREAMS];
    uint16_t *narrow; /* (length); NULL for ids of 32 bits */
} tar_set;

static int begin_member(const tar_set *t, int64_t number, const char *name, int64_t size)
{
    int rc = OK;
    char *path = NULL;
    TRY(mem_format(&path, "%s-%09lld.%s", t->split->name, (long long)number, name));
    TRY(tar_writer_begin(t->tar, path, size));
done:
    mem_free(&path);
    return rc;
}

static int put_array(const tar_set *t, int64_t number, const char *name, const char *type, int n_dims,
                     const int64_t *dims, size_t value_bytes, const void *values)
{
    int rc = OK;
    char *header = NULL, *file = NULL;
    size_t n, bytes = value_bytes;
    for (int i = 0; i < n_dims; i++) TRY(size_mul(bytes, (size_t)dims[i], &bytes));
    TRY(npy_header(type, n_dims, dims, &header, &n));
    TRY(mem_format(&file, "%s.npy", name));
    TRY(begin_member(t, number, file, (int64_t)(n + bytes)));
    TRY(tar_writer_add(t->tar, header, n));
    TRY(tar_writer_add(t->tar, values, bytes));
done:
    mem_free(&header);
    mem_free(&file);
    return rc;
}

static int put_tables(const tar_set *t, const sequence_batch *b, int64_t i, int64_t number)
{
    int rc = OK;
    const int64_t n = b->length;
    const uint32_t *ids = b->ids + i * n;
    if (t->narrow) {
        narrow_ids(ids, n, t->narrow);
        TRY(put_array(t, number, "input_ids", "<u2", 1, &n, sizeof *t->narrow, t->narrow));
    } else {
        TRY(put_array(t, number, "input_ids", "<u4", 1, &n, sizeof *ids, ids));
    }
    TRY(put_array(t, number, "loss_mask", "|u1", 1, &n, 1, b->loss + i * n));
    TRY(put_array(t, number, "position_ids", "<i4", 1, &n, sizeof *b->positions, b->positions + i * n));
done:
    return rc;
}

/* Vectors of one span behind those that the sequence has of the stream. Their shard stays open for the next ones. */
static int read_vectors(tar_set *t, const vector_span *v)
{
    int rc = OK, n_dims;
    stream_vectors *x = &t->vectors[v->kind];
    char path[32];
    h5_type type;
    int64_t dims[3];
    size_t values;
    if (!t->shard || t->open != v->shard) {
        h5_close(&t->shard);
        TRY(h5_open(&t->shard, t->split->sources.shards[v->shard]));
        t->open = v->shard;
    }
    snprintf(path, sizeof path, "/%s/vectors", stream_name((stream_kind)v->kind));
    TRY(h5_shape(t->shard, path, &type, &n_dims, dims));
    if (type != H5_F16 || n_dims != 2 || dims[1] < 1 || (x->n && dims[1] != x->width))
        FAIL(ERR_CORRUPT, "%s: %s is of another shape or type", t->split->sources.shards[v->shard], path);
    x->width = dims[1];
    TRY(size_mul((size_t)(x->n + v->length), (size_t)x->width, &values));
    TRY(MEM_GROW(x->values, &x->capacity, values));
    TRY(h5_read(t->shard, path, H5_F16, v->start, v->length, x->values + x->n * x->width));
    x->n += v->length;
done:
    return rc;
}

/* Reads the vectors of sequence i, and says where each stands. */
static int collect_vectors(tar_set *t, const sequence_batch *b, int64_t i, json_t *places)
{
    int rc = OK;
    for (int s = 0; s < N_STREAMS; s++) t->vectors[s].n = 0;
    for (int64_t k = b->vector_offsets[i]; k < b->vector_offsets[i + 1]; k++) {
        const vector_span *v = &b->vectors[k - b->vector_offsets[0]];
        const example_reference *e = &t->examples.vectors[k - b->vector_offsets[0]];
        json_t *one = json_pack("{s:s, s:s, s:I, s:I, s:I, s:b, s:I, s:I}", "stream", stream_name((stream_kind)v->kind),
                                "example", t->examples.texts + e->id, "from", (json_int_t)e->from, "start",
                                (json_int_t)v->at, "end", (json_int_t)v->end, "cross", v->cross, "first",
                                (json_int_t)t->vectors[v->kind].n, "count", (json_int_t)v->length);
        if (json_array_append_new(places, one) != 0) FAIL(ERR_MEMORY, "no memory for a sequence");
        TRY(read_vectors(t, v));
    }
done:
    return rc;
}

static int put_vectors(const tar_set *t, int64_t number)
{
    int rc = OK;
    char name[32];
    for (int s = 0; s < N_STREAMS; s++) {
        const stream_vectors *x = &t->vectors[s];
        const int64_t shape[2] = {x->n, x->width};
        snprintf(name, sizeof name, "%s_vectors", stream_name((stream_kind)s));
        if (x->n) TRY(put_array(t, number, name, "<f2", 2, shape, sizeof *x->values, x->values));
    }
done:
    return rc;
}

static int list_spans(const tar_set *t, const sequence_batch *b, int64_t i, json_t *documents, json_t *spans)
{
    int rc = OK;
    int64_t at = 0;
    for (int64_t k = b->offsets[i] - b->offsets[0]; k < b->offsets[i + 1] - b->offsets[0]; k++) {
        const span *s = &b->spans[k];
        if (s->begins) json_array_append_new(documents, json_integer(at));
        if (s->kind < N_STREAMS) {
            json_t *one =
                json_pack("{s:s, s:s, s:I, s:I, s:I}", "stream", stream_name((stream_kind)s->kind), "example",
                          t->examples.texts + t->examples.spans[k].id, "from", (json_int_t)t->examples.spans[k].from,
                          "start", (json_int_t)at, "end", (json_int_t)(at + s->length));
            if (json_array_append_new(spans, one) != 0) FAIL(ERR_MEMORY, "no memory for a sequence");
        }
        at += s->length;
    }
done:
    return rc;
}

static int put_json(tar_set *t, const sequence_batch *b, int64_t i, int64_t number, json_t *places)
{
    int rc = OK;
    json_t *documents = json_array(), *spans = json_array(), *all = NULL;
    char *text = NULL;
    TRY(list_spans(t, b, i, documents, spans));
    all = json_pack("{s:s, s:s, s:I, s:I, s:O, s:O, s:O}", "set", t->split->set, "split", t->split->name, "sequence",
                    (json_int_t)number, "tokens", (json_int_t)b->tokens[i], "documents", documents, "spans", spans,
                    "vectors", places);
    text = all ? json_dumps(all, JSON_COMPACT) : NULL;
    if (!text) FAIL(ERR_MEMORY, "no memory for a sequence");
    TRY(begin_member(t, number, "json", (int64_t)strlen(text)));
    TRY(tar_writer_add(t->tar, text, strlen(text)));
done:
    json_decref(documents);
    json_decref(spans);
    json_decref(all);
    free(text);
    return rc;
}

static int put_sequence(tar_set *t, const sequence_batch *b, int64_t i, int64_t number)
{
    int rc = OK;
    json_t *places = json_array();
    TRY(put_tables(t, b, i, number));
    TRY(collect_vectors(t, b, i, places));
    TRY(put_vectors(t, number));
    TRY(put_json(t, b, i, number, places));
done:
    json_decref(places);
    return rc;
}

static int write_batch(tar_set *t, const split_reader *r)
{
    int rc = OK;
    char *path = NULL;
    TRY(batch_examples_find(&t->examples, &r->batch, 0));
    for (int64_t i = 0; i < r->batch.n; i++) {
        int64_t number = r->first + i;
        if (number % t->options->per_tar == 0) {
            if (t->tar) TRY(tar_writer_commit(&t->tar));
            mem_free(&path);
            TRY(mem_format(&path, "%s/%s-%06lld.tar", t->folder, t->split->name,
                           (long long)(number / t->options->per_tar)));
            TRY(tar_writer_open(&t->tar, path));
        }
        TRY(put_sequence(t, &r->batch, i, number));
    }
done:
    mem_free(&path);
    return rc;
}

int export_webdataset(const export_split *s, const export_options *o, const char *folder, export_counts *counts)
{
    int rc = OK, more;
    split_reader r;
    tar_set t = {.split = s, .options = o, .folder = folder};
    split_reader_start(&r, s, o->batch_tokens);
    if (s->sources.words->id_bits == 16) TRY(MEM_ALLOC(t.narrow, (size_t)s->sources.options->length));
    for (;;) {
        TRY(split_reader_next(&r, &more));
        if (!more) break;
        TRY(write_batch(&t, &r));
    }
    if (t.tar) TRY(tar_writer_commit(&t.tar));
    *counts = r.counts;
done:
    tar_writer_abandon(&t.tar);
    for (int k = 0; k < N_STREAMS; k++) mem_free(&t.vectors[k].values);
    mem_free(&t.narrow);
    h5_close(&t.shard);
    batch_examples_free(&t.examples);
    split_reader_close(&r);
    return rc;
}
