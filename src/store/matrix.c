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

int64_t matrix_pieces(const matrix_part *p) { return (p->n + p->piece_rows - 1) / p->piece_rows; }

void matrix_part_free(matrix_part *p)
{
    for (int64_t k = 0; p->pieces && k < matrix_pieces(p); k++) mem_free(&p->pieces[k]);
    mem_free(&p->pieces);
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

void matrix_keep_pieces(matrix *m, size_t bytes) { m->keep_limit = bytes; }

/* Piece k of a dataset from its file. One file is open at a time. */
static int load_piece(matrix *m, const matrix_part *p, int64_t k, int64_t n, void *rows)
{
    int rc = OK;
    if (m->file_part != p) {
        h5_close(&m->file);
        m->file_part = NULL;
        TRY(h5_open(&m->file, p->path));
        m->file_part = p;
    }
    TRY(h5_read(m->file, p->dataset, m->type == MATRIX_F16 ? H5_F16 : H5_F32, k * p->piece_rows, n, rows));
done:
    return rc;
}

/* Whether piece k, of so many bytes, has a place of its own among those that are kept; makes it. */
static int make_place(matrix *m, matrix_part *p, int64_t k, size_t bytes)
{
    if (bytes > m->keep_limit || m->kept_bytes > m->keep_limit - bytes) return 0;
    if (!p->pieces && MEM_ALLOC(p->pieces, (size_t)matrix_pieces(p)) != OK) return 0;
    if (MEM_RESERVE(p->pieces[k], bytes) != OK) return 0;
    m->kept_bytes += bytes;
    return 1;
}

/* *rows: piece k, of n rows. Pieces begin at multiples of their length, so chunks are decompressed once. */
static int read_piece(matrix *m, matrix_part *p, int64_t k, int64_t n, const uint8_t **rows)
{
    int rc = OK;
    size_t bytes = (size_t)n * m->row_bytes;
    if (p->pieces && p->pieces[k]) {
        *rows = p->pieces[k];
    } else if (m->piece_part == p && m->piece_number == k) {
        *rows = m->piece;
    } else if (make_place(m, p, k, bytes)) {
        rc = load_piece(m, p, k, n, p->pieces[k]);
        if (rc != OK) { /* its place is as before */
            mem_free(&p->pieces[k]);
            m->kept_bytes -= bytes;
        }
        *rows = p->pieces[k];
    } else {
        m->piece_part = NULL;
        TRY(MEM_GROW(m->piece, &m->piece_capacity, bytes));
        TRY(load_piece(m, p, k, n, m->piece));
        m->piece_part = p;
        m->piece_number = k;
        *rows = m->piece;
    }
done:
    return rc;
}

/* Rows from i on that lie in memory one after the other: at most n of them, at least one. */
static int span(matrix *m, int64_t i, int64_t n, const uint8_t **rows, int64_t *got)
{
    int rc = OK;
    m->hint = find(m, i);
    matrix_part *p = &m->parts[m->hint];
    int64_t row = i - p->first, end = p->n;
    *rows = NULL;
    if (p->values) {
        *rows = p->values + (size_t)row * m->row_bytes;
    } else {
        int64_t k = row / p->piece_rows, first = k * p->piece_rows;
        if (end > first + p->piece_rows) end = first + p->piece_rows;
        TRY(read_piece(m, p, k, end - first, rows));
        *rows += (size_t)(row - first) * m->row_bytes;
    }
    *got = end - row < n ? end - row : n;
done:
    return rc;
}

/* Before rows i .. end-1 are read: those read before them, when they were read in order, a piece at a time. */
static void forget_read(matrix *m, int64_t i, int64_t end)
{
    if (i != m->next) m->forgotten = i;
    m->next = end;
    while (m->forgotten < i) {
        const matrix_part *p = &m->parts[find(m, m->forgotten)];
        int64_t to = p->first + p->n < i ? p->first + p->n : i;
        if (to == i && (size_t)(to - m->forgotten) * m->row_bytes < MATRIX_FORGET_BYTES) break;
        if (p->values) {
            size_t start = (size_t)(p->values - p->map.bytes) + (size_t)(m->forgotten - p->first) * m->row_bytes;
            file_map_release(&p->map, start, start + (size_t)(to - m->forgotten) * m->row_bytes);
        }
        m->forgotten = to;
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
