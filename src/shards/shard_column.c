#include "shards/shard_column.h"

#include "base/memory.h"
#include "base/status.h"

#include <string.h>

enum { BUFFER = 1 << 16 };

int shard_column_create(shard_column *c, h5_file *file)
{
    int rc = OK;
    const int64_t dims[2] = {c->n, c->width};
    c->row_bytes = h5_type_size(c->type);
    if (c->width) TRY(size_mul(c->row_bytes, (size_t)c->width, &c->row_bytes));
    TRY(h5_dataset(file, c->path, c->type, c->width ? 2 : 1, dims, c->deflate));
    TRY(mem_alloc((void **)&c->buffer, BUFFER, 1));
    c->declared = c->n;
    c->n = 0;
    c->file = file;
done:
    return rc;
}

static int flush(shard_column *c)
{
    int64_t waiting = (int64_t)(c->used / c->row_bytes);
    c->used = 0;
    return h5_write(c->file, c->path, c->n - waiting, waiting, c->buffer);
}

int shard_column_add(shard_column *c, const void *rows, int64_t n)
{
    int rc = OK;
    if (!c->file) {
        c->n += n;
        return OK;
    }
    const uint8_t *from = rows;
    size_t left = (size_t)n * c->row_bytes, whole = BUFFER / c->row_bytes * c->row_bytes;
    if (!whole) { /* a row larger than the buffer */
        TRY(h5_write(c->file, c->path, c->n, n, rows));
        c->n += n;
        goto done;
    }
    while (left) {
        size_t take = whole - c->used < left ? whole - c->used : left;
        memcpy(c->buffer + c->used, from, take);
        from += take;
        left -= take;
        c->used += take;
        c->n += (int64_t)(take / c->row_bytes);
        if (c->used == whole) TRY(flush(c));
    }
done:
    return rc;
}

int shard_column_add_ids(shard_column *c, const uint32_t *ids, size_t n)
{
    int rc = OK;
    if (!c->file) {
        for (size_t i = 0; i < n; i++)
            if (ids[i] > c->max) c->max = ids[i];
        c->n += (int64_t)n;
        return OK;
    }
    if (c->type != H5_U16) return shard_column_add(c, ids, (int64_t)n);
    for (size_t i = 0; i < n; i++) {
        uint16_t narrow = (uint16_t)ids[i];
        if (narrow != ids[i]) FAIL(ERR_INTERNAL, "%u does not fit into %s", ids[i], c->path);
        memcpy(c->buffer + c->used, &narrow, sizeof narrow);
        c->used += sizeof narrow;
        c->n++;
        if (c->used == BUFFER) TRY(flush(c));
    }
done:
    return rc;
}

int shard_column_finish(shard_column *c)
{
    int rc = OK;
    if (c->used) TRY(flush(c));
    if (c->n != c->declared)
        FAIL(ERR_INTERNAL, "%s has %lld rows, counted were %lld", c->path, (long long)c->n, (long long)c->declared);
done:
    return rc;
}

void shard_column_free(shard_column *c) { mem_free(&c->buffer); }
