#include "sequence/record_table.h"

#include "base/memory.h"
#include "base/status.h"

#include <string.h>

enum { BUFFER = 1 << 15 };

int record_writer_open(record_writer *w, h5_file *f, const record_layout *layout, int64_t n)
{
    int rc = OK;
    *w = (record_writer){.file = f, .layout = layout};
    TRY(mem_alloc((void **)&w->records, BUFFER, layout->record_size));
    TRY(mem_alloc(&w->column, BUFFER, sizeof(int64_t)));
    for (size_t i = 0; i < layout->n_columns; i++)
        TRY(h5_dataset(f, layout->columns[i].path, layout->columns[i].type, 1, &n, 0));
done:
    return rc;
}

void record_writer_free(record_writer *w)
{
    mem_free(&w->records);
    mem_free(&w->column);
}

int64_t record_writer_count(const record_writer *w) { return w->n_written + (int64_t)w->n_waiting; }

int record_writer_flush(record_writer *w)
{
    int rc = OK;
    for (size_t i = 0; i < w->layout->n_columns && w->n_waiting; i++) {
        const record_column *c = &w->layout->columns[i];
        size_t size = h5_type_size(c->type);
        for (size_t k = 0; k < w->n_waiting; k++)
            memcpy((uint8_t *)w->column + k * size, w->records + k * w->layout->record_size + c->offset, size);
        TRY(h5_write(w->file, c->path, w->n_written, (int64_t)w->n_waiting, w->column));
    }
    w->n_written += (int64_t)w->n_waiting;
    w->n_waiting = 0;
done:
    return rc;
}

int record_writer_add(record_writer *w, const void *record)
{
    size_t size = w->layout->record_size;
    memcpy(w->records + w->n_waiting++ * size, record, size);
    return w->n_waiting == BUFFER ? record_writer_flush(w) : OK;
}

int record_table_count(h5_file *f, const record_layout *layout, int64_t *n)
{
    int rc = OK, n_dims;
    int64_t dims[3];
    h5_type type;
    for (size_t i = 0; i < layout->n_columns; i++) {
        const record_column *c = &layout->columns[i];
        if (h5_shape(f, c->path, &type, &n_dims, dims) != OK) FAIL(ERR_CORRUPT, "%s is missing", c->path);
        if (n_dims != 1 || type != c->type || (i && dims[0] != *n))
            FAIL(ERR_CORRUPT, "%s has a wrong type or size", c->path);
        *n = dims[0];
    }
done:
    return rc;
}

int record_table_read(h5_file *f, const record_layout *layout, int64_t first, int64_t n, void *records)
{
    int rc = OK;
    void *column = NULL;
    if (!n) return OK;
    TRY(mem_alloc(&column, (size_t)(n < BUFFER ? n : BUFFER), sizeof(int64_t)));
    for (size_t i = 0; i < layout->n_columns; i++) {
        const record_column *c = &layout->columns[i];
        size_t size = h5_type_size(c->type);
        for (int64_t at = 0; at < n; at += BUFFER) {
            int64_t k = n - at < BUFFER ? n - at : BUFFER;
            uint8_t *to = (uint8_t *)records + (size_t)at * layout->record_size + c->offset;
            TRY(h5_read(f, c->path, c->type, first + at, k, column));
            for (int64_t j = 0; j < k; j++)
                memcpy(to + (size_t)j * layout->record_size, (uint8_t *)column + (size_t)j * size, size);
        }
    }
done:
    mem_free(&column);
    return rc;
}
