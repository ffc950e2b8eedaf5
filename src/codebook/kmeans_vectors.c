#include "codebook/kmeans_vectors.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/status.h"

#include <string.h>

/* Vectors that the probe looks at, and the share of repeats from which collapsing pays: it costs one reading. */
enum { PROBE = 4096 };
static const double least_share = 0.04;

void kmeans_vectors_free(kmeans_vectors *v)
{
    mem_free(&v->numbers);
    mem_free(&v->weights);
    mem_free(&v->held_out);
    *v = (kmeans_vectors){0};
}

int kmeans_vectors_note(kmeans_vectors *v)
{
    int rc = OK;
    const kmeans_rows *r = v->rows;
    TRY(MEM_GROW(v->numbers, &v->capacity, (size_t)(v->n + r->n_train)));
    TRY(MEM_GROW(v->held_out, &v->held_out_capacity, (size_t)(v->n_held_out + r->n_held_out)));
    if (r->n_train) memcpy(v->numbers + v->n, r->numbers, (size_t)r->n_train * sizeof *r->numbers);
    if (r->n_held_out)
        memcpy(v->held_out + v->n_held_out, r->numbers + r->n_train, (size_t)r->n_held_out * sizeof *r->numbers);
    v->n += r->n_train;
    v->n_held_out += r->n_held_out;
done:
    return rc;
}

int kmeans_vectors_read(const kmeans_vectors *v, int64_t i, int64_t n, float *x)
{
    int rc = OK;
    for (int64_t k = 0; k < n; k++) TRY(kmeans_rows_one(v->rows, v->numbers[i + k], x + k * v->rows->data->d));
done:
    return rc;
}

int kmeans_vectors_row(const kmeans_vectors *v, int64_t i, const void **row)
{
    kmeans_rows *r = v->rows;
    if (r->metric != KMEANS_COSINE) return kmeans_rows_raw(r, v->numbers[i], 0, row);
    *row = r->x; /* the block is not in use */
    return kmeans_rows_one(r, v->numbers[i], r->x);
}

/* Open addressing; a slot holds the place of a vector plus one. */
typedef struct table {
    size_t mask;
    uint32_t *slots;
    uint64_t *hashes; /* of the vectors, by place */
} table;

static int table_create(table *t, int64_t n)
{
    int rc = OK;
    size_t size = 16;
    *t = (table){0};
    while (size < 2 * (size_t)n) size *= 2;
    t->mask = size - 1;
    TRY(MEM_ALLOC(t->slots, size));
    TRY(MEM_ALLOC(t->hashes, (size_t)n));
done:
    return rc;
}

static void table_free(table *t)
{
    mem_free(&t->slots);
    mem_free(&t->hashes);
}

/* The earlier of the places taken so far whose vector has the same bytes as the one at `number`, or -1, which takes
 * `place` for it. places[p] is the number of place p. */
static int find(kmeans_vectors *v, table *t, int64_t number, int64_t place, const int64_t *places, int64_t *found)
{
    int rc = OK;
    const void *row, *other;
    size_t bytes = kmeans_row_bytes(v->rows->data);
    *found = -1;
    TRY(kmeans_rows_raw(v->rows, number, 0, &row));
    if (!v->rows->data->in_place && row != v->rows->pair[0]) row = memcpy(v->rows->pair[0], row, bytes);
    uint64_t hash = hash64(row, bytes, 0);
    size_t at = (size_t)hash & t->mask;
    for (; t->slots[at]; at = (at + 1) & t->mask) {
        int64_t p = t->slots[at] - 1;
        if (t->hashes[p] != hash) continue;
        TRY(kmeans_rows_raw(v->rows, places[p], 1, &other));
        if (memcmp(row, other, bytes) != 0) continue;
        *found = p;
        goto done;
    }
    t->slots[at] = (uint32_t)place + 1;
    t->hashes[place] = hash;
done:
    return rc;
}

static int probe(kmeans_vectors *v, int *pays)
{
    int rc = OK;
    table t = {0};
    int64_t n = v->n < PROBE ? v->n : PROBE, places[PROBE], distinct = 0, found;
    TRY(table_create(&t, n));
    for (int64_t i = 0; i < n; i++) {
        int64_t number = v->numbers[i * v->n / n];
        places[distinct] = number;
        TRY(find(v, &t, number, distinct, places, &found));
        distinct += found < 0;
    }
    *pays = (double)(n - distinct) > least_share * (double)n;
done:
    table_free(&t);
    return rc;
}

int kmeans_vectors_collapse(kmeans_vectors *v)
{
    int rc = OK, pays;
    table t = {0};
    int64_t distinct = 0, found;
    if (v->n >= UINT32_MAX) return OK;
    TRY(probe(v, &pays));
    if (!pays) goto done;
    TRY(table_create(&t, v->n));
    TRY(MEM_ALLOC(v->weights, (size_t)v->n));
    for (int64_t i = 0; i < v->n; i++) {
        int64_t number = v->numbers[i];
        v->numbers[distinct] = number; /* distinct <= i */
        TRY(find(v, &t, number, distinct, v->numbers, &found));
        v->weights[found < 0 ? distinct : found]++;
        distinct += found < 0;
    }
    v->n = distinct;
done:
    table_free(&t);
    return rc;
}
