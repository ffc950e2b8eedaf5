#include "codebook/kmeans_job.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"

#include <string.h>

/* What travels with the sums. */
enum { CHANGED, N_STOPPED, N_FAILED, N_OTHERS };

/* Below this share of the spread, the inertia that follows from the sums is not exact enough. */
static const double least_share = 0x1p-8;

int kmeans_pass_create(kmeans_pass *a, const kmeans_job *j)
{
    int rc = OK;
    *a = (kmeans_pass){0};
    TRY(kmeans_sums_create(&a->sums, j->o->size, j->data->d, j->units, j->data->n_global));
    TRY(MEM_ALLOC(a->codes, (size_t)j->vectors.n));
    TRY(MEM_ALLOC(a->farthest, (size_t)j->o->size));
    TRY(MEM_ALLOC(a->number, (size_t)j->o->size));
    TRY(MEM_ALLOC(a->inertias, (size_t)j->o->size));
    TRY(MEM_ALLOC(a->limbs, KMEANS_LIMBS * (size_t)j->o->size + 1));
done:
    return rc;
}

void kmeans_pass_free(kmeans_pass *a, kmeans_job *j)
{
    kmeans_sums_free(&a->sums);
    kmeans_bounds_free(&a->bounds);
    if (j->node) par_node_release(j->node, &a->panels);
    mem_free(&a->codes);
    mem_free(&a->farthest);
    mem_free(&a->number);
    mem_free(&a->inertias);
    mem_free(&a->limbs);
    *a = (kmeans_pass){0};
}

/* A pass of this rank. */
typedef struct local_pass {
    kmeans_job *j;
    kmeans_pass *a;
    const float *centroids;
    float *x; /* (KMEANS_BLOCK, d) */
    int64_t others[N_OTHERS];
} local_pass;

static void move_vector(local_pass *l, int64_t i, const float *x, uint32_t code)
{
    kmeans_pass *a = l->a;
    int64_t weight = kmeans_vectors_weight(&l->j->vectors, i);
    if (a->n_done) kmeans_sums_add(&a->sums, a->codes[i], x, -weight);
    kmeans_sums_add(&a->sums, code, x, weight);
    l->others[CHANGED] += weight;
}

static int changed(void *user, int64_t i, uint32_t code)
{
    local_pass *l = user;
    int rc = kmeans_vectors_read(&l->j->vectors, i, 1, l->x);
    if (rc == OK) move_vector(l, i, l->x, code);
    return rc;
}

static int asked_to_stop(void *user)
{
    const local_pass *l = user;
    return l->j->stop && l->j->stop(l->j->user);
}

/* Vectors first .. n - 1, each against all centroids. */
static int assign_from(local_pass *l, int64_t first)
{
    int rc = OK;
    kmeans_job *j = l->j;
    kmeans_pass *a = l->a;
    assigner *nearest = NULL;
    uint32_t codes[KMEANS_BLOCK];
    if (first == j->vectors.n) return OK;
    TRY(assigner_create(&nearest, l->centroids, j->o->size, j->data->d));
    for (int64_t i = first; i < j->vectors.n; i += KMEANS_BLOCK) {
        int64_t n = j->vectors.n - i < KMEANS_BLOCK ? j->vectors.n - i : KMEANS_BLOCK;
        l->others[N_STOPPED] = asked_to_stop(l);
        if (l->others[N_STOPPED]) break;
        TRY(kmeans_vectors_read(&j->vectors, i, n, l->x));
        TRY(assigner_run(nearest, l->x, n, codes, NULL));
        for (int64_t v = 0; v < n; v++) {
            if (!a->n_done || codes[v] != a->codes[i + v]) move_vector(l, i + v, l->x + v * j->data->d, codes[v]);
            a->codes[i + v] = codes[v];
        }
    }
done:
    assigner_free(&nearest);
    return rc;
}

static int pass_local(local_pass *l)
{
    int rc = OK, stopped = 0;
    kmeans_pass *a = l->a;
    TRY(MEM_ALLOC(l->x, (size_t)(KMEANS_BLOCK * l->j->data->d)));
    if (a->bounds) TRY(kmeans_bounds_run(a->bounds, l->centroids, changed, asked_to_stop, l, &stopped));
    if (a->bounds) {
        kmeans_work w = kmeans_bounds_work(a->bounds);
        LOG_RANK(LOG_DEBUG, "k-means pass: looked at %lld of %lld vectors, %lld groups, %lld distances",
                 (long long)w.vectors, (long long)a->n_bounded, (long long)w.groups, (long long)w.distances);
    }
    if (stopped)
        l->others[N_STOPPED] = 1;
    else
        TRY(assign_from(l, a->n_bounded));
done:
    mem_free(&l->x);
    return rc;
}

/* Centroids and panels for a pass with bounds. Centroids that became too long for the filter are so on all ranks, which
 * go on without. */
static int load_bounds(kmeans_job *j, kmeans_pass *a, const float *centroids, int mine)
{
    int rc = mine;
    if (rc == OK) rc = kmeans_bounds_load(a->bounds, centroids, par_node_rank(j->node), par_node_size(j->node));
    par_node_barrier(j->node); /* nobody reads panels before all of the node are here */
    if (rc != ERR_LIMIT) return rc;
    kmeans_bounds_free(&a->bounds);
    a->n_bounded = 0;
    return OK;
}

int kmeans_pass_run(kmeans_job *j, kmeans_pass *a, const float *centroids, int mine)
{
    int rc = mine;
    local_pass l = {.j = j, .a = a, .centroids = centroids};
    if (a->n_done == 1) {
        TRY(par_agree(j->p, mine));
        TRY(kmeans_tune(j, a, centroids));
    }
    if (a->bounds) rc = load_bounds(j, a, centroids, mine);
    if (rc == OK) rc = pass_local(&l);
    l.others[N_FAILED] = rc != OK;
    kmeans_sums_reduce(j->p, j->node, &a->sums, l.others, N_OTHERS);
    if (l.others[N_FAILED]) TRY(par_agree(j->p, rc));
    if (l.others[N_STOPPED]) FAIL(ERR_STOPPED, "stopped in a pass of k-means");
    a->changed = l.others[CHANGED];
    a->n_done++;
    a->inertia = kmeans_inertia(j, &a->sums, centroids);
    if (!(a->inertia > least_share * j->spread)) TRY(kmeans_distances(j, a, centroids, &a->inertia));
done:
    return rc;
}

/* Onto the three limbs of a sum. */
static void add_to_limbs(int64_t limbs[KMEANS_LIMBS], __int128 value)
{
    int64_t more[KMEANS_LIMBS];
    kmeans_split(kmeans_join(limbs) + value, more);
    memcpy(limbs, more, sizeof more);
}

static int distances_local(kmeans_job *j, kmeans_pass *a, const float *centroids)
{
    int rc = OK;
    const kmeans_vectors *v = &j->vectors;
    for (int64_t i = 0; i < v->n; i++) {
        const void *row;
        uint32_t code = a->codes[i];
        TRY(kmeans_vectors_row(v, i, &row));
        double distance = kmeans_vectors_distance(v, row, centroids + code * j->data->d);
        add_to_limbs(a->limbs + code * KMEANS_LIMBS, (__int128)(distance * j->scale) * kmeans_vectors_weight(v, i));
        if (distance > a->farthest[code]) {
            a->farthest[code] = distance;
            a->number[code] = v->numbers[i];
        }
    }
done:
    return rc;
}

int kmeans_distances(kmeans_job *j, kmeans_pass *a, const float *centroids, double *sum)
{
    int rc = OK;
    int64_t k = j->o->size;
    size_t n = KMEANS_LIMBS * (size_t)k;
    __int128 all = 0;
    for (int64_t c = 0; c < k; c++) a->farthest[c] = -1;
    memset(a->limbs, 0, n * sizeof *a->limbs);
    int mine = distances_local(j, a, centroids);
    a->limbs[n] = mine != OK;
    par_sum(j->p, a->limbs, n + 1);
    if (a->limbs[n]) TRY(par_agree(j->p, mine));
    for (int64_t c = 0; c < k; c++) {
        __int128 inertia = kmeans_join(a->limbs + c * KMEANS_LIMBS);
        a->inertias[c] = (double)inertia / j->scale;
        all += inertia;
    }
    *sum = (double)all / j->scale;
done:
    return rc;
}
