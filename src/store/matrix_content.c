/* What is in a matrix: its identity, and values that are not finite. */
#include "store/matrix.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/status.h"
#include "store/matrix_parts.h"

#include <string.h>

enum { BLOCK_ROWS = 512 };

static uint64_t hash_names(const matrix *m)
{
    const int64_t shape[] = {m->type, m->n, m->d};
    uint64_t hash = hash64(shape, sizeof shape, 0);
    for (size_t i = 0; i < m->n_parts; i++) {
        const matrix_part *p = &m->parts[i];
        const int64_t sizes[] = {p->n, p->bytes};
        hash = hash64(p->name, strlen(p->name) + 1, hash);
        if (p->dataset) hash = hash64(p->dataset, strlen(p->dataset) + 1, hash);
        hash = hash64(sizes, sizeof sizes, hash);
    }
    return hash;
}

int matrix_identity(matrix *m, int64_t samples, uint64_t *hash)
{
    int rc = OK;
    uint8_t *buffer = NULL;
    const void *row;
    *hash = hash_names(m);
    if (samples > m->n) samples = m->n;
    TRY(MEM_ALLOC(buffer, m->row_bytes));
    for (int64_t s = 0; s < samples; s++) {
        TRY(matrix_read(m, samples > 1 ? (int64_t)((__int128)(m->n - 1) * s / (samples - 1)) : 0, 1, buffer, &row));
        *hash = hash64(row, m->row_bytes, *hash);
    }
done:
    mem_free(&buffer);
    return rc;
}

int matrix_is_finite(matrix_type type, const void *values, size_t n)
{
    unsigned special = 0;
    const uint16_t *half = values;
    const uint32_t *bits = values;
    if (type == MATRIX_F16)
        for (size_t i = 0; i < n; i++) special |= (half[i] & 0x7c00) == 0x7c00;
    else
        for (size_t i = 0; i < n; i++) special |= (bits[i] & 0x7f800000) == 0x7f800000;
    return !special;
}

int matrix_find_not_finite(matrix *m, int64_t i, int64_t end, int64_t *row)
{
    int rc = OK;
    uint8_t *buffer = NULL;
    const void *rows;
    *row = -1;
    TRY(mem_alloc((void **)&buffer, BLOCK_ROWS, m->row_bytes));
    for (; i < end && *row < 0; i += BLOCK_ROWS) {
        int64_t n = end - i < BLOCK_ROWS ? end - i : BLOCK_ROWS;
        TRY(matrix_read(m, i, n, buffer, &rows));
        for (int64_t r = 0; r < n && *row < 0; r++)
            if (!matrix_is_finite(m->type, (const uint8_t *)rows + (size_t)r * m->row_bytes, (size_t)m->d))
                *row = i + r;
    }
done:
    mem_free(&buffer);
    return rc;
}
