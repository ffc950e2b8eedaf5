/* Sensor arrays in .npy files. */
#include "base/memory.h"
#include "base/status.h"
#include "decode/sensor_format.h"
#include "store/npy.h"

#include <string.h>

enum { BLOCK = 1 << 16 }; /* bytes that are converted at a time: whole values of any type */

typedef struct npy_state {
    const byte_source *source;
    char type[8];
    size_t value_bytes;
    int64_t channels, at; /* byte of the next value */
    uint8_t *block;
} npy_state;

/* The bytes before the values. Caller: mem_free. */
static int read_start(const byte_source *source, uint8_t **start, size_t *n)
{
    int rc = OK;
    uint8_t head[NPY_HEAD] = {0};
    size_t got;
    TRY(source_read(source, 0, head, sizeof head, &got));
    *n = npy_start_bytes(head);
    if ((size_t)source->size < *n) *n = (size_t)source->size;
    TRY(mem_alloc((void **)start, *n, 1));
    TRY(source_read(source, 0, *start, *n, &got));
    if (got != *n) FAIL(ERR_CHANGED, "the file shrank while it was read");
done:
    return rc;
}

static int open_npy(void **state, const byte_source *source, const sensor_read_options *o, sensor_info *info)
{
    int rc = OK;
    npy_array a;
    uint8_t *start = NULL;
    size_t n, at;
    npy_state *s = NULL;
    TRY(MEM_ALLOC(s, 1));
    *state = s;
    TRY(read_start(source, &start, &n));
    TRY(npy_parse_start(start, n, (uint64_t)source->size, &a, &at));
    TRY(sensor_check_shape(a.n_dims, a.dims, o->channels));
    TRY(mem_alloc((void **)&s->block, BLOCK, 1));
    s->source = source;
    memcpy(s->type, a.type, sizeof s->type);
    s->value_bytes = npy_type_size(a.type);
    s->channels = o->channels;
    s->at = (int64_t)at;
    info->n_samples = a.dims[0];
done:
    mem_free(&start);
    return rc;
}

static int skip_npy(void *state, int64_t n)
{
    npy_state *s = state;
    s->at += n * s->channels * (int64_t)s->value_bytes;
    return OK;
}

static int read_npy(void *state, float *values, int64_t capacity, int64_t *n)
{
    int rc = OK;
    npy_state *s = state;
    size_t left = (size_t)(capacity * s->channels), got;
    while (left) {
        size_t count = left < BLOCK / s->value_bytes ? left : BLOCK / s->value_bytes;
        TRY(source_read(s->source, s->at, s->block, count * s->value_bytes, &got));
        if (got != count * s->value_bytes) FAIL(ERR_CHANGED, "the file shrank while it was read");
        sensor_to_floats(s->type, s->block, count, values);
        s->at += (int64_t)got;
        values += count;
        left -= count;
    }
    *n = capacity;
done:
    return rc;
}

static void close_npy(void **state)
{
    mem_free(&((npy_state *)*state)->block);
    mem_free(state);
}

const sensor_kind sensor_kind_npy = {open_npy, skip_npy, read_npy, close_npy};
