#include "codebook/kmeans_job.h"

#include "base/hash.h"
#include "base/status.h"

#include "tensor/quantise.h"

#include <math.h>
#include <string.h>

enum { N_TRAIN, N_HELD_OUT, N_STOPPED, N_FAILED, N_OTHERS };

int kmeans_check_ranges(par *p, const kmeans_data *data)
{
    int rc = OK;
    int64_t before = par_prefix(p, data->n_local), all = par_sum_one(p, data->n_local);
    if (all != data->n_global || (data->n_local && before != data->first))
        FAIL(ERR_INVALID, "rank %d holds training vectors from %lld, not from %lld (%lld of %lld in all)", p->rank,
             (long long)data->first, (long long)before, (long long)all, (long long)data->n_global);
done:
    return par_agree(p, rc);
}

/* Call `take` for each block of this rank's vectors. */
static int each_block(kmeans_job *j, int (*take)(kmeans_job *j, void *into), void *into, int64_t *stopped)
{
    int rc = OK;
    kmeans_rows *r = &j->rows;
    kmeans_rows_rewind(r);
    for (;;) {
        *stopped = j->stop && j->stop(j->user);
        if (*stopped) break;
        TRY(kmeans_rows_next(r));
        if (r->n_train + r->n_held_out == 0) break;
        TRY(take(j, into));
    }
done:
    return rc;
}

static int agree(const kmeans_job *j, int mine, const int64_t *others)
{
    int rc = OK;
    if (others[N_FAILED]) TRY(par_agree(j->p, mine));
    if (others[N_STOPPED]) FAIL(ERR_STOPPED, "stopped while reading the training vectors");
done:
    return rc;
}

/* Squared length in fp64, the same on every processor. */
static double squared_length(const kmeans_job *j, const float *x)
{
    double sums[QUANTISE_LANES], sum = 0;
    j->vectors.quantise->range(x, j->data->d, sums);
    for (int l = 0; l < QUANTISE_LANES; l++) sum += sums[l];
    return sum;
}

static int take_magnitude(kmeans_job *j, void *into)
{
    uint32_t *most = into;
    for (int64_t i = 0; i < j->rows.n_train + j->rows.n_held_out; i++) {
        uint32_t magnitude = kmeans_magnitude(j->rows.x + i * j->data->d, j->data->d);
        *most = magnitude > *most ? magnitude : *most;
    }
    return OK;
}

/* The units of sums: fixed for halves and vectors of unit length, else from the largest magnitude. Collective. */
static int find_units(kmeans_job *j)
{
    int rc = OK;
    float magnitude;
    double largest;
    uint32_t most = 0;
    int64_t others[N_OTHERS] = {0};
    j->units = 0x1p24;
    if (j->o->metric == KMEANS_COSINE) j->units = kmeans_units_for(1.001);
    if (j->data->type == KMEANS_HALF || j->o->metric == KMEANS_COSINE) goto done;
    int mine = each_block(j, take_magnitude, &most, &others[N_STOPPED]);
    others[N_FAILED] = mine != OK;
    par_sum(j->p, others, N_OTHERS);
    TRY(agree(j, mine, others));
    memcpy(&magnitude, &most, sizeof magnitude);
    largest = magnitude;
    par_max(j->p, &largest, 1);
    j->units = kmeans_units_for(largest > 0x1p-80 ? largest : 0x1p-80);
done:
    return rc;
}

static int take_sums(kmeans_job *j, void *into)
{
    kmeans_rows *r = &j->rows;
    int64_t d = j->data->d;
    for (int64_t i = 0; i < r->n_train + r->n_held_out; i++)
        j->largest = fmax(j->largest, squared_length(j, r->x + i * d));
    for (int64_t i = 0; i < r->n_train; i++) kmeans_sums_add(into, 0, r->x + i * d, 1);
    return kmeans_vectors_note(&j->vectors);
}

/* A squared distance is at most (|x| + |c|)^2 <= 4 * largest: centroids are vectors, means of vectors, or given ones.
 */
static double scale_for(double largest)
{
    int exponent = 0;
    frexp(4.01 * largest, &exponent);
    return ldexp(1, 84 - exponent);
}

static int sum_vectors(kmeans_job *j)
{
    int rc = OK;
    kmeans_sums s = {0};
    int64_t others[N_OTHERS] = {0};
    TRY(par_agree(j->p, kmeans_sums_create(&s, 1, j->data->d, j->units, j->data->n_global)));
    kmeans_vectors_free(&j->vectors);
    j->vectors =
        (kmeans_vectors){.rows = &j->rows, .distance = distance_kernel_best(), .quantise = quantise_kernel_best()};
    j->largest = j->o->metric == KMEANS_L2 ? 0 : 1; /* centroids of unit length */
    for (int64_t i = 0; j->o->start && i < j->o->size; i++)
        j->largest = fmax(j->largest, squared_length(j, j->o->start + i * j->data->d));
    int mine = each_block(j, take_sums, &s, &others[N_STOPPED]);
    others[N_TRAIN] = j->vectors.n;
    others[N_HELD_OUT] = j->vectors.n_held_out;
    others[N_FAILED] = mine != OK;
    kmeans_sums_reduce(j->p, j->node, &s, others, N_OTHERS);
    TRY(agree(j, mine, others));
    par_max(j->p, &j->largest, 1);
    j->n_train = others[N_TRAIN];
    j->n_held_out = others[N_HELD_OUT];
    if (j->n_train) kmeans_sums_mean(&s, 0, j->mean);
    j->scale = scale_for(j->largest);
    j->fingerprint = hash64(s.low, (size_t)j->data->d * sizeof *s.low, 0);
    if (s.wide) j->fingerprint = hash64(s.high, (size_t)j->data->d * sizeof *s.high, j->fingerprint);
done:
    kmeans_sums_free(&s);
    return rc;
}

int kmeans_spread(kmeans_job *j, int mine)
{
    int rc = OK;
    const kmeans_vectors *v = &j->vectors;
    int64_t sums[KMEANS_LIMBS + 1] = {0};
    __int128 spread = 0;
    for (int64_t i = 0; mine == OK && i < v->n; i++) {
        const void *row;
        mine = kmeans_vectors_row(v, i, &row);
        if (mine != OK) break;
        spread += (__int128)(kmeans_vectors_distance(v, row, j->mean) * j->scale) * kmeans_vectors_weight(v, i);
    }
    kmeans_split(spread, sums);
    sums[KMEANS_LIMBS] = mine != OK;
    par_sum(j->p, sums, KMEANS_LIMBS + 1);
    if (sums[KMEANS_LIMBS]) TRY(par_agree(j->p, mine));
    j->spread = (double)kmeans_join(sums) / j->scale;
done:
    return rc;
}

int kmeans_survey(kmeans_job *j)
{
    int rc = OK;
    TRY(find_units(j));
    TRY(sum_vectors(j));
    if (j->n_train == 0) { /* few vectors, all held out: then none is */
        j->rows.held_out = 0;
        TRY(sum_vectors(j));
    }
    TRY(kmeans_spread(j, kmeans_vectors_collapse(&j->vectors)));
done:
    return rc;
}
