#include "codebook/kmeans_rows.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "codebook/filter_parts.h"
#include "codebook/unit_length.h"
#include "tensor/half.h"

#include <string.h>

int kmeans_rows_create(kmeans_rows *r, const kmeans_data *data, uint64_t seed, double held_out, kmeans_metric metric)
{
    int rc = OK;
    size_t size;
    *r = (kmeans_rows){.data = data, .seed = seed, .held_out = held_out, .metric = metric};
    TRY(size_mul(KMEANS_BLOCK, (size_t)data->d, &size));
    TRY(mem_alloc(&r->buffer, KMEANS_BLOCK, kmeans_row_bytes(data)));
    for (int room = 0; room < 2; room++) TRY(mem_alloc(&r->pair[room], 1, kmeans_row_bytes(data)));
    TRY(MEM_ALLOC(r->x, size));
    TRY(MEM_ALLOC(r->numbers, KMEANS_BLOCK));
    kmeans_rows_rewind(r);
done:
    if (rc != OK) kmeans_rows_free(r);
    return rc;
}

void kmeans_rows_free(kmeans_rows *r)
{
    mem_free(&r->buffer);
    for (int room = 0; room < 2; room++) mem_free(&r->pair[room]);
    mem_free(&r->x);
    mem_free(&r->numbers);
}

void kmeans_rows_rewind(kmeans_rows *r)
{
    r->next = r->data->first;
    r->n_train = r->n_held_out = 0;
}

int kmeans_is_held_out(const kmeans_rows *r, int64_t number)
{
    return r->held_out > 0 && rng_uniform(r->seed, KMEANS_KEY(KMEANS_HELD_OUT, 0), (uint64_t)number) < r->held_out;
}

FILTER_VARIANTS uint32_t kmeans_magnitude(const float *x, int64_t n)
{
    uint32_t most = 0;
    for (int64_t w = 0; w < n; w++) {
        uint32_t bits;
        memcpy(&bits, x + w, sizeof bits);
        bits &= 0x7fffffff;
        most = bits > most ? bits : most;
    }
    return most;
}

FILTER_VARIANTS static unsigned half_magnitude(const uint16_t *x, int64_t n)
{
    uint16_t most = 0;
    for (int64_t w = 0; w < n; w++) {
        uint16_t bits = x[w] & 0x7fff;
        most = bits > most ? bits : most;
    }
    return most;
}

static int is_finite(const void *row, int64_t d, kmeans_type type)
{
    return type == KMEANS_HALF ? half_magnitude(row, d) < 0x7c00 : kmeans_magnitude(row, d) < 0x7f800000;
}

static const void *row_at(const void *rows, int64_t i, const kmeans_data *data)
{
    return (const char *)rows + (size_t)i * kmeans_row_bytes(data);
}

static int read_checked(kmeans_rows *r, int64_t first, int64_t n, const void **rows)
{
    int rc = OK;
    TRY(r->data->read(r->data->user, first, n, r->buffer, rows));
    for (int64_t i = 0; i < n; i++)
        if (!is_finite(row_at(*rows, i, r->data), r->data->d, r->data->type))
            FAIL(ERR_INVALID, "training vector %lld has a value that is not finite", (long long)(first + i));
done:
    return rc;
}

static void to_floats(const kmeans_rows *r, const void *row, float *x)
{
    int64_t d = r->data->d;
    if (r->data->type == KMEANS_HALF)
        half_to_floats(row, (size_t)d, x);
    else
        memcpy(x, row, (size_t)d * sizeof *x);
    if (r->metric == KMEANS_COSINE) unit_length(x, d, x);
}

int kmeans_rows_next(kmeans_rows *r)
{
    int rc = OK;
    const void *rows;
    int64_t d = r->data->d, left = r->data->first + r->data->n_local - r->next,
            n = left < KMEANS_BLOCK ? left : KMEANS_BLOCK;
    r->n_train = r->n_held_out = 0;
    if (n <= 0) return OK;
    TRY(read_checked(r, r->next, n, &rows));
    for (int part = 0; part < 2; part++)
        for (int64_t i = 0; i < n; i++) {
            if (kmeans_is_held_out(r, r->next + i) != part) continue;
            int64_t at = r->n_train + r->n_held_out;
            to_floats(r, row_at(rows, i, r->data), r->x + at * d);
            r->numbers[at] = r->next + i;
            *(part ? &r->n_held_out : &r->n_train) += 1;
        }
    r->next += n;
done:
    return rc;
}

int kmeans_rows_raw(kmeans_rows *r, int64_t number, int room, const void **row)
{
    return r->data->read(r->data->user, number, 1, r->pair[room], row);
}

int kmeans_rows_one(kmeans_rows *r, int64_t number, float *x)
{
    int rc = OK;
    const void *rows;
    TRY(read_checked(r, number, 1, &rows));
    to_floats(r, rows, x);
done:
    return rc;
}
