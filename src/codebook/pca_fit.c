#include "codebook/kmeans_job.h"

#include "base/memory.h"
#include "base/status.h"
#include "tensor/eigen.h"

#include <math.h>
#include <string.h>

/* Principal components from integer sums, so that ranks do not matter.
 *
 * First pass: exact sums, and the range of each dimension. Second pass: each value less its mean becomes an integer of
 * at most 2^20 in magnitude, by a power of two per dimension; that rounding concerns one value alone and is at most
 * 2^-21 of the largest deviation. Products stay below 2^40, so fp64 adds those of 4096 vectors without rounding, in any
 * order, with any BLAS; the sums then go into integers of two limbs. */

enum { BITS = 20, FLUSH_EVERY = 4096, LIMB_BITS = 32 };
enum { N_STOPPED, N_FAILED, N_FLAGS };

typedef struct pca {
    par *p;
    int (*stop)(void *user);
    void *user;
    kmeans_rows rows;
    int64_t d, n;
    kmeans_sums sums; /* one cluster: all vectors */
    double *range;    /* (2, d) largest values, then largest negated values */
    double *mean;     /* (d) */
    double *scale;    /* (d) powers of two */
    double *q;        /* (KMEANS_BLOCK, d) integers */
    double *products; /* (d, d) upper triangle: sums since the last flush */
    int64_t pending;  /* vectors in them */
    int64_t *all;     /* what is reduced: the four below */
    size_t n_all;
    int64_t *low, *high; /* (d, d) */
    int64_t *total;      /* (d) sums of the integers */
    int64_t *flags;
} pca;

static int pca_create(pca *a, par *p, const kmeans_data *data)
{
    int rc = OK;
    size_t d = (size_t)data->d, square, all;
    a->p = p;
    a->d = data->d;
    TRY(kmeans_rows_create(&a->rows, data, 0, 0, KMEANS_L2));
    TRY(kmeans_sums_create(&a->sums, 1, data->d, 0x1p24, data->n_global));
    TRY(size_mul(d, d, &square));
    TRY(size_mul(2, square, &all));
    a->n_all = all + d + N_FLAGS;
    TRY(MEM_ALLOC(a->range, 2 * d));
    TRY(MEM_ALLOC(a->mean, d));
    TRY(MEM_ALLOC(a->scale, d));
    TRY(MEM_ALLOC(a->q, KMEANS_BLOCK * d));
    TRY(MEM_ALLOC(a->products, square));
    TRY(MEM_ALLOC(a->all, a->n_all));
    a->low = a->all;
    a->high = a->low + square;
    a->total = a->high + square;
    a->flags = a->total + d;
done:
    return rc;
}

static void pca_free(pca *a)
{
    kmeans_rows_free(&a->rows);
    kmeans_sums_free(&a->sums);
    mem_free(&a->range);
    mem_free(&a->mean);
    mem_free(&a->scale);
    mem_free(&a->q);
    mem_free(&a->products);
    mem_free(&a->all);
}

static void take_ranges(pca *a)
{
    double *top = a->range, *bottom = a->range + a->d;
    for (int64_t i = 0; i < a->rows.n_train; i++) {
        const float *x = a->rows.x + i * a->d;
        kmeans_sums_add(&a->sums, 0, x, 1);
        for (int64_t w = 0; w < a->d; w++) {
            top[w] = x[w] > top[w] ? x[w] : top[w];
            bottom[w] = -x[w] > bottom[w] ? -x[w] : bottom[w];
        }
    }
}

static void flush_products(pca *a)
{
    for (int64_t i = 0; i < a->d * a->d; i++) {
        int64_t sum = a->low[i] + (int64_t)a->products[i], up = sum >> LIMB_BITS; /* rounds down, also below zero */
        a->low[i] = sum - up * ((int64_t)1 << LIMB_BITS);
        a->high[i] += up;
        a->products[i] = 0;
    }
    a->pending = 0;
}

static int take_products(pca *a)
{
    const double near = 0x1.8p52; /* adding it rounds to an integer */
    for (int64_t i = 0; i < a->rows.n_train; i++)
        for (int64_t w = 0; w < a->d; w++) {
            double scaled = ((double)a->rows.x[i * a->d + w] - a->mean[w]) * a->scale[w];
            double integer = (scaled + near) - near;
            a->q[i * a->d + w] = integer;
            a->total[w] += (int64_t)integer;
        }
    a->pending += a->rows.n_train;
    int rc = eigen_add_products(a->q, a->rows.n_train, a->d, a->products);
    if (a->pending + KMEANS_BLOCK > FLUSH_EVERY) flush_products(a);
    return rc;
}

/* One pass over this rank's vectors; `second` says which. */
static int pass_local(pca *a, int second, int64_t *flags)
{
    int rc = OK;
    kmeans_rows_rewind(&a->rows);
    for (;;) {
        flags[N_STOPPED] = a->stop && a->stop(a->user);
        if (flags[N_STOPPED]) break;
        TRY(kmeans_rows_next(&a->rows));
        if (a->rows.n_train == 0) break;
        if (second)
            TRY(take_products(a));
        else
            take_ranges(a);
    }
    if (second) flush_products(a);
done:
    return rc;
}

static int agree(pca *a, int mine, const int64_t *flags)
{
    int rc = OK;
    if (flags[N_FAILED]) TRY(par_agree(a->p, mine));
    if (flags[N_STOPPED]) FAIL(ERR_STOPPED, "stopped while finding principal components");
done:
    return rc;
}

static int find_means(pca *a)
{
    int rc = OK;
    for (int64_t w = 0; w < 2 * a->d; w++) a->range[w] = -INFINITY;
    int64_t flags[N_FLAGS] = {0};
    int mine = pass_local(a, 0, flags);
    flags[N_FAILED] = mine != OK;
    kmeans_sums_reduce(a->p, NULL, &a->sums, flags, N_FLAGS);
    TRY(agree(a, mine, flags));
    par_max(a->p, a->range, (size_t)(2 * a->d));
    a->n = a->sums.counts[0];
    for (int64_t w = 0; w < a->d; w++) {
        int exponent = 0;
        a->mean[w] = kmeans_sums_at(&a->sums, 0, w) / (double)a->n / a->sums.units;
        frexp(fmax(a->range[w] - a->mean[w], a->range[a->d + w] + a->mean[w]), &exponent);
        a->scale[w] = ldexp(1, BITS - exponent);
    }
done:
    return rc;
}

static int find_products(pca *a)
{
    int mine = pass_local(a, 1, a->flags);
    a->flags[N_FAILED] = mine != OK;
    par_sum(a->p, a->all, a->n_all);
    return agree(a, mine, a->flags);
}

static double covariance(const pca *a, int64_t i, int64_t j)
{
    __int128 sum = (__int128)a->high[i * a->d + j] * ((int64_t)1 << LIMB_BITS) + a->low[i * a->d + j];
    double about_mean = (double)sum - (double)a->total[i] * (double)a->total[j] / (double)a->n;
    return about_mean / (double)a->n / a->scale[i] / a->scale[j];
}

static int solve(pca *a, int64_t n_components, float *components, double *variances)
{
    int rc = OK;
    size_t d = (size_t)a->d;
    double *matrix = NULL, *values = NULL, *vectors = NULL;
    TRY(MEM_ALLOC(matrix, d * d));
    TRY(MEM_ALLOC(values, d));
    TRY(MEM_ALLOC(vectors, d * d));
    for (int64_t i = 0; i < a->d; i++)
        for (int64_t j = i; j < a->d; j++) matrix[i * a->d + j] = matrix[j * a->d + i] = covariance(a, i, j);
    TRY(eigen_symmetric(matrix, a->d, values, vectors));
    for (int64_t i = 0; i < n_components; i++) {
        variances[i] = fmax(values[i], 0);
        for (int64_t w = 0; w < a->d; w++) components[i * a->d + w] = (float)vectors[i * a->d + w];
    }
done:
    mem_free(&matrix);
    mem_free(&values);
    mem_free(&vectors);
    return rc;
}

static int check_input(const kmeans_data *data, int64_t n_components)
{
    int rc = OK;
    if (data->n_global < 1) FAIL(ERR_INVALID, "no vector to find principal components of");
    if (data->type != KMEANS_HALF) FAIL(ERR_INVALID, "principal components are found of fp16 vectors only");
    if (n_components < 1 || n_components > data->d)
        FAIL(ERR_INVALID, "%lld components of vectors of %lld values", (long long)n_components, (long long)data->d);
done:
    return rc;
}

int pca_fit(par *p, const kmeans_data *data, int64_t n_components, int (*stop)(void *user), void *user, double *mean,
            float *components, double *variances)
{
    int rc = OK;
    pca a = {.stop = stop, .user = user};
    TRY(par_agree(p, check_input(data, n_components)));
    TRY(kmeans_check_ranges(p, data));
    TRY(par_agree(p, pca_create(&a, p, data)));
    TRY(find_means(&a));
    TRY(find_products(&a));
    if (p->rank == 0) rc = solve(&a, n_components, components, variances);
    TRY(par_agree(p, rc));
    memcpy(mean, a.mean, (size_t)data->d * sizeof *mean);
    par_broadcast(p, components, (size_t)(n_components * data->d) * sizeof *components);
    par_broadcast(p, variances, (size_t)n_components * sizeof *variances);
done:
    pca_free(&a);
    return rc;
}
