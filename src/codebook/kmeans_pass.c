#include "codebook/kmeans_job.h"

#include "base/memory.h"
#include "base/status.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What travels with the sums. */
enum { INERTIA, CHANGED = INERTIA + KMEANS_LIMBS, N_STOPPED, N_FAILED, N_OTHERS };

int kmeans_pass_create(kmeans_pass *a, const kmeans_job *j)
{
    int rc = OK;
    *a = (kmeans_pass){0};
    TRY(kmeans_sums_create(&a->sums, j->o->size, j->data->d, N_OTHERS));
    TRY(MEM_ALLOC(a->codes, (size_t)j->data->n_local));
    TRY(MEM_ALLOC(a->farthest, (size_t)j->o->size));
    TRY(MEM_ALLOC(a->number, (size_t)j->o->size));
done:
    return rc;
}

void kmeans_pass_free(kmeans_pass *a)
{
    kmeans_sums_free(&a->sums);
    mem_free(&a->codes);
    mem_free(&a->farthest);
    mem_free(&a->number);
    *a = (kmeans_pass){0};
}

static void take_vector(const kmeans_job *j, kmeans_pass *a, int64_t i, uint32_t code, double distance,
                        __int128 *inertia)
{
    int64_t number = j->rows.numbers[i];
    uint32_t *kept = &a->codes[number - j->data->first];
    kmeans_sums_add(&a->sums, code, j->rows.x + i * j->data->d);
    *inertia += (__int128)(distance * j->scale);
    a->sums.others[CHANGED] += !a->has_codes || *kept != code;
    *kept = code;
    if (distance > a->farthest[code]) {
        a->farthest[code] = distance;
        a->number[code] = number;
    }
}

static int pass_local(kmeans_job *j, kmeans_pass *a, const float *centroids)
{
    int rc = OK;
    assigner *nearest = NULL;
    uint32_t codes[KMEANS_BLOCK];
    double distances[KMEANS_BLOCK];
    __int128 inertia = 0;
    TRY(assigner_create(&nearest, centroids, j->o->size, j->data->d));
    kmeans_rows_rewind(&j->rows);
    for (;;) {
        if (j->stop && j->stop(j->user)) a->sums.others[N_STOPPED] = 1;
        if (a->sums.others[N_STOPPED]) break;
        TRY(kmeans_rows_next(&j->rows));
        if (j->rows.n_train + j->rows.n_held_out == 0) break;
        TRY(assigner_run(nearest, j->rows.x, j->rows.n_train, codes, distances));
        for (int64_t i = 0; i < j->rows.n_train; i++) take_vector(j, a, i, codes[i], distances[i], &inertia);
    }
    kmeans_split(inertia, a->sums.others + INERTIA);
done:
    assigner_free(&nearest);
    return rc;
}

int kmeans_pass_run(kmeans_job *j, kmeans_pass *a, const float *centroids, int mine)
{
    int rc = mine;
    kmeans_sums_clear(&a->sums);
    for (int64_t c = 0; c < j->o->size; c++) a->farthest[c] = -1;
    if (rc == OK) rc = pass_local(j, a, centroids);
    a->sums.others[N_FAILED] = rc != OK;
    kmeans_sums_reduce(j->p, &a->sums);
    if (a->sums.others[N_FAILED]) TRY(par_agree(j->p, rc));
    if (a->sums.others[N_STOPPED]) FAIL(ERR_STOPPED, "stopped in a pass of k-means");
    a->inertia = (double)kmeans_join(a->sums.others + INERTIA) / j->scale;
    a->changed = a->sums.others[CHANGED];
    a->has_codes = 1;
done:
    return rc;
}

/* The farthest vector of a cluster that can give it away. */
typedef struct donor {
    double distance;
    int64_t number, cluster;
} donor;

static int by_distance(const void *a, const void *b)
{
    const donor *x = a, *y = b;
    if (x->distance != y->distance) return x->distance > y->distance ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* Farthest vector per cluster over all ranks: the largest distance, then the lowest number among those who have it.
 * Numbers below 2^53 are exact as doubles. */
static int64_t find_donors(kmeans_job *j, kmeans_pass *a, donor *donors, double *numbers)
{
    int64_t k = j->o->size, n = 0;
    for (int64_t c = 0; c < k; c++) donors[c].distance = a->farthest[c];
    par_max(j->p, a->farthest, (size_t)k);
    for (int64_t c = 0; c < k; c++)
        numbers[c] =
            donors[c].distance >= 0 && donors[c].distance == a->farthest[c] ? -(double)a->number[c] : -INFINITY;
    par_max(j->p, numbers, (size_t)k);
    for (int64_t c = 0; c < k; c++)
        if (a->farthest[c] > 0 && a->sums.counts[c] > 1) donors[n++] = (donor){a->farthest[c], (int64_t)-numbers[c], c};
    if (n) qsort(donors, (size_t)n, sizeof *donors, by_distance);
    return n;
}

/* The vectors of n donors, (n, d), on every rank: bits from the one rank that holds each, zeros from the others. */
static int share_vectors(kmeans_job *j, const donor *donors, int64_t n, int64_t *bits, float *x)
{
    int rc = OK;
    int64_t d = j->data->d, first = j->data->first;
    for (int64_t i = 0; i < n && rc == OK; i++) {
        if (donors[i].number < first || donors[i].number >= first + j->data->n_local) continue;
        rc = kmeans_rows_one(&j->rows, donors[i].number, x);
        for (int64_t w = 0; w < d && rc == OK; w++) {
            uint32_t b;
            memcpy(&b, x + w, sizeof b);
            bits[i * d + w] = b;
        }
    }
    bits[n * d] = rc != OK;
    par_sum(j->p, bits, (size_t)(n * d + 1));
    if (bits[n * d]) TRY(par_agree(j->p, rc));
    for (int64_t w = 0; w < n * d; w++) {
        uint32_t b = (uint32_t)bits[w];
        memcpy(x + w, &b, sizeof b);
    }
done:
    return rc;
}

static int fill_empty(kmeans_job *j, kmeans_pass *a, float *centroids, int64_t n_empty, int64_t *n_filled)
{
    int rc = OK;
    int64_t d = j->data->d, k = j->o->size, n = 0;
    donor *donors = NULL;
    double *numbers = NULL;
    int64_t *bits = NULL;
    float *x = NULL;
    rc = MEM_ALLOC(donors, (size_t)k);
    if (rc == OK) rc = MEM_ALLOC(numbers, (size_t)k);
    if (rc == OK) rc = MEM_ALLOC(bits, (size_t)(n_empty * d + 1));
    if (rc == OK) rc = MEM_ALLOC(x, (size_t)(n_empty * d));
    TRY(par_agree(j->p, rc));
    n = find_donors(j, a, donors, numbers);
    if (n > n_empty) n = n_empty;
    TRY(share_vectors(j, donors, n, bits, x));
    for (int64_t c = 0, i = 0; c < k && i < n; c++) {
        if (a->sums.counts[c] > 0) continue;
        memcpy(centroids + c * d, x + i * d, (size_t)d * sizeof *x);
        kmeans_sums_subtract(&a->sums, donors[i].cluster, x + i * d);
        i++;
    }
    *n_filled = n;
done:
    mem_free(&donors);
    mem_free(&numbers);
    mem_free(&bits);
    mem_free(&x);
    return rc;
}

int kmeans_update(kmeans_job *j, kmeans_pass *a, float *centroids, int64_t *n_filled)
{
    int rc = OK;
    int64_t n_empty = 0;
    *n_filled = 0;
    for (int64_t c = 0; c < j->o->size; c++) n_empty += a->sums.counts[c] == 0;
    if (n_empty) TRY(fill_empty(j, a, centroids, n_empty, n_filled));
    for (int64_t c = 0; c < j->o->size; c++)
        if (a->sums.counts[c] > 0) kmeans_sums_mean(&a->sums, c, centroids + c * j->data->d);
done:
    return rc;
}
