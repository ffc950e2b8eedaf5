/* Chunks of foreign files are taken from the library as they lie, and decoded here: its own decoding believes what the
 * file says of the size of a value, and has been seen to write beyond its buffers. */
#include "base/memory.h"
#include "base/status.h"
#include "store/h5_parts.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

enum { MOST_FILTERS = 8 };

typedef struct chunked {
    h5_file *file;
    const char *path;
    hid_t set;
    int64_t rows, columns;             /* of the dataset */
    int64_t chunk_rows, chunk_columns; /* of a chunk */
    size_t value_bytes, chunk_bytes;
    int n_filters;
    int filters[MOST_FILTERS]; /* in the order of writing */
    uint8_t *a, *b;            /* (capacity): a chunk, and what a filter makes of it */
    size_t capacity;
} chunked;

/* ---- filters ---- */

static int check_sum(const chunked *x, size_t *n)
{
    int rc = OK;
    uint32_t low = 0, high = 0;
    if (*n < 4) FAIL(ERR_CORRUPT, "%s: a chunk of %s is damaged", x->file->path, x->path);
    *n -= 4;
    for (size_t i = 0; i < *n; i += 2) {
        low = (low + ((uint32_t)x->a[i] << 8 | (i + 1 < *n ? x->a[i + 1] : 0))) % 65535;
        high = (high + low) % 65535;
    }
    const uint8_t *there = x->a + *n;
    uint32_t stored = there[0] | (uint32_t)there[1] << 8 | (uint32_t)there[2] << 16 | (uint32_t)there[3] << 24;
    if (stored % 65536 % 65535 != low || stored / 65536 % 65535 != high)
        FAIL(ERR_CORRUPT, "%s: a chunk of %s does not have its checksum", x->file->path, x->path);
done:
    return rc;
}

static int inflate_chunk(chunked *x, size_t *n)
{
    int rc = OK;
    uLongf out = x->capacity;
    if (uncompress(x->b, &out, x->a, *n) != Z_OK)
        FAIL(ERR_CORRUPT, "%s: a chunk of %s cannot be decompressed", x->file->path, x->path);
    *n = out;
    uint8_t *swapped = x->a;
    x->a = x->b;
    x->b = swapped;
done:
    return rc;
}

/* Bytes stand together by their place in the value; what is left over at the end stands as it was. */
static void unshuffle(chunked *x, size_t n)
{
    size_t w = x->value_bytes, count = n / w;
    for (size_t k = 0; k < w; k++)
        for (size_t i = 0; i < count; i++) x->b[i * w + k] = x->a[k * count + i];
    memcpy(x->b + count * w, x->a + count * w, n - count * w);
    uint8_t *swapped = x->a;
    x->a = x->b;
    x->b = swapped;
}

/* Undo the filters, the last one first; those in the mask were left out when the chunk was written. */
static int decode(chunked *x, uint32_t mask, size_t n)
{
    int rc = OK;
    for (int i = x->n_filters - 1; i >= 0; i--) {
        if (mask >> i & 1) continue;
        if (x->filters[i] == H5Z_FILTER_FLETCHER32) TRY(check_sum(x, &n));
        if (x->filters[i] == H5Z_FILTER_DEFLATE) TRY(inflate_chunk(x, &n));
        if (x->filters[i] == H5Z_FILTER_SHUFFLE) unshuffle(x, n);
    }
    if (n != x->chunk_bytes)
        FAIL(ERR_CORRUPT, "%s: a chunk of %s has %zu bytes, not %zu", x->file->path, x->path, n, x->chunk_bytes);
done:
    return rc;
}

static int read_filters(chunked *x, hid_t create)
{
    int rc = OK;
    x->n_filters = H5Pget_nfilters(create);
    if (x->n_filters < 0 || x->n_filters > MOST_FILTERS)
        FAIL(ERR_UNSUPPORTED, "%s: %s passes through %d filters", x->file->path, x->path, x->n_filters);
    for (int i = 0; i < x->n_filters; i++) {
        unsigned flags, info, values[4] = {0};
        size_t n = 4;
        int f = x->filters[i] = H5Pget_filter2(create, (unsigned)i, &flags, &n, values, 0, NULL, &info);
        if (f != H5Z_FILTER_FLETCHER32 && f != H5Z_FILTER_DEFLATE && f != H5Z_FILTER_SHUFFLE)
            FAIL(ERR_UNSUPPORTED, "%s: %s passes through filter %d; deflate, shuffle and fletcher32 are read",
                 x->file->path, x->path, f);
        if (f == H5Z_FILTER_SHUFFLE && (n < 1 || values[0] != x->value_bytes))
            FAIL(ERR_CORRUPT, "%s: the values of %s are shuffled by another size", x->file->path, x->path);
    }
done:
    return rc;
}

/* ---- chunks ---- */

static int begin(chunked *x, const h5_entry *e, hid_t create)
{
    int rc = OK;
    hsize_t dims[2] = {1, 1};
    size_t values;
    x->rows = e->dims[0];
    x->columns = e->n_dims == 2 ? e->dims[1] : 1;
    x->value_bytes = h5_type_size(e->type);
    if (H5Pget_chunk(create, 2, dims) != e->n_dims || !dims[0] || !dims[1] || dims[0] > INT64_MAX ||
        dims[1] > INT64_MAX)
        FAIL(ERR_CORRUPT, "%s: cannot look at %s", x->file->path, x->path);
    x->chunk_rows = (int64_t)dims[0];
    x->chunk_columns = (int64_t)dims[1];
    TRY(size_mul(dims[0], dims[1], &values));
    TRY(size_mul(values, x->value_bytes, &x->chunk_bytes));
    /* deflate makes what it cannot shorten longer by a little; checksums are added */
    TRY(size_add(x->chunk_bytes, x->chunk_bytes / 1000 + 64, &x->capacity));
    TRY(read_filters(x, create));
    TRY(mem_reserve((void **)&x->a, x->capacity, 1));
    TRY(mem_reserve((void **)&x->b, x->capacity, 1));
done:
    return rc;
}

/* The decoded chunk that begins at this row and column is x->a. */
static int read_chunk(chunked *x, int64_t row, int64_t column)
{
    int rc = OK;
    const hsize_t at[2] = {(hsize_t)row, (hsize_t)column};
    unsigned mask;
    uint32_t skipped;
    haddr_t address = HADDR_UNDEF;
    hsize_t n = 0;
    if (H5Dget_chunk_info_by_coord(x->set, at, &mask, &address, &n) < 0 || address == HADDR_UNDEF)
        FAIL(ERR_CORRUPT, "%s: a chunk of %s is not there", x->file->path, x->path);
    if (n > x->capacity)
        FAIL(ERR_CORRUPT, "%s: a chunk of %s has %llu bytes", x->file->path, x->path, (unsigned long long)n);
    if (H5Dread_chunk(x->set, H5P_DEFAULT, at, &skipped, x->a) < 0)
        FAIL(ERR_CORRUPT, "%s: a chunk of %s is not there", x->file->path, x->path);
    TRY(decode(x, skipped, (size_t)n));
done:
    H5Eclear2(H5E_DEFAULT);
    return rc;
}

/* Copy what of the chunk lies in rows first .. first + n - 1. */
static void copy_rows(const chunked *x, int64_t row, int64_t column, int64_t first, int64_t n, uint8_t *out)
{
    size_t w = x->value_bytes;
    int64_t from = row > first ? row : first, end = first + n, width = x->columns - column;
    if (end - row > x->chunk_rows) end = row + x->chunk_rows;
    if (width > x->chunk_columns) width = x->chunk_columns;
    for (int64_t r = from; r < end; r++)
        memcpy(out + (size_t)((r - first) * x->columns + column) * w, x->a + (size_t)((r - row) * x->chunk_columns) * w,
               (size_t)width * w);
}

static void swap_bytes(uint8_t *bytes, size_t n, size_t w)
{
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < w / 2; k++) {
            uint8_t kept = bytes[i * w + k];
            bytes[i * w + k] = bytes[i * w + w - 1 - k];
            bytes[i * w + w - 1 - k] = kept;
        }
}

int h5_read_foreign(h5_file *f, const h5_entry *e, int64_t first, int64_t n, void *values)
{
    int rc = OK;
    chunked x = {.file = f, .path = e->path, .set = -1};
    hid_t create = -1;
    h5_quiet();
    if (first < 0 || n < 0 || first > e->dims[0] || n > e->dims[0] - first)
        FAIL(ERR_INTERNAL, "%s: rows %lld + %lld of %s", f->path, (long long)first, (long long)n, e->path);
    if (!e->chunk_rows) {
        rc = h5_read(f, e->path, e->type, first, n, values);
        if (rc == ERR_CORRUPT) /* what the library says depends on how much was asked for */
            FAIL(ERR_CORRUPT, "%s: the values of %s are not all there", f->path, e->path);
        goto done;
    }
    x.set = H5Dopen2(f->id, e->path, H5P_DEFAULT);
    create = x.set >= 0 ? H5Dget_create_plist(x.set) : -1;
    if (create < 0) FAIL(ERR_CORRUPT, "%s: cannot look at %s", f->path, e->path);
    TRY(begin(&x, e, create));
    for (int64_t row = first / x.chunk_rows * x.chunk_rows; row < first + n; row += x.chunk_rows)
        for (int64_t column = 0; column < x.columns; column += x.chunk_columns) {
            TRY(read_chunk(&x, row, column));
            copy_rows(&x, row, column, first, n, values);
        }
    if (!e->is_plain) swap_bytes(values, (size_t)(n * x.columns), x.value_bytes);
done:
    mem_free(&x.a);
    mem_free(&x.b);
    if (create >= 0) H5Pclose(create);
    if (x.set >= 0) H5Dclose(x.set);
    return rc;
}
