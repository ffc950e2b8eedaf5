#include "codebook/kmeans_trial.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"

/* Fewer passes than this are not worth getting ready for. */
enum { LEAST_PASSES = 2 };

static int share_choice(kmeans_trial *t)
{
    int rc = OK;
    par *p = t->j->p;
    par_broadcast(p, &t->best, sizeof t->best);
    if (!t->best.rotated) return OK;
    size_t n = (size_t)((t->best.lead + t->best.depth) * t->d);
    if (p->rank != 0) rc = MEM_ALLOC(t->basis, n);
    TRY(par_agree(p, rc));
    par_broadcast(p, t->basis, n * sizeof *t->basis);
done:
    return rc;
}

static int make_filter(const kmeans_trial *t, filter **f)
{
    int rc = OK;
    const float *basis = t->best.rotated ? t->basis : NULL;
    TRY(filter_create(f, t->k, t->d, t->centre, basis, t->best.lead, t->best.depth));
    TRY(filter_group(*f, t->centroids));
done:
    return rc;
}

/* Bounds for as many vectors as memory is allowed for. Collective. */
static int make_bounds(const kmeans_trial *t, kmeans_pass *a)
{
    int rc = OK;
    filter *f = NULL;
    const kmeans_job *j = t->j;
    int64_t n = j->vectors.n;
    TRY(par_agree(j->p, make_filter(t, &f)));
    TRY(par_node_alloc(j->node, filter_panel_bytes(f), &a->panels));
    filter_use_memory(f, a->panels);
    if (j->o->memory > 0 && n > j->o->memory / kmeans_bounds_bytes(f)) n = j->o->memory / kmeans_bounds_bytes(f);
    rc = kmeans_bounds_create(&a->bounds, &f, &j->vectors, n, a->codes, t->centroids, j->largest);
    TRY(par_agree(j->p, rc));
    a->n_bounded = n;
done:
    filter_free(&f);
    return rc;
}

int kmeans_tune(kmeans_job *j, kmeans_pass *a, const float *centroids)
{
    int rc = OK;
    kmeans_trial t = {.j = j, .centroids = centroids, .k = j->o->size, .d = j->data->d, .best = {.whole = 1}};
    int64_t left = j->o->max_iterations - a->n_done + 1;
    t.passes = KMEANS_GROUP_SHARE * (double)left;
    if (left < LEAST_PASSES) return OK;
    rc = MEM_ALLOC(t.centre, (size_t)t.d);
    if (rc == OK) rc = filter_find_centre(centroids, t.k, t.d, t.centre);
    if (rc == OK && j->p->rank == 0) rc = kmeans_trial_run(&t, a);
    TRY(par_agree(j->p, rc));
    TRY(share_choice(&t));
    if (t.best.whole) {
        LOG_JOB(LOG_DEBUG, "k-means: whole products");
        goto done;
    }
    LOG_JOB(LOG_DEBUG, "k-means: filter of %lld + %lld values%s", (long long)t.best.lead, (long long)t.best.depth,
            t.best.rotated ? " along principal directions" : "");
    TRY(make_bounds(&t, a));
done:
    kmeans_trial_free(&t);
    return rc;
}
