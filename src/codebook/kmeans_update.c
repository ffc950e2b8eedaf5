#include "codebook/kmeans_job.h"

#include "base/memory.h"
#include "base/status.h"
#include "codebook/filter_parts.h"
#include "codebook/unit_length.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A cluster that is to be split, and its farthest vector. */
typedef struct donor {
    double inertia;
    int64_t cluster, number;
} donor;

static int by_inertia(const void *a, const void *b)
{
    const donor *x = a, *y = b;
    if (x->inertia != y->inertia) return x->inertia > y->inertia ? -1 : 1;
    return (x->cluster > y->cluster) - (x->cluster < y->cluster);
}

/* Clusters of more than one vector by falling inertia. */
static int64_t find_donors(const kmeans_job *j, const kmeans_pass *a, donor *donors)
{
    int64_t n = 0;
    for (int64_t c = 0; c < j->o->size; c++)
        if (a->inertias[c] > 0 && a->sums.counts[c] > 1) donors[n++] = (donor){a->inertias[c], c, 0};
    if (n) qsort(donors, (size_t)n, sizeof *donors, by_inertia);
    return n;
}

/* Farthest vectors of n donors over all ranks: the largest distance, then the lowest number among those who have it.
 * Numbers below 2^53 are exact as doubles. values: (2 n). */
static void find_farthest(kmeans_job *j, const kmeans_pass *a, donor *donors, int64_t n, double *values)
{
    for (int64_t i = 0; i < n; i++) values[i] = a->farthest[donors[i].cluster];
    par_max(j->p, values, (size_t)n);
    for (int64_t i = 0; i < n; i++) {
        int64_t c = donors[i].cluster;
        int mine = a->farthest[c] >= 0 && a->farthest[c] == values[i];
        values[n + i] = mine ? -(double)a->number[c] : -INFINITY;
    }
    par_max(j->p, values + n, (size_t)n);
    for (int64_t i = 0; i < n; i++) donors[i].number = (int64_t)-values[n + i];
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

static void finish_centroid(const kmeans_job *j, float *c)
{
    if (j->o->metric != KMEANS_L2) unit_length(c, j->data->d, c);
}

/* An empty cluster begins a little off the mean of the donor, on the way to its farthest vector: the vectors beyond the
 * plane between them change over, the others stay, so the inertia cannot grow. */
static void begin_beside(const kmeans_job *j, const float *mean, const float *farthest, float *centroid)
{
    for (int64_t w = 0; w < j->data->d; w++) centroid[w] = mean[w] + (farthest[w] - mean[w]) / 64;
    finish_centroid(j, centroid);
}

/* Means are there. Empty clusters, in the order of their numbers, split the donors. */
static int fill_empty(kmeans_job *j, kmeans_pass *a, float *centroids, const float *before, int64_t n_empty,
                      int64_t *n_filled)
{
    int rc = OK;
    int64_t d = j->data->d, k = j->o->size, n = 0;
    donor *donors = NULL;
    double *values = NULL, ignored;
    int64_t *bits = NULL;
    float *x = NULL;
    TRY(kmeans_distances(j, a, before, &ignored));
    rc = MEM_ALLOC(donors, (size_t)k);
    if (rc == OK) rc = MEM_ALLOC(values, 2 * (size_t)n_empty);
    if (rc == OK) rc = MEM_ALLOC(bits, (size_t)(n_empty * d + 1));
    if (rc == OK) rc = MEM_ALLOC(x, (size_t)(n_empty * d));
    TRY(par_agree(j->p, rc));
    n = find_donors(j, a, donors);
    if (n > n_empty) n = n_empty;
    find_farthest(j, a, donors, n, values);
    TRY(share_vectors(j, donors, n, bits, x));
    for (int64_t c = 0, i = 0; c < k && i < n; c++) {
        if (a->sums.counts[c] > 0) continue;
        begin_beside(j, centroids + donors[i].cluster * d, x + i * d, centroids + c * d);
        i++;
    }
    *n_filled = n;
done:
    mem_free(&donors);
    mem_free(&values);
    mem_free(&bits);
    mem_free(&x);
    return rc;
}

int kmeans_update(kmeans_job *j, kmeans_pass *a, const float *before, float *centroids, int64_t *n_filled)
{
    int rc = OK;
    int64_t n_empty = 0;
    *n_filled = 0;
    for (int64_t c = 0; c < j->o->size; c++) {
        n_empty += a->sums.counts[c] == 0;
        if (a->sums.counts[c] == 0) continue;
        kmeans_sums_mean(&a->sums, c, centroids + c * j->data->d);
        finish_centroid(j, centroids + c * j->data->d);
    }
    if (n_empty) TRY(fill_empty(j, a, centroids, before, n_empty, n_filled));
done:
    return rc;
}

/* Sum over w of c (2 t - n c), c the centroid and t the sum of its n vectors, both less the mean: what the cluster
 * takes off the spread. Sixteen lanes and a fixed tree. */
FILTER_VARIANTS static double taken_off(const int64_t *low, const float *centroid, const float *mean, int64_t d,
                                        double units, double n)
{
    double sum[16] = {0};
    int64_t w = 0;
    for (; w + 16 <= d; w += 16)
        for (int l = 0; l < 16; l++) {
            double m = mean[w + l], c = (double)centroid[w + l] - m, t = (double)low[w + l] / units - n * m;
            sum[l] += c * (2 * t - n * c);
        }
    for (; w < d; w++) {
        double m = mean[w], c = (double)centroid[w] - m, t = (double)low[w] / units - n * m;
        sum[w % 16] += c * (2 * t - n * c);
    }
    for (int half = 8; half > 0; half /= 2)
        for (int l = 0; l < half; l++) sum[l] += sum[l + half];
    return sum[0];
}

static double taken_off_wide(const kmeans_sums *s, int64_t j, const float *centroid, const float *mean)
{
    double sum[16] = {0}, n = (double)s->counts[j];
    for (int64_t w = 0; w < s->d; w++) {
        double m = mean[w], c = (double)centroid[w] - m, t = kmeans_sums_at(s, j, w) / s->units - n * m;
        sum[w % 16] += c * (2 * t - n * c);
    }
    for (int half = 8; half > 0; half /= 2)
        for (int l = 0; l < half; l++) sum[l] += sum[l + half];
    return sum[0];
}

double kmeans_inertia(const kmeans_job *j, const kmeans_sums *sums, const float *centroids)
{
    double off = 0;
    int64_t d = sums->d;
    for (int64_t c = 0; c < sums->k; c++) {
        if (sums->counts[c] == 0) continue;
        off += sums->wide
                   ? taken_off_wide(sums, c, centroids + c * d, j->mean)
                   : taken_off(sums->low + c * d, centroids + c * d, j->mean, d, sums->units, (double)sums->counts[c]);
    }
    return j->spread - off;
}
