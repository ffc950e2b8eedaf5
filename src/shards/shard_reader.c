#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "shards/shard_array.h"
#include "shards/shard_layout.h"

#include <string.h>

typedef struct text_arrays {
    shard_array offsets; /* of each example; of each text of the table where coded */
    shard_array codes;   /* coded texts alone */
    shard_array bytes;   /* of all texts, or of those of the table; not mapped when compressed */
} text_arrays;

typedef struct stream_arrays {
    int used;
    shard_array offsets, grid;
    shard_array ids; /* not mapped when compressed */
    h5_type id_type;
    shard_array vector_offsets; /* no values: no vectors are kept */
    int64_t n_vectors;
} stream_arrays;

struct shard_reader {
    h5_file *file;
    file_mapping map;
    int unchecked; /* no look at every offset, no texts */
    int64_t n;
    shard_array row, starts_group;
    text_arrays text[N_EXAMPLE_TEXTS];
    stream_arrays stream[N_STREAMS];
};

static int check_format(shard_reader *r, const char *path)
{
    int rc = OK;
    char *text = NULL;
    int64_t version;
    if (h5_get_text(r->file, "/", "format", &text) != OK || strcmp(text, shard_format_name))
        FAIL(ERR_CORRUPT, "%s is not a shard", path);
    TRY(h5_get_int(r->file, "/", "format_version", &version));
    if (version != SHARD_FORMAT_VERSION)
        FAIL(ERR_CORRUPT, "%s has format version %lld, known is %d", path, (long long)version, SHARD_FORMAT_VERSION);
    TRY(h5_get_int(r->file, "/", "n_examples", &r->n));
    if (r->n < 0 || r->n > INT64_MAX / 16) FAIL(ERR_CORRUPT, "%s: the number of examples is wrong", path);
done:
    mem_free(&text);
    return rc;
}

static int open_offsets(shard_reader *r, const char *path, int64_t n, int64_t total, shard_array *out)
{
    int rc = OK;
    int64_t bad;
    TRY(shard_array_open(out, r->file, &r->map, path, H5_I64, 0, n));
    if (!r->unchecked) TRY(shard_array_check_offsets(out, path, total, &bad));
done:
    return rc;
}

static int open_text(shard_reader *r, example_text t)
{
    int rc = OK, coded = shard_text_layout(t) == TEXT_CODED;
    text_arrays *a = &r->text[t];
    char path[SHARD_PATH];
    shard_text_path(t, coded ? "_table" : "", path);
    TRY(shard_array_map(&a->bytes, r->file, &r->map, path, H5_U8, 0, -1));
    shard_text_path(t, coded ? "_table_offsets" : "_offsets", path);
    TRY(open_offsets(r, path, coded ? -1 : r->n + 1, a->bytes.n, &a->offsets));
    if (!coded) goto done;
    shard_text_path(t, "", path);
    TRY(shard_array_open(&a->codes, r->file, &r->map, path, H5_U32, 0, r->n));
    for (int64_t i = 0; i < r->n; i++)
        if (((const uint32_t *)a->codes.values)[i] >= a->offsets.n - 1)
            FAIL(ERR_CORRUPT, "%s: the code of example %lld is not in the table", path, (long long)i);
done:
    return rc;
}

static int open_stream(shard_reader *r, stream_kind s)
{
    int rc = OK;
    stream_arrays *a = &r->stream[s];
    char path[SHARD_PATH];
    shard_stream_path(s, "ids", path);
    if (!h5_has(r->file, path)) goto done;
    a->used = 1;
    TRY(h5_shape(r->file, path, &a->id_type, NULL, NULL));
    if (a->id_type != H5_U16 && a->id_type != H5_U32) FAIL(ERR_CORRUPT, "%s is of another type", path);
    TRY(shard_array_map(&a->ids, r->file, &r->map, path, a->id_type, 0, -1));
    shard_stream_path(s, "offsets", path);
    TRY(open_offsets(r, path, r->n + 1, a->ids.n, &a->offsets));
    shard_stream_path(s, "vectors", path);
    if (h5_has(r->file, path)) {
        int64_t dims[3];
        TRY(h5_shape(r->file, path, NULL, NULL, dims));
        a->n_vectors = dims[0];
        shard_stream_path(s, "vector_offsets", path);
        TRY(open_offsets(r, path, r->n + 1, a->n_vectors, &a->vector_offsets));
    }
    if (!shard_stream_has_grid(s)) goto done;
    shard_stream_path(s, "grid", path);
    TRY(shard_array_open(&a->grid, r->file, &r->map, path, H5_I32, 2, r->n));
done:
    return rc;
}

static int open_reader(shard_reader **out, const char *path, int unchecked)
{
    int rc = OK;
    shard_reader *r = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(r, 1));
    r->unchecked = unchecked;
    TRY(h5_open(&r->file, path));
    TRY(file_map(path, &r->map));
    TRY(check_format(r, path));
    TRY(shard_array_open(&r->row, r->file, &r->map, "/examples/row", H5_I64, 0, r->n));
    TRY(shard_array_open(&r->starts_group, r->file, &r->map, "/examples/starts_group", H5_U8, 0, r->n));
    for (int t = 0; t < N_EXAMPLE_TEXTS && !unchecked; t++)
        if (shard_text_layout((example_text)t) != TEXT_ABSENT) TRY(open_text(r, (example_text)t));
    for (int s = 0; s < N_STREAMS; s++) TRY(open_stream(r, (stream_kind)s));
    *out = r;
    r = NULL;
done:
    if (rc == ERR_MISSING && r && r->file) rc = ERR_CORRUPT; /* not the file but a part of it */
    shard_reader_close(&r);
    return rc;
}

int shard_reader_open(shard_reader **out, const char *path) { return open_reader(out, path, 0); }

int shard_reader_open_unchecked(shard_reader **out, const char *path) { return open_reader(out, path, 1); }

void shard_reader_close(shard_reader **pr)
{
    shard_reader *r = *pr;
    if (!r) return;
    shard_array_close(&r->row);
    shard_array_close(&r->starts_group);
    for (int t = 0; t < N_EXAMPLE_TEXTS; t++) {
        shard_array_close(&r->text[t].offsets);
        shard_array_close(&r->text[t].codes);
    }
    for (int s = 0; s < N_STREAMS; s++) {
        shard_array_close(&r->stream[s].offsets);
        shard_array_close(&r->stream[s].vector_offsets);
        shard_array_close(&r->stream[s].grid);
    }
    file_unmap(&r->map);
    h5_close(&r->file);
    mem_free(pr);
}

h5_file *shard_reader_file(shard_reader *r) { return r->file; }

int64_t shard_reader_examples(const shard_reader *r) { return r->n; }

int shard_reader_has(const shard_reader *r, stream_kind s) { return r->stream[s].used; }

int64_t shard_reader_ids(const shard_reader *r, stream_kind s) { return r->stream[s].ids.n; }

int64_t shard_reader_offset(const shard_reader *r, stream_kind s, int64_t i)
{
    return r->stream[s].used ? ((const int64_t *)r->stream[s].offsets.values)[i] : 0;
}

int shard_reader_has_vectors(const shard_reader *r, stream_kind s)
{
    return r->stream[s].vector_offsets.values != NULL;
}

int64_t shard_reader_vectors(const shard_reader *r, stream_kind s) { return r->stream[s].n_vectors; }

int64_t shard_reader_vector_offset(const shard_reader *r, stream_kind s, int64_t i)
{
    const int64_t *offsets = r->stream[s].vector_offsets.values;
    return offsets ? offsets[i] : 0;
}

/* The last one whose own begin at or before it. */
int64_t shard_reader_holder(const shard_reader *r, stream_kind s, int64_t id, int vectors)
{
    int64_t low = 0, high = r->n;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if ((vectors ? shard_reader_vector_offset(r, s, middle) : shard_reader_offset(r, s, middle)) <= id)
            low = middle;
        else
            high = middle;
    }
    return low;
}

int shard_reader_starts_group(const shard_reader *r, int64_t i) { return ((const uint8_t *)r->starts_group.values)[i]; }

int64_t shard_reader_row(const shard_reader *r, int64_t i) { return ((const int64_t *)r->row.values)[i]; }

int shard_reader_read_ids(shard_reader *r, stream_kind s, int64_t first, int64_t n, uint32_t *out)
{
    int rc = OK;
    const stream_arrays *a = &r->stream[s];
    char path[SHARD_PATH];
    if (first < 0 || n < 0 || first > a->ids.n || n > a->ids.n - first)
        FAIL(ERR_CORRUPT, "there are no ids %lld + %lld of %s", (long long)first, (long long)n, stream_name(s));
    if (a->ids.values && a->id_type == H5_U32) {
        memcpy(out, (const uint32_t *)a->ids.values + first, (size_t)n * sizeof *out);
    } else if (a->ids.values) {
        const uint16_t *from = (const uint16_t *)a->ids.values + first;
        for (int64_t i = 0; i < n; i++) out[i] = from[i];
    } else if (n) {
        shard_stream_path(s, "ids", path);
        TRY(h5_read(r->file, path, H5_U32, first, n, out));
    }
done:
    return rc;
}

int shard_reader_grid(const shard_reader *r, int64_t i, int32_t *rows, int32_t *columns)
{
    const int32_t *grid = r->stream[STREAM_IMAGE].grid.values;
    *rows = grid ? grid[2 * i] : 0;
    *columns = grid ? grid[2 * i + 1] : 0;
    return OK;
}

/* Where the bytes of a text lie in its flat dataset. */
static void find_text(const shard_reader *r, example_text t, int64_t i, int64_t *first, int64_t *n)
{
    const text_arrays *a = &r->text[t];
    const int64_t *offsets = a->offsets.values;
    int64_t at = a->codes.values ? ((const uint32_t *)a->codes.values)[i] : i;
    *first = offsets[at];
    *n = offsets[at + 1] - offsets[at];
}

int shard_reader_text(shard_reader *r, example_text t, int64_t i, char **text)
{
    int rc = OK;
    char path[SHARD_PATH];
    int64_t first, n;
    *text = NULL;
    if (shard_text_layout(t) == TEXT_ABSENT) FAIL(ERR_INTERNAL, "%s is not kept in shards", shard_text_name(t));
    if (r->unchecked) FAIL(ERR_INTERNAL, "the reader was opened without texts");
    if (i < 0 || i >= r->n) FAIL(ERR_INTERNAL, "there is no example %lld", (long long)i);
    find_text(r, t, i, &first, &n);
    shard_text_path(t, shard_text_layout(t) == TEXT_CODED ? "_table" : "", path);
    TRY(mem_alloc((void **)text, (size_t)n + 1, 1));
    if (r->text[t].bytes.values)
        memcpy(*text, (const char *)r->text[t].bytes.values + first, (size_t)n);
    else
        TRY(h5_read(r->file, path, H5_U8, first, n, *text));
done:
    if (rc != OK) mem_free(text);
    return rc;
}

int shard_reader_find(shard_reader *r, const char *id, int64_t *found)
{
    int rc = OK;
    char *text = NULL;
    int64_t first, n;
    *found = -1;
    if (r->unchecked) FAIL(ERR_INTERNAL, "the reader was opened without texts");
    for (int64_t i = 0; i < r->n && *found < 0; i++) {
        find_text(r, EXAMPLE_ID, i, &first, &n);
        if ((size_t)n != strlen(id)) continue;
        mem_free(&text);
        TRY(shard_reader_text(r, EXAMPLE_ID, i, &text));
        if (!memcmp(text, id, (size_t)n)) *found = i;
    }
done:
    mem_free(&text);
    return rc;
}
