/* Reading of an index. Nothing that is in its files is trusted before it was checked. */
#include "corpus/index.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "corpus/index_header.h"
#include "corpus/row_codec.h"
#include "corpus/run_file.h"

#include <string.h>

struct corpus_index {
    index_header header;
    file_mapping record_map, text_map, id_map;
    const row_record *records; /* (rows) */
    const char *texts;         /* (header.text_bytes) */
    const id_entry *ids;       /* (header.n_ids) */
};

/* Map one file and check that its size is n elements of `size` bytes. */
static int map_file(const corpus_index *x, const char *folder, const char *what, run_kind kind, int64_t n, size_t size,
                    file_mapping *map)
{
    int rc = OK;
    char *path = NULL;
    size_t n_bytes, expected;
    int64_t n_entries;
    TRY(index_file_path(&path, folder, x->header.build, what));
    rc = run_map(path, kind, map, &n_bytes, &n_entries);
    if (rc == ERR_MISSING) FAIL(ERR_CORRUPT, "%s is missing", path);
    TRY(rc);
    if (size_mul((size_t)n, size, &expected) != OK || n_bytes != expected || (size > 1 && n_entries != n))
        FAIL(ERR_CORRUPT, "%s: %zu bytes in %lld entries do not fit the index", path, n_bytes, (long long)n_entries);
done:
    mem_free(&path);
    return rc;
}

int corpus_index_open(corpus_index **out, const char *folder)
{
    int rc = OK;
    corpus_index *x = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(x, 1));
    TRY(index_header_read(folder, &x->header));
    TRY(map_file(x, folder, "rows", RUN_RECORDS, x->header.totals.rows, sizeof(row_record), &x->record_map));
    TRY(map_file(x, folder, "texts", RUN_TEXTS, x->header.text_bytes, 1, &x->text_map));
    TRY(map_file(x, folder, "ids", RUN_IDS, x->header.n_ids, sizeof(id_entry), &x->id_map));
    x->records = (const row_record *)(const void *)x->record_map.bytes;
    x->texts = (const char *)x->text_map.bytes;
    x->ids = (const id_entry *)(const void *)x->id_map.bytes;
    *out = x;
    x = NULL;
done:
    corpus_index_close(&x);
    return rc;
}

void corpus_index_close(corpus_index **px)
{
    corpus_index *x = *px;
    if (!x) return;
    file_unmap(&x->record_map);
    file_unmap(&x->text_map);
    file_unmap(&x->id_map);
    index_header_free(&x->header);
    mem_free(px);
}

int64_t corpus_index_rows(const corpus_index *x) { return x->header.totals.rows; }

const char *corpus_index_root(const corpus_index *x) { return x->header.root; }

const corpus_totals *corpus_index_totals(const corpus_index *x) { return &x->header.totals; }

const char *corpus_index_hash(const corpus_index *x) { return x->header.hash; }

const char *corpus_index_manifest(const corpus_index *x) { return x->header.manifest; }

int corpus_index_set_root(corpus_index *x, const corpus_options *o)
{
    int rc = OK;
    char *root = NULL;
    TRY(corpus_root(o, &root));
    mem_free(&x->header.root);
    x->header.root = root;
done:
    return rc;
}

int64_t corpus_index_split_start(const corpus_index *x, int split)
{
    if (split < 0) return 0;
    return x->header.split_starts[split < x->header.n_splits ? split : x->header.n_splits];
}

int corpus_index_row(const corpus_index *x, int64_t i, corpus_row *out)
{
    int rc = OK;
    if (i < 0 || i >= x->header.totals.rows) FAIL(ERR_INTERNAL, "no row %lld in the index", (long long)i);
    const row_record *r = &x->records[i];
    size_t n = row_text_size(r), there = (size_t)x->header.text_bytes;
    if (r->text_start < 0 || (size_t)r->text_start > there || n > there - (size_t)r->text_start)
        FAIL(ERR_CORRUPT, "row %lld of the index is damaged", (long long)i);
    const char *texts = x->texts + r->text_start;
    if (r->check != row_record_hash(r, texts) || r->split < 0 || r->split >= x->header.n_splits ||
        (r->status != OK && !status_is_item(r->status)))
        FAIL(ERR_CORRUPT, "row %lld of the index is damaged", (long long)i);
    row_decode(r, texts, out);
done:
    return rc;
}

/* The texts lie in the order of the rows. What a damaged record says is not trusted: the range is cut to the mapping.
 */
void corpus_index_release(const corpus_index *x, int64_t first, int64_t end)
{
    int64_t rows = x->header.totals.rows;
    if (first < 0 || end > rows || first >= end) return;
    int64_t text = x->records[first].text_start, text_end = x->header.text_bytes;
    if (end < rows) text_end = x->records[end].text_start;
    file_map_release(&x->record_map, (size_t)first * sizeof(row_record), (size_t)end * sizeof(row_record));
    if (text >= 0 && text < text_end) file_map_release(&x->text_map, (size_t)text, (size_t)text_end);
}

int corpus_index_find(const corpus_index *x, text_view id, int64_t *position)
{
    int rc = OK;
    corpus_row row;
    hash128 h = hash128_of(id.bytes, id.n);
    const id_entry key = {h.high, h.low, -1};
    int64_t low = 0, high = x->header.n_ids;
    *position = -1;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (id_entry_compare(&x->ids[middle], &key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == x->header.n_ids || x->ids[low].high != h.high || x->ids[low].low != h.low) goto done;
    int64_t found = x->ids[low].number;
    if (found < 0 || found >= x->header.totals.rows) FAIL(ERR_CORRUPT, "the table of ids is damaged");
    TRY(corpus_index_row(x, found, &row));
    text_view there = row.field[FIELD_ID];
    if (there.n == id.n && !memcmp(there.bytes, id.bytes, id.n)) *position = found;
done:
    return rc;
}
