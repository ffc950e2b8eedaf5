/* Codebooks of other programs: nothing but the centroids is known. */
#include "codebook/codebook.h"

#include "base/memory.h"
#include "base/status.h"
#include "store/matrix.h"
#include "tensor/half.h"

#include <string.h>

enum { BLOCK_ROWS = 64 };

static int read_centroids(matrix *m, codebook *c)
{
    int rc = OK;
    void *buffer = NULL;
    const void *rows;
    int64_t bad;
    TRY(mem_alloc(&buffer, BLOCK_ROWS, matrix_row_bytes(m)));
    for (int64_t i = 0; i < c->k; i += BLOCK_ROWS) {
        int64_t n = c->k - i < BLOCK_ROWS ? c->k - i : BLOCK_ROWS;
        float *to = c->centroids + i * c->d;
        TRY(matrix_read(m, i, n, buffer, &rows));
        if (matrix_value_type(m) == MATRIX_F16)
            half_to_floats(rows, (size_t)(n * c->d), to);
        else
            memcpy(to, rows, (size_t)(n * c->d) * sizeof *to);
    }
    TRY(matrix_find_not_finite(m, 0, c->k, &bad));
    if (bad >= 0) {
        const char *name;
        int64_t row;
        matrix_where(m, bad, &name, &row);
        FAIL(ERR_CORRUPT, "%s: centroid %lld is not finite", name, (long long)row);
    }
done:
    mem_free(&buffer);
    return rc;
}

int codebook_load_matrix(const char *path, codebook *out)
{
    int rc = OK;
    matrix *m = NULL;
    size_t n;
    *out = (codebook){.layer = -1};
    rc = matrix_open(&m, path);
    if (rc == ERR_FORMAT || rc == ERR_UNSUPPORTED || rc == ERR_LIMIT)
        rc = status_set(ERR_CORRUPT, status_file(), status_line(), "%s", status_message());
    TRY(rc);
    out->k = matrix_rows(m);
    out->d = matrix_width(m);
    if (out->k < 1 || out->d < 1 || out->k > UINT32_MAX)
        FAIL(ERR_CORRUPT, "%s: a codebook of %lld x %lld values", path, (long long)out->k, (long long)out->d);
    TRY(size_mul((size_t)out->k, (size_t)out->d, &n));
    TRY(MEM_RESERVE(out->centroids, n)); /* the sizes of a file without its values cost nothing yet */
    TRY(MEM_ALLOC(out->counts, (size_t)out->k));
    TRY(read_centroids(m, out));
    TRY(mem_string(&out->name, ""));
    TRY(mem_string(&out->feature, ""));
    TRY(mem_string(&out->encoder, ""));
    TRY(codebook_hash(out));
done:
    matrix_close(&m);
    if (rc != OK) codebook_free(out);
    return rc;
}
