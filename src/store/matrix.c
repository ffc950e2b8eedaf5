/* Reading: a row is found in its part, and where a part holds all rows of a call they are given in place. */
#include "store/matrix.h"

#include "base/memory.h"
#include "base/status.h"
#include "store/matrix_parts.h"

#include <string.h>

int64_t matrix_rows(const matrix *m) { return m->n; }
int64_t matrix_width(const matrix *m) { return m->d; }
matrix_type matrix_value_type(const matrix *m) { return m->type; }
size_t matrix_row_bytes(const matrix *m) { return m->row_bytes; }
void matrix_forget_read(matrix *m) { m->forget = 1; }

void matrix_part_free(matrix_part *p)
{
    file_unmap(&p->map);
    mem_free(&p->path);
    mem_free(&p->name);
    mem_free(&p->dataset);
    mem_free(&p->shown);
}

void matrix_close(matrix **pm)
{
    matrix *m = *pm;
    if (!m) return;
    for (size_t i = 0; i < m->n_parts; i++) matrix_part_free(&m->parts[i]);
    h5_close(&m->file);
    mem_free(&m->parts);
    mem_free(&m->piece);
    mem_free(pm);
}

static int holds(const matrix_part *p, int64_t i) { return p->first <= i && i < p->first + p->n; }

static size_t find(const matrix *m, int64_t i)
{
    size_t low = 0, high = m->n_parts;
    if (holds(&m->parts[m->hint], i)) return m->hint;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (m->parts[middle].first <= i)
            low = middle;
        else
            high = middle;
    }
    return low;
}

void matrix_where(const matrix *m, int64_t i, const char **name, int64_t *row)
{
    const matrix_part *p = &m->parts[find(m, i)];
    *name = p->shown;
    *row = i - p->first;
}

static int is_aligned(const matrix *m, const void *p)
{
    return (uintptr_t)p % (m->type == MATRIX_F16 ? sizeof(uint16_t) : sizeof(float)) == 0;
}

int matrix_in_place(const matrix *m, int64_t i, int64_t end)
{
    while (i < end) {
        const matrix_part *p = &m->parts[find(m, i)];
        if (!p->values || !is_aligned(m, p->values)) return 0;
        i = p->first + p->n;
    }
    return 1;
}

/* The piece of a dataset in which row i lies, unless it is there already. Pieces begin at multiples of their length, so
 * chunks are decompressed once. One file is open at a time. */
static int read_piece(matrix *m, const matrix_part *p, int64_t i)
{
    int rc = OK;
    if (m->piece_first <= i && i < m->piece_first + m->piece_n) return OK;
    int64_t at = (i - p->first) / p->piece_rows * p->piece_rows,
            n = p->n - at < p->piece_rows ? p->n - at : p->piece_rows;
    m->piece_n = 0;
    if (m->file_part != p) {
        h5_close(&m->file);
        m->file_part = NULL;
        TRY(h5_open(&m->file, p->path));
        m->file_part = p;
    }
    TRY(MEM_GROW(m->piece, &m->piece_capacity, (size_t)n * m->row_bytes));
    TRY(h5_read(m->file, p->dataset, m->type == MATRIX_F16 ? H5_F16 : H5_F32, at, n, m->piece));
    m->piece_first = p->first + at;
    m->piece_n = n;
done:
    return rc;
}

/* Rows from i on that lie in memory one after the other: at most n of them, at least one. */
static int span(matrix *m, int64_t i, int64_t n, const uint8_t **rows, int64_t *got)
{
    int rc = OK;
    m->hint = find(m, i);
    const matrix_part *p = &m->parts[m->hint];
    int64_t end = p->first + p->n;
    *rows = NULL;
    if (p->values) {
        *rows = p->values + (size_t)(i - p->first) * m->row_bytes;
    } else {
        TRY(read_piece(m, p, i));
        end = m->piece_first + m->piece_n;
        *rows = m->piece + (size_t)(i - m->piece_first) * m->row_bytes;
    }
    *got = end - i < n ? end - i : n;
done:
    return rc;
}

/* Before rows i .. end-1 are read: those read before them, when they were read in order, a piece at a time. */
static void forget_read(matrix *m, int64_t i, int64_t end)
{
    if (i != m->next) m->kept = i;
    m->next = end;
    while (m->kept < i) {
        const matrix_part *p = &m->parts[find(m, m->kept)];
        int64_t to = p->first + p->n < i ? p->first + p->n : i;
        if (to == i && (size_t)(to - m->kept) * m->row_bytes < MATRIX_PIECE_BYTES) break;
        if (p->values) {
            size_t start = (size_t)(p->values - p->map.bytes) + (size_t)(m->kept - p->first) * m->row_bytes;
            file_map_release(&p->map, start, start + (size_t)(to - m->kept) * m->row_bytes);
        }
        m->kept = to;
    }
}

int matrix_read(void *user, int64_t i, int64_t n, void *buffer, const void **rows)
{
    int rc = OK;
    matrix *m = user;
    const uint8_t *at;
    int64_t got;
    *rows = buffer;
    if (i < 0 || n < 0 || i > m->n || n > m->n - i)
        FAIL(ERR_INTERNAL, "rows %lld + %lld of a matrix of %lld", (long long)i, (long long)n, (long long)m->n);
    if (!n) goto done;
    if (m->forget) forget_read(m, i, i + n);
    for (int64_t done = 0; done < n; done += got) {
        TRY(span(m, i + done, n - done, &at, &got));
        if (got == n && is_aligned(m, at))
            *rows = at;
        else
            memcpy((uint8_t *)buffer + (size_t)done * m->row_bytes, at, (size_t)got * m->row_bytes);
    }
done:
    return rc;
}
