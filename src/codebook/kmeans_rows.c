#include "codebook/kmeans_rows.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "tensor/half.h"

int kmeans_rows_create(kmeans_rows *r, const kmeans_data *data, uint64_t seed, double held_out)
{
    int rc = OK;
    size_t size;
    *r = (kmeans_rows){.data = data, .seed = seed, .held_out = held_out};
    TRY(size_mul(KMEANS_BLOCK, (size_t)data->d, &size));
    TRY(MEM_ALLOC(r->halves, size));
    TRY(MEM_ALLOC(r->x, size));
    TRY(MEM_ALLOC(r->numbers, KMEANS_BLOCK));
    kmeans_rows_rewind(r);
done:
    if (rc != OK) kmeans_rows_free(r);
    return rc;
}

void kmeans_rows_free(kmeans_rows *r)
{
    mem_free(&r->halves);
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

static int read_checked(kmeans_rows *r, int64_t first, int64_t n)
{
    int rc = OK;
    int64_t d = r->data->d;
    TRY(r->data->read(r->data->user, first, n, r->halves));
    for (int64_t i = 0; i < n; i++) {
        unsigned special = 0;
        for (int64_t w = 0; w < d; w++) special |= (r->halves[i * d + w] & 0x7c00) == 0x7c00;
        if (special) FAIL(ERR_INVALID, "training vector %lld has a value that is not finite", (long long)(first + i));
    }
done:
    return rc;
}

int kmeans_rows_next(kmeans_rows *r)
{
    int rc = OK;
    int64_t d = r->data->d, left = r->data->first + r->data->n_local - r->next,
            n = left < KMEANS_BLOCK ? left : KMEANS_BLOCK;
    r->n_train = r->n_held_out = 0;
    if (n <= 0) return OK;
    TRY(read_checked(r, r->next, n));
    for (int part = 0; part < 2; part++)
        for (int64_t i = 0; i < n; i++) {
            if (kmeans_is_held_out(r, r->next + i) != part) continue;
            int64_t at = r->n_train + r->n_held_out;
            half_to_floats(r->halves + i * d, (size_t)d, r->x + at * d);
            r->numbers[at] = r->next + i;
            *(part ? &r->n_held_out : &r->n_train) += 1;
        }
    r->next += n;
done:
    return rc;
}

int kmeans_rows_one(kmeans_rows *r, int64_t number, float *x)
{
    int rc = OK;
    TRY(read_checked(r, number, 1));
    half_to_floats(r->halves, (size_t)r->data->d, x);
done:
    return rc;
}
