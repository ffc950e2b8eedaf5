#include "codebook/kmeans_job.h"

#include "base/hash.h"
#include "base/status.h"

#include <math.h>

enum { N_HELD_OUT, N_STOPPED, N_FAILED, N_OTHERS };

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

static double squared_length(const float *x, int64_t d)
{
    double sum = 0;
    for (int64_t w = 0; w < d; w++) sum += (double)x[w] * (double)x[w];
    return sum;
}

static int survey_local(kmeans_job *j, kmeans_sums *s)
{
    int rc = OK;
    kmeans_rows *r = &j->rows;
    kmeans_rows_rewind(r);
    for (;;) {
        if (j->stop && j->stop(j->user)) s->others[N_STOPPED] = 1;
        if (s->others[N_STOPPED]) break;
        TRY(kmeans_rows_next(r));
        if (r->n_train + r->n_held_out == 0) break;
        for (int64_t i = 0; i < r->n_train + r->n_held_out; i++)
            j->largest = fmax(j->largest, squared_length(r->x + i * j->data->d, j->data->d));
        for (int64_t i = 0; i < r->n_train; i++) kmeans_sums_add(s, 0, r->x + i * j->data->d);
        s->others[N_HELD_OUT] += r->n_held_out;
    }
done:
    return rc;
}

/* A squared distance is at most (|x| + |c|)^2 <= 4 * largest: centroids are vectors, means of vectors, or given ones.
 */
static double scale_for(double largest)
{
    int exponent = 0;
    frexp(4.01 * largest, &exponent);
    return ldexp(1, 84 - exponent);
}

int kmeans_survey(kmeans_job *j)
{
    int rc = OK;
    kmeans_sums s = {0};
    TRY(par_agree(j->p, kmeans_sums_create(&s, 1, j->data->d, N_OTHERS)));
    j->largest = 0;
    for (int64_t i = 0; j->o->start && i < j->o->size; i++)
        j->largest = fmax(j->largest, squared_length(j->o->start + i * j->data->d, j->data->d));
    rc = survey_local(j, &s);
    s.others[N_FAILED] = rc != OK;
    kmeans_sums_reduce(j->p, &s);
    if (s.others[N_FAILED]) TRY(par_agree(j->p, rc));
    if (s.others[N_STOPPED]) FAIL(ERR_STOPPED, "stopped while reading the training vectors");
    par_max(j->p, &j->largest, 1);
    j->n_train = s.counts[0];
    j->n_held_out = s.others[N_HELD_OUT];
    if (j->n_train) kmeans_sums_mean(&s, 0, j->mean);
    j->scale = scale_for(j->largest);
    j->fingerprint = hash64(s.all, (s.n_all - N_OTHERS) * sizeof *s.all, 0);
done:
    kmeans_sums_free(&s);
    return rc;
}
