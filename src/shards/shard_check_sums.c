/* The checksum of each example again, from the datasets as they lie in the file. What cannot be mapped is read in
 * blocks. */
#include "base/memory.h"
#include "base/status.h"
#include "shards/example_sum.h"
#include "shards/shard_checker.h"

#include <stdio.h>

enum { BLOCK = 1 << 16, MOST_WIDTH = 1 << 24 };

/* A long dataset of numbers, chained range by range in ascending order. */
typedef struct list {
    char path[SHARD_PATH];
    h5_type type;
    int64_t width;     /* values per row */
    shard_array array; /* values NULL: not mapped */
    uint8_t *block;    /* (block_rows, width), rows block_first .. + block_n - 1 of an unmapped dataset */
    int64_t block_rows, block_first, block_n;
} list;

typedef struct text_lists {
    list bytes;                 /* flat */
    shard_array offsets, table; /* of the table where coded */
    shard_array codes;
} text_lists;

typedef struct stream_lists {
    int used, reduced, vectors_kept;
    list ids, durations, vectors;
    shard_array offsets, vector_offsets, grid, xxh3, seconds;
} stream_lists;

typedef struct sums {
    shard_checker *c;
    shard_array checksum, order, row, starts_group;
    text_lists text[N_EXAMPLE_TEXTS];
    stream_lists stream[N_STREAMS];
} sums;

/* ---- open ---- */

/* `type` as it is stored, but H5_U32 for numbers of yet another width; n -1: any number of rows. */
static int open_list(sums *s, list *l, h5_type type, int n_dims, int64_t n)
{
    int rc = OK, n_stored;
    h5_type stored;
    int64_t dims[3];
    TRY(h5_shape(s->c->file, l->path, &stored, &n_stored, dims));
    if (n_stored != n_dims) FAIL(ERR_CORRUPT, "%s has %d dimensions", l->path, n_stored);
    l->type = type == H5_U32 && stored == H5_U16 ? H5_U16 : type;
    l->width = n_dims > 1 ? dims[1] : 1;
    if (l->width < 1 || l->width > MOST_WIDTH) FAIL(ERR_CORRUPT, "%s is too wide", l->path);
    TRY(shard_array_map(&l->array, s->c->file, &s->c->map, l->path, l->type, n_dims > 1 ? l->width : 0, n));
    l->block_rows = l->width < BLOCK ? BLOCK / l->width : 1;
    if (!l->array.values) TRY(mem_alloc((void **)&l->block, (size_t)(l->block_rows * l->width), h5_type_size(l->type)));
done:
    return rc;
}

static void close_list(list *l)
{
    shard_array_close(&l->array);
    mem_free(&l->block);
}

static int open_array(sums *s, shard_array *a, const char *path, h5_type type, int64_t width, int64_t n)
{
    return shard_array_open(a, s->c->file, &s->c->map, path, type, width, n);
}

static int open_offsets(sums *s, shard_array *a, const char *path, int64_t n, int64_t total)
{
    int rc = OK;
    int64_t bad;
    TRY(open_array(s, a, path, H5_I64, 0, n));
    TRY(shard_array_check_offsets(a, path, total, &bad));
done:
    return rc;
}

static int open_text(sums *s, example_text t)
{
    int rc = OK;
    text_lists *x = &s->text[t];
    char path[SHARD_PATH];
    if (shard_text_layout(t) == TEXT_FLAT) {
        shard_text_path(t, "", x->bytes.path);
        TRY(open_list(s, &x->bytes, H5_U8, 1, -1));
        shard_text_path(t, "_offsets", path);
        TRY(open_offsets(s, &x->offsets, path, s->c->n + 1, x->bytes.array.n));
    } else if (shard_text_layout(t) == TEXT_CODED) {
        shard_text_path(t, "_table", path);
        TRY(open_array(s, &x->table, path, H5_U8, 0, -1));
        shard_text_path(t, "_table_offsets", path);
        TRY(open_offsets(s, &x->offsets, path, -1, x->table.n));
        shard_text_path(t, "", path);
        TRY(open_array(s, &x->codes, path, H5_U32, 0, s->c->n));
    }
done:
    return rc;
}

/* Which datasets there are; other ones than expected were told. */
static int look_at_stream(sums *s, stream_kind k)
{
    int rc = OK;
    stream_lists *x = &s->stream[k];
    const shard_stream_options *o = s->c->expected ? &s->c->expected->stream[k] : NULL;
    char path[SHARD_PATH];
    shard_stream_path(k, "ids", x->ids.path);
    shard_stream_path(k, "durations", x->durations.path);
    shard_stream_path(k, "vectors", x->vectors.path);
    snprintf(path, sizeof path, "/%s", stream_name(k));
    x->used = h5_has(s->c->file, path);
    x->reduced = h5_has(s->c->file, x->durations.path);
    x->vectors_kept = h5_has(s->c->file, x->vectors.path);
    if (o && (!o->used != !x->used || (o->used && (!o->reduced != !x->reduced || !o->vectors != !x->vectors_kept))))
        FAIL(ERR_CORRUPT, "%s has other datasets than expected", path);
done:
    return rc;
}

static int open_stream(sums *s, stream_kind k)
{
    int rc = OK;
    stream_lists *x = &s->stream[k];
    int64_t n = s->c->n;
    char path[SHARD_PATH];
    TRY(look_at_stream(s, k));
    if (!x->used) goto done;
    TRY(open_list(s, &x->ids, H5_U32, 1, -1));
    shard_stream_path(k, "offsets", path);
    TRY(open_offsets(s, &x->offsets, path, n + 1, x->ids.array.n));
    if (x->reduced) TRY(open_list(s, &x->durations, H5_U32, 1, x->ids.array.n));
    if (x->vectors_kept) {
        TRY(open_list(s, &x->vectors, H5_F16, 2, -1));
        shard_stream_path(k, "vector_offsets", path);
        TRY(open_offsets(s, &x->vector_offsets, path, n + 1, x->vectors.array.n));
    }
    shard_stream_path(k, "grid", path);
    if (shard_stream_has_grid(k)) TRY(open_array(s, &x->grid, path, H5_I32, 2, n));
    shard_stream_path(k, "xxh3", path);
    if (shard_stream_has_media(k)) TRY(open_array(s, &x->xxh3, path, H5_U64, 0, n));
    shard_stream_path(k, "seconds", path);
    if (shard_stream_has_seconds(k)) TRY(open_array(s, &x->seconds, path, H5_F64, 0, n));
done:
    return rc;
}

static int open_all(sums *s)
{
    int rc = OK;
    int64_t n = s->c->n;
    TRY(open_array(s, &s->order, "/examples/order", H5_I64, 0, n));
    TRY(open_array(s, &s->row, "/examples/row", H5_I64, 0, n));
    TRY(open_array(s, &s->starts_group, "/examples/starts_group", H5_U8, 0, n));
    for (int t = 0; t < N_EXAMPLE_TEXTS; t++) TRY(open_text(s, (example_text)t));
    for (int k = 0; k < N_STREAMS; k++) TRY(open_stream(s, (stream_kind)k));
done:
    return rc;
}

static void close_all(sums *s)
{
    shard_array *const arrays[] = {&s->checksum, &s->order, &s->row, &s->starts_group};
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) shard_array_close(arrays[i]);
    for (int t = 0; t < N_EXAMPLE_TEXTS; t++) {
        close_list(&s->text[t].bytes);
        shard_array_close(&s->text[t].offsets);
        shard_array_close(&s->text[t].table);
        shard_array_close(&s->text[t].codes);
    }
    for (int k = 0; k < N_STREAMS; k++) {
        stream_lists *x = &s->stream[k];
        shard_array *const more[] = {&x->offsets, &x->vector_offsets, &x->grid, &x->xxh3, &x->seconds};
        for (size_t i = 0; i < sizeof more / sizeof *more; i++) shard_array_close(more[i]);
        close_list(&x->ids);
        close_list(&x->durations);
        close_list(&x->vectors);
    }
}

/* ---- chains ---- */

static uint64_t chain_values(h5_type type, const void *values, size_t n, uint64_t chain)
{
    if (type == H5_U8) return example_sum_u8(chain, values, n);
    if (type == H5_U32) return example_sum_u32(chain, values, n);
    return example_sum_u16(chain, values, n);
}

/* Read the block that begins at row `at`. Where that is damaged, only what is left of the range in hand: a later
 * example than this one may be hit. */
static int read_block(sums *s, list *l, int64_t at, int64_t end)
{
    int64_t most = l->array.n - at < l->block_rows ? l->array.n - at : l->block_rows;
    int rc = h5_read(s->c->file, l->path, l->type, at, most, l->block);
    if (rc == ERR_CORRUPT && end - at < most) {
        most = end - at;
        rc = h5_read(s->c->file, l->path, l->type, at, most, l->block);
    }
    l->block_first = at;
    l->block_n = rc == OK ? most : 0;
    return rc;
}

/* Rows first .. end - 1. ERR_CORRUPT when they cannot be read. */
static int chain_rows(sums *s, list *l, int64_t first, int64_t end, uint64_t *chain)
{
    int rc = OK;
    size_t row_bytes = (size_t)l->width * h5_type_size(l->type);
    *chain = EXAMPLE_SUM_START;
    if (first == end) goto done;
    if (l->array.values) {
        const uint8_t *from = (const uint8_t *)l->array.values + (size_t)first * row_bytes;
        *chain = chain_values(l->type, from, (size_t)(end - first) * (size_t)l->width, *chain);
        goto done;
    }
    for (int64_t at = first; at < end;) {
        if (at < l->block_first || at >= l->block_first + l->block_n) TRY(read_block(s, l, at, end));
        int64_t stop = l->block_first + l->block_n < end ? l->block_first + l->block_n : end;
        const uint8_t *from = l->block + (size_t)(at - l->block_first) * row_bytes;
        *chain = chain_values(l->type, from, (size_t)(stop - at) * (size_t)l->width, *chain);
        at = stop;
    }
done:
    return rc;
}

static int sum_text(sums *s, example_text t, int64_t i, uint64_t *sum)
{
    int rc = OK;
    text_lists *x = &s->text[t];
    const int64_t *o = x->offsets.values;
    uint64_t chain;
    if (shard_text_layout(t) == TEXT_FLAT) {
        TRY(chain_rows(s, &x->bytes, o[i], o[i + 1], &chain));
        example_sum_text(sum, o[i + 1] - o[i], chain);
    } else if (shard_text_layout(t) == TEXT_CODED) {
        uint32_t code = ((const uint32_t *)x->codes.values)[i];
        if (code >= x->offsets.n - 1) FAIL(ERR_CORRUPT, "the code of example %lld is not in the table", (long long)i);
        const uint8_t *text = (const uint8_t *)x->table.values + o[code];
        chain = example_sum_u8(EXAMPLE_SUM_START, text, (size_t)(o[code + 1] - o[code]));
        example_sum_text(sum, o[code + 1] - o[code], chain);
    }
done:
    return rc;
}

static int sum_stream(sums *s, stream_kind k, int64_t i, uint64_t *sum)
{
    int rc = OK;
    stream_lists *x = &s->stream[k];
    const int64_t *o = x->offsets.values, *v = x->vector_offsets.values;
    stream_sum y = {.reduced = x->reduced, .vectors_kept = x->vectors_kept, .n_ids = o[i + 1] - o[i]};
    TRY(chain_rows(s, &x->ids, o[i], o[i + 1], &y.ids));
    if (x->reduced) TRY(chain_rows(s, &x->durations, o[i], o[i + 1], &y.durations));
    if (x->vectors_kept) {
        y.n_vectors = v[i + 1] - v[i];
        TRY(chain_rows(s, &x->vectors, v[i], v[i + 1], &y.vectors));
    }
    if (x->grid.values)
        for (int d = 0; d < 2; d++) y.grid[d] = ((const int32_t *)x->grid.values)[2 * i + d];
    if (x->xxh3.values) y.xxh3 = ((const uint64_t *)x->xxh3.values)[i];
    if (x->seconds.values) y.seconds = ((const double *)x->seconds.values)[i];
    example_sum_stream(sum, k, &y);
done:
    return rc;
}

static int sum_example(sums *s, int64_t i, uint64_t *sum)
{
    int rc = OK;
    *sum = EXAMPLE_SUM_START;
    for (int t = 0; t < N_EXAMPLE_TEXTS; t++) TRY(sum_text(s, (example_text)t, i, sum));
    example_sum_row(sum, ((const int64_t *)s->order.values)[i], ((const int64_t *)s->row.values)[i],
                    ((const uint8_t *)s->starts_group.values)[i]);
    for (int k = 0; k < N_STREAMS; k++)
        if (s->stream[k].used) TRY(sum_stream(s, (stream_kind)k, i, sum));
done:
    return rc;
}

static int compare(sums *s)
{
    int rc = OK;
    uint64_t sum;
    for (int64_t i = 0; i < s->c->n; i++) {
        rc = sum_example(s, i, &sum);
        if (rc != OK && rc != ERR_CORRUPT) goto done;
        if (rc != OK || sum != ((const uint64_t *)s->checksum.values)[i])
            shard_checker_fault(s->c, i, "its content was changed");
        rc = OK;
    }
done:
    return rc;
}

int shard_check_sums(shard_checker *c)
{
    int rc = OK, ok;
    sums *s = NULL;
    int64_t told = c->n_faults;
    TRY(MEM_ALLOC(s, 1));
    s->c = c;
    TRY(shard_checker_settle(c, open_array(s, &s->checksum, "/examples/checksum", H5_U64, 0, c->n), &ok));
    if (!ok) goto done;
    rc = open_all(s);
    if (told && (rc == ERR_CORRUPT || rc == ERR_MISSING)) {
        rc = OK;
        goto done;
    }
    TRY(shard_checker_settle(c, rc, &ok));
    if (ok) TRY(compare(s));
done:
    if (s) close_all(s);
    mem_free(&s);
    return rc;
}
