#include "base/memory.h"
#include "base/status.h"
#include "base/utf8.h"
#include "shards/shard_checker.h"

#include <stdlib.h>

/* Bytes and offsets of a flat text; values NULL after a fault. */
static int open_flat(shard_checker *c, example_text t, shard_array *bytes, shard_array *offsets)
{
    int rc = OK, ok;
    char path[SHARD_PATH];
    shard_text_path(t, "", path);
    TRY(shard_checker_settle(c, shard_array_open(bytes, c->file, &c->map, path, H5_U8, 0, -1), &ok));
    shard_text_path(t, "_offsets", path);
    if (ok) TRY(shard_checker_offsets(c, path, bytes->n, offsets));
done:
    return rc;
}

/* Ids and texts stay open for the checks that follow. */
static int check_flat(shard_checker *c, example_text t)
{
    int rc = OK;
    shard_array bytes = {0}, offsets = {0};
    if (t == EXAMPLE_ID) return open_flat(c, t, &c->ids, &c->id_offsets);
    if (t == EXAMPLE_TEXT) return open_flat(c, t, &c->text, &c->text_offsets);
    rc = open_flat(c, t, &bytes, &offsets);
    shard_array_close(&bytes);
    shard_array_close(&offsets);
    return rc;
}

static int check_coded(shard_checker *c, example_text t)
{
    int rc = OK, ok;
    int64_t bad;
    char path[SHARD_PATH];
    shard_array bytes = {0}, offsets = {0}, codes = {0};
    shard_text_path(t, "_table", path);
    TRY(shard_checker_settle(c, shard_array_open(&bytes, c->file, &c->map, path, H5_U8, 0, -1), &ok));
    if (!ok) goto done;
    shard_text_path(t, "_table_offsets", path);
    TRY(shard_checker_settle(c, shard_array_open(&offsets, c->file, &c->map, path, H5_I64, 0, -1), &ok));
    if (!ok) goto done;
    TRY(shard_checker_settle(c, shard_array_check_offsets(&offsets, path, bytes.n, &bad), &ok));
    if (!ok) goto done;
    shard_text_path(t, "", path);
    TRY(shard_checker_settle(c, shard_array_open(&codes, c->file, &c->map, path, H5_U32, 0, c->n), &ok));
    for (int64_t i = 0; ok && i < c->n; i++) {
        uint32_t code = ((const uint32_t *)codes.values)[i];
        if (code >= offsets.n - 1)
            shard_checker_fault(c, i, "%s: code %u of %lld", path, code, (long long)offsets.n - 1);
    }
done:
    shard_array_close(&bytes);
    shard_array_close(&offsets);
    shard_array_close(&codes);
    return rc;
}

typedef struct numbered {
    int64_t row, example;
} numbered;

static int by_row(const void *a, const void *b)
{
    const numbered *x = a, *y = b;
    return x->row != y->row ? (x->row > y->row) - (x->row < y->row)
                            : (x->example > y->example) - (x->example < y->example);
}

/* Each row of the manifest makes at most one example. */
static int check_rows(shard_checker *c)
{
    int rc = OK, ok;
    shard_array rows = {0};
    numbered *sorted = NULL;
    TRY(shard_checker_settle(c, shard_array_open(&rows, c->file, &c->map, "/examples/row", H5_I64, 0, c->n), &ok));
    if (!ok) goto done;
    TRY(MEM_ALLOC(sorted, (size_t)c->n));
    for (int64_t i = 0; i < c->n; i++) {
        sorted[i] = (numbered){((const int64_t *)rows.values)[i], i};
        if (sorted[i].row < 0) shard_checker_fault(c, i, "/examples/row: %lld", (long long)sorted[i].row);
    }
    qsort(sorted, (size_t)c->n, sizeof *sorted, by_row);
    for (int64_t k = 1; k < c->n; k++)
        if (sorted[k].row == sorted[k - 1].row)
            shard_checker_fault(c, sorted[k].example, "/examples/row: row %lld is also that of example %lld",
                                (long long)sorted[k].row, (long long)sorted[k - 1].example);
done:
    shard_array_close(&rows);
    mem_free(&sorted);
    return rc;
}

static int check_groups(shard_checker *c)
{
    int rc = OK, ok;
    shard_array starts = {0}, order = {0};
    TRY(shard_checker_settle(c, shard_array_open(&starts, c->file, &c->map, "/examples/starts_group", H5_U8, 0, c->n),
                             &ok));
    for (int64_t i = 0; ok && i < c->n; i++) {
        uint8_t s = ((const uint8_t *)starts.values)[i];
        if (s > 1 || (i == 0 && !s)) shard_checker_fault(c, i, "/examples/starts_group: %u", s);
    }
    TRY(shard_checker_settle(c, shard_array_open(&order, c->file, &c->map, "/examples/order", H5_I64, 0, c->n), &ok));
done:
    shard_array_close(&starts);
    shard_array_close(&order);
    return rc;
}

static void check_utf8(shard_checker *c)
{
    const int64_t *o = c->text_offsets.values;
    const char *text = c->text.values;
    for (int64_t i = 0; o && i < c->n; i++) {
        size_t n = (size_t)(o[i + 1] - o[i]), good = n ? utf8_valid_prefix(text + o[i], n) : 0;
        if (good < n) shard_checker_fault(c, i, "/examples/text: byte %zu is not UTF-8", good);
    }
}

int shard_check_examples(shard_checker *c)
{
    int rc = OK;
    for (int t = 0; t < N_EXAMPLE_TEXTS; t++) {
        if (shard_text_layout((example_text)t) == TEXT_FLAT) TRY(check_flat(c, (example_text)t));
        if (shard_text_layout((example_text)t) == TEXT_CODED) TRY(check_coded(c, (example_text)t));
    }
    check_utf8(c);
    TRY(check_rows(c));
    TRY(check_groups(c));
done:
    return rc;
}
