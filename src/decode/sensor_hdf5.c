/* Sensor arrays in HDF5 files, which are read from memory: the library sees nothing but the bytes. */
#include "base/memory.h"
#include "base/status.h"
#include "decode/sensor_format.h"
#include "store/h5.h"

#include <stdio.h>
#include <string.h>

enum { PIECE_BYTES = 1 << 20 };

typedef struct hdf5_state {
    uint8_t *bytes; /* of a file that was not in memory */
    h5_file *file;
    char *dataset;
    h5_entry entry;
    int64_t channels, next, piece; /* samples that are read at a time: whole chunks */
    uint8_t *values;               /* (piece, channels) as the file has them */
} hdf5_state;

/* What our own folder calls corrupt, of files of our own, is here the fault of a row. */
static int blame_row(int code)
{
    int item = code == ERR_CORRUPT ? ERR_FORMAT : code == ERR_MISSING ? ERR_INVALID : code;
    return item == code ? code : status_set(item, status_file(), status_line(), "%s", status_message());
}

static int read_whole(hdf5_state *s, const byte_source *source, const uint8_t **bytes)
{
    int rc = OK;
    size_t got;
    *bytes = source->bytes;
    if (source->size > SENSOR_HDF5_LIMIT)
        FAIL(ERR_LIMIT, "an HDF5 file of %lld bytes; at most %d are read", (long long)source->size, SENSOR_HDF5_LIMIT);
    if (source->bytes) goto done;
    TRY(mem_reserve((void **)&s->bytes, (size_t)source->size, 1));
    TRY(source_read(source, 0, s->bytes, (size_t)source->size, &got));
    if (got != (size_t)source->size) FAIL(ERR_CHANGED, "the file shrank while it was read");
    *bytes = s->bytes;
done:
    return rc;
}

static int is_array(const h5_entry *e) { return (e->n_dims == 1 || e->n_dims == 2) && e->is_number; }

static int choose_dataset(hdf5_state *s)
{
    int rc = OK, used = 0;
    h5_entry *entries = NULL;
    size_t n = 0, arrays = 0;
    char names[200] = "";
    TRY(blame_row(h5_list(s->file, &entries, &n)));
    for (size_t i = 0; i < n; i++) {
        if (!is_array(&entries[i])) continue;
        if (!arrays++) TRY(mem_string(&s->dataset, entries[i].path));
        if (used < (int)sizeof names)
            used += snprintf(names + used, sizeof names - (size_t)used, "%s%s", used ? ", " : "", entries[i].path);
    }
    if (!arrays) FAIL(ERR_INVALID, "no dataset with numbers, of samples and channels, is in the file");
    if (arrays > 1) FAIL(ERR_INVALID, "the file has several datasets, sensor.dataset names none: %s", names);
done:
    h5_list_free(&entries, n);
    return rc;
}

/* All chunks that hold a sample are decoded together. */
static int choose_piece(hdf5_state *s)
{
    int rc = OK;
    const h5_entry *e = &s->entry;
    size_t sample = (size_t)s->channels * h5_type_size(e->type), bytes;
    s->piece = (int64_t)(PIECE_BYTES / sample) > 0 ? (int64_t)(PIECE_BYTES / sample) : 1;
    if (e->chunk_rows > 0) s->piece = e->chunk_rows < e->dims[0] ? e->chunk_rows : e->dims[0];
    if (size_mul((size_t)s->piece, sample, &bytes) != OK || bytes > SENSOR_CHUNK_LIMIT)
        FAIL(ERR_LIMIT, "the file: chunks of %s that lie side by side have more than %d bytes", e->path,
             SENSOR_CHUNK_LIMIT);
    TRY(mem_reserve((void **)&s->values, bytes, 1));
done:
    return rc;
}

static int open_hdf5(void **state, const byte_source *source, const sensor_read_options *o, sensor_info *info)
{
    int rc = OK;
    hdf5_state *s = NULL;
    const uint8_t *bytes;
    TRY(MEM_ALLOC(s, 1));
    *state = s;
    TRY(read_whole(s, source, &bytes));
    TRY(blame_row(h5_open_bytes(&s->file, bytes, (size_t)source->size)));
    if (*o->dataset)
        TRY(mem_format(&s->dataset, "%s%s", *o->dataset == '/' ? "" : "/", o->dataset));
    else
        TRY(choose_dataset(s));
    TRY(blame_row(h5_check_foreign(s->file, s->dataset, SENSOR_CHUNK_LIMIT)));
    TRY(blame_row(h5_describe(s->file, s->dataset, &s->entry)));
    const h5_entry *e = &s->entry;
    if (e->n_dims < 0) FAIL(ERR_UNSUPPORTED, "%s has not one or two dimensions", s->dataset);
    if (!e->is_number) FAIL(ERR_UNSUPPORTED, "%s holds %s", s->dataset, e->type_name);
    TRY(sensor_check_shape(e->n_dims, e->dims, o->channels));
    s->channels = o->channels;
    TRY(choose_piece(s));
    info->n_samples = e->dims[0];
done:
    return rc;
}

static int skip_hdf5(void *state, int64_t n)
{
    ((hdf5_state *)state)->next += n;
    return OK;
}

static int read_hdf5(void *state, float *values, int64_t capacity, int64_t *n)
{
    static const char *const types[] = {
        [H5_U8] = "|u1",  [H5_U16] = "<u2", [H5_U32] = "<u4", [H5_U64] = "<u8", [H5_I8] = "|i1", [H5_I16] = "<i2",
        [H5_I32] = "<i4", [H5_I64] = "<i8", [H5_F16] = "<f2", [H5_F32] = "<f4", [H5_F64] = "<f8"};
    int rc = OK;
    hdf5_state *s = state;
    for (*n = 0; *n < capacity;) {
        int64_t count = s->piece - s->next % s->piece;
        if (count > capacity - *n) count = capacity - *n;
        TRY(blame_row(h5_read_foreign(s->file, &s->entry, s->next, count, s->values)));
        sensor_to_floats(types[s->entry.type], s->values, (size_t)(count * s->channels), values + *n * s->channels);
        s->next += count;
        *n += count;
    }
done:
    return rc;
}

static void close_hdf5(void **state)
{
    hdf5_state *s = *state;
    h5_close(&s->file);
    h5_entry_free(&s->entry);
    mem_free(&s->dataset);
    mem_free(&s->values);
    mem_free(&s->bytes);
    mem_free(state);
}

const sensor_kind sensor_kind_hdf5 = {open_hdf5, skip_hdf5, read_hdf5, close_hdf5};
