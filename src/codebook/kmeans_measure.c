#include "codebook/kmeans_job.h"

#include "base/memory.h"
#include "base/status.h"

enum { N_STOPPED = KMEANS_LIMBS, N_FAILED, N_SUMS };

static int measure_local(kmeans_job *j, const float *centroids, int64_t *sums)
{
    int rc = OK;
    assigner *nearest = NULL;
    float *x = NULL;
    uint32_t codes[KMEANS_BLOCK];
    double distances[KMEANS_BLOCK];
    __int128 sum = 0;
    const kmeans_vectors *v = &j->vectors;
    if (!v->n_held_out) return OK;
    TRY(MEM_ALLOC(x, (size_t)(KMEANS_BLOCK * j->data->d)));
    TRY(assigner_create(&nearest, centroids, j->o->size, j->data->d));
    for (int64_t i = 0; i < v->n_held_out; i += KMEANS_BLOCK) {
        int64_t n = v->n_held_out - i < KMEANS_BLOCK ? v->n_held_out - i : KMEANS_BLOCK;
        if (j->stop && j->stop(j->user)) sums[N_STOPPED] = 1;
        if (sums[N_STOPPED]) break;
        for (int64_t k = 0; k < n; k++) TRY(kmeans_rows_one(&j->rows, v->held_out[i + k], x + k * j->data->d));
        TRY(assigner_run(nearest, x, n, codes, distances));
        for (int64_t k = 0; k < n; k++) sum += (__int128)(distances[k] * j->scale);
    }
    kmeans_split(sum, sums);
done:
    assigner_free(&nearest);
    mem_free(&x);
    return rc;
}

int kmeans_measure(kmeans_job *j, const float *centroids, double *inertia_held_out)
{
    int64_t sums[N_SUMS] = {0};
    int rc = measure_local(j, centroids, sums);
    sums[N_FAILED] = rc != OK;
    par_sum(j->p, sums, N_SUMS);
    if (sums[N_FAILED]) TRY(par_agree(j->p, rc));
    if (sums[N_STOPPED]) FAIL(ERR_STOPPED, "stopped while measuring a codebook");
    *inertia_held_out = (double)kmeans_join(sums) / j->scale;
done:
    return rc;
}
