#include "shards/shard_array.h"

#include "base/memory.h"
#include "base/status.h"

/* Files are little-endian. */
static int is_little_endian(void)
{
    const uint16_t one = 1;
    return *(const uint8_t *)&one;
}

int shard_array_map(shard_array *a, h5_file *f, const file_mapping *m, const char *path, h5_type type, int64_t width,
                    int64_t n)
{
    int rc = OK, n_dims;
    int64_t dims[3], offset;
    h5_type stored;
    size_t bytes;
    *a = (shard_array){0};
    TRY(h5_shape(f, path, &stored, &n_dims, dims));
    if (n_dims != (width ? 2 : 1) || (width && dims[1] != width) || (n >= 0 && dims[0] != n))
        FAIL(ERR_CORRUPT, "%s has another shape than it should have", path);
    TRY(size_mul((size_t)dims[0], h5_type_size(type), &bytes));
    if (width) TRY(size_mul(bytes, (size_t)width, &bytes));
    a->n = dims[0];
    TRY(h5_file_offset(f, path, &offset));
    if (stored != type || offset < 0 || offset % (int64_t)h5_type_size(type) || !is_little_endian()) goto done;
    if ((uint64_t)offset > m->n || bytes > m->n - (size_t)offset) FAIL(ERR_CORRUPT, "%s lies outside its file", path);
    a->values = m->bytes + offset;
done:
    return rc;
}

int shard_array_open(shard_array *a, h5_file *f, const file_mapping *m, const char *path, h5_type type, int64_t width,
                     int64_t n)
{
    int rc = OK;
    TRY(shard_array_map(a, f, m, path, type, width, n));
    if (a->values) goto done;
    size_t bytes = (size_t)a->n * h5_type_size(type) * (size_t)(width ? width : 1); /* tested above */
    TRY(mem_alloc(&a->owned, bytes, 1));
    TRY(h5_read(f, path, type, 0, a->n, a->owned));
    a->values = a->owned;
done:
    if (rc != OK) shard_array_close(a);
    return rc;
}

void shard_array_close(shard_array *a)
{
    mem_free(&a->owned);
    *a = (shard_array){0};
}

int shard_array_check_offsets(const shard_array *a, const char *path, int64_t total, int64_t *bad)
{
    int rc = OK;
    const int64_t *o = a->values;
    for (int64_t i = 0; i < a->n; i++) {
        *bad = i;
        if (i == 0 ? o[0] != 0 : o[i] < o[i - 1] || o[i] > total)
            FAIL(ERR_CORRUPT, "%s: offset %lld is %lld", path, (long long)i, (long long)o[i]);
    }
    *bad = a->n;
    if (a->n < 1 || o[a->n - 1] != total) FAIL(ERR_CORRUPT, "%s does not end at %lld", path, (long long)total);
done:
    return rc;
}
