/* Sensor arrays in HDF5 files, which are read from memory: the library sees nothing but the bytes. */
#include "base/memory.h"
#include "base/status.h"
#include "decode/sensor_format.h"
#include "store/h5.h"

#include <stdio.h>
#include <string.h>

typedef struct hdf5_state {
    uint8_t *bytes; /* of a file that was not in memory */
    h5_file *file;
    char *dataset;
    int64_t next;
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

static int open_hdf5(void **state, const byte_source *source, const sensor_read_options *o, sensor_info *info)
{
    int rc = OK;
    hdf5_state *s = NULL;
    h5_entry e = {0};
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
    TRY(blame_row(h5_describe(s->file, s->dataset, &e)));
    if (e.n_dims < 0) FAIL(ERR_UNSUPPORTED, "%s has not one or two dimensions", s->dataset);
    if (!e.is_number) FAIL(ERR_UNSUPPORTED, "%s holds %s", s->dataset, e.type_name);
    TRY(sensor_check_shape(e.n_dims, e.dims, o->channels));
    info->n_samples = e.dims[0];
done:
    h5_entry_free(&e);
    return rc;
}

static int skip_hdf5(void *state, int64_t n)
{
    ((hdf5_state *)state)->next += n;
    return OK;
}

static int read_hdf5(void *state, float *values, int64_t capacity, int64_t *n)
{
    int rc = OK;
    hdf5_state *s = state;
    TRY(blame_row(h5_read(s->file, s->dataset, H5_F32, s->next, capacity, values)));
    s->next += capacity;
    *n = capacity;
done:
    return rc;
}

static void close_hdf5(void **state)
{
    hdf5_state *s = *state;
    h5_close(&s->file);
    mem_free(&s->dataset);
    mem_free(&s->bytes);
    mem_free(state);
}

const sensor_kind sensor_kind_hdf5 = {open_hdf5, skip_hdf5, read_hdf5, close_hdf5};
