#include "codebook/kmeans_job.h"

#include "base/memory.h"
#include "base/status.h"

enum { HELD_OUT, VARIANCE = HELD_OUT + KMEANS_LIMBS, N_STOPPED = VARIANCE + KMEANS_LIMBS, N_FAILED, N_SUMS };

static __int128 sum_of(const kmeans_job *j, const double *distances, int64_t n)
{
    __int128 sum = 0;
    for (int64_t i = 0; i < n; i++) sum += (__int128)(distances[i] * j->scale);
    return sum;
}

/* Distances to the mean rounded to fp32 stand for those to the mean: halves differ by 2^-11 of their size, its error is
 * 2^-25 of it. */
static int measure_local(kmeans_job *j, const float *centroids, int64_t *sums)
{
    int rc = OK;
    assigner *nearest = NULL, *mean = NULL;
    uint32_t codes[KMEANS_BLOCK];
    double distances[KMEANS_BLOCK];
    __int128 held_out = 0, variance = 0;
    kmeans_rows *r = &j->rows;
    TRY(assigner_create(&nearest, centroids, j->o->size, j->data->d));
    TRY(assigner_create(&mean, j->mean, 1, j->data->d));
    kmeans_rows_rewind(r);
    for (;;) {
        if (j->stop && j->stop(j->user)) sums[N_STOPPED] = 1;
        if (sums[N_STOPPED]) break;
        TRY(kmeans_rows_next(r));
        if (r->n_train + r->n_held_out == 0) break;
        TRY(assigner_run(mean, r->x, r->n_train, codes, distances));
        variance += sum_of(j, distances, r->n_train);
        TRY(assigner_run(nearest, r->x + r->n_train * j->data->d, r->n_held_out, codes, distances));
        held_out += sum_of(j, distances, r->n_held_out);
    }
    kmeans_split(held_out, sums + HELD_OUT);
    kmeans_split(variance, sums + VARIANCE);
done:
    assigner_free(&nearest);
    assigner_free(&mean);
    return rc;
}

int kmeans_measure(kmeans_job *j, const float *centroids, double *inertia_held_out, double *variance)
{
    int64_t sums[N_SUMS] = {0};
    int rc = measure_local(j, centroids, sums);
    sums[N_FAILED] = rc != OK;
    par_sum(j->p, sums, N_SUMS);
    if (sums[N_FAILED]) TRY(par_agree(j->p, rc));
    if (sums[N_STOPPED]) FAIL(ERR_STOPPED, "stopped while measuring a codebook");
    *inertia_held_out = (double)kmeans_join(sums + HELD_OUT) / j->scale;
    *variance = (double)kmeans_join(sums + VARIANCE) / j->scale;
done:
    return rc;
}
