#include "codebook/kmeans_job.h"

#include "base/memory.h"
#include "base/status.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Order of a training: survey, start (or the checkpoint), then passes. A pass assigns every vector to the current
 * centroids; either the training ends there, or the centroids move and the checkpoint is committed. A training that
 * goes on repeats the pass before its last update, so that it counts changed codes, and so stops, as if it had never
 * been interrupted. */

typedef int (*kmeans_stop)(void *user);
typedef void (*kmeans_report)(void *user, int64_t iteration, double inertia, double changed);

static int check_input(const kmeans_data *data, const kmeans_options *o)
{
    int rc = OK;
    if (data->n_global < 1) FAIL(ERR_INVALID, "no vector to train a codebook from");
    if (data->d < 1 || data->n_local < 0 || data->n_global > (int64_t)1 << 42)
        FAIL(ERR_INVALID, "%lld training vectors of %lld values", (long long)data->n_global, (long long)data->d);
    if (o->size < 1 || o->size > UINT32_MAX || o->seed_vectors < 1 || o->max_iterations < 0 ||
        !(o->held_out >= 0 && o->held_out < 1))
        FAIL(ERR_INVALID, "settings of k-means: size %lld, seed vectors %lld, iterations %lld, held out %g",
             (long long)o->size, (long long)o->seed_vectors, (long long)o->max_iterations, o->held_out);
    if (o->start && kmeans_magnitude(o->start, o->size * data->d) >= 0x7f800000)
        FAIL(ERR_INVALID, "a centroid to start from has a value that is not finite");
done:
    return rc;
}

/* Why the training ends with the pass just done; NULL: it goes on. */
static const char *reason_to_end(const kmeans_job *j, const kmeans_state *s, const kmeans_pass *a)
{
    double tolerance = j->o->tolerance;
    const kmeans_step *last = s->iteration > 0 ? s->history + s->iteration - 1 : NULL;
    if (last && tolerance >= 0 && !last->filled &&
        (a->changed == 0 || (double)a->changed < tolerance * (double)j->n_train ||
         last->inertia - a->inertia < tolerance * last->inertia))
        return "converged";
    return s->iteration >= j->o->max_iterations ? "max-iterations" : NULL;
}

static int iterate(kmeans_job *j, kmeans_state *s, kmeans_pass *a, const char *folder, kmeans_report report, void *user,
                   const char **reason)
{
    int rc = OK, mine = OK; /* what this rank brings into the next pass, which tells the others */
    size_t bytes = (size_t)(j->o->size * j->data->d) * sizeof *s->current;
    if (s->iteration > 0) TRY(kmeans_pass_run(j, a, s->previous, OK));
    for (;;) {
        if (mine == OK) mine = kmeans_state_reserve(s);
        TRY(kmeans_pass_run(j, a, s->current, mine));
        *reason = reason_to_end(j, s, a);
        if (*reason) break;
        memcpy(s->previous, s->current, bytes);
        kmeans_step *step = s->history + s->iteration;
        *step = (kmeans_step){.inertia = a->inertia, .changed = (double)a->changed / (double)j->n_train};
        TRY(kmeans_update(j, a, s->previous, s->current, &step->filled));
        s->iteration++;
        if (j->p->rank == 0 && folder) mine = kmeans_state_save(j, folder, s);
        if (report && j->p->rank == 0) report(user, s->iteration, step->inertia, step->changed);
    }
done:
    return rc;
}

/* exp of the entropy. Long double: its functions are the same on every processor. */
static double perplexity_of(const int64_t *counts, int64_t k, int64_t n)
{
    long double entropy = 0;
    for (int64_t c = 0; c < k; c++) {
        long double share = (long double)counts[c] / (long double)n;
        if (counts[c]) entropy -= share * logl(share);
    }
    return (double)expl(entropy);
}

static int fill_history(const kmeans_state *s, codebook *out)
{
    int rc = OK;
    size_t n = (size_t)s->iteration;
    TRY(MEM_ALLOC(out->history, n));
    TRY(MEM_ALLOC(out->changed, n));
    TRY(MEM_ALLOC(out->filled, n));
    for (size_t i = 0; i < n; i++) {
        out->history[i] = s->history[i].inertia;
        out->changed[i] = s->history[i].changed;
        out->filled[i] = s->history[i].filled;
    }
    out->n_history = s->iteration;
done:
    return rc;
}

static int fill_result(const kmeans_job *j, const kmeans_state *s, const kmeans_pass *a, const char *reason,
                       codebook *out)
{
    int rc = OK;
    int64_t k = j->o->size;
    codebook_quality *q = &out->quality;
    TRY(mem_copy((char **)&out->centroids, s->current, (size_t)(k * j->data->d) * sizeof *s->current));
    TRY(mem_copy((char **)&out->counts, a->sums.counts, (size_t)k * sizeof *a->sums.counts));
    TRY(fill_history(s, out));
    out->k = k;
    out->d = j->data->d;
    out->seed = j->o->seed;
    q->n_train = j->n_train;
    q->n_held_out = j->n_held_out;
    q->inertia = a->inertia;
    q->iterations = s->iteration;
    q->perplexity = perplexity_of(out->counts, k, j->n_train);
    q->codes_used = 0;
    for (int64_t c = 0; c < k; c++) q->codes_used += out->counts[c] > 0;
    snprintf(q->stop, sizeof q->stop, "%s", reason);
    kmeans_start_text(j, q->start, sizeof q->start);
done:
    return rc;
}

int kmeans_fit(par *p, const kmeans_data *data, const kmeans_options *o, const char *state, kmeans_stop stop,
               kmeans_report report, void *user, codebook *out)
{
    int rc = OK;
    kmeans_job j = {.p = p, .data = data, .o = o, .stop = stop, .user = user};
    kmeans_state s = {0};
    kmeans_pass a = {0};
    const char *reason = NULL;
    TRY(par_agree(p, check_input(data, o)));
    TRY(par_node_create(&j.node, p));
    TRY(kmeans_check_ranges(p, data));
    rc = kmeans_rows_create(&j.rows, data, (uint64_t)o->seed, o->held_out, o->metric);
    if (rc == OK) rc = MEM_ALLOC(j.mean, (size_t)data->d);
    if (rc == OK) rc = kmeans_state_create(&s, o->size, data->d);
    TRY(par_agree(p, rc));
    TRY(kmeans_survey(&j));
    if (state) TRY(kmeans_state_load(&j, state, &s));
    TRY(kmeans_start(&j, &s, state));
    TRY(par_agree(p, kmeans_pass_create(&a, &j)));
    TRY(iterate(&j, &s, &a, state, report, user, &reason));
    TRY(kmeans_measure(&j, s.current, &out->quality.inertia_held_out));
    out->quality.variance = j.spread;
    TRY(par_agree(p, fill_result(&j, &s, &a, reason, out)));
done:
    if (rc != OK) {
        mem_free(&out->centroids);
        mem_free(&out->counts);
        mem_free(&out->history);
        mem_free(&out->changed);
        mem_free(&out->filled);
    }
    kmeans_rows_free(&j.rows);
    kmeans_vectors_free(&j.vectors);
    mem_free(&j.mean);
    kmeans_state_free(&s);
    kmeans_pass_free(&a, &j);
    par_node_free(&j.node);
    return rc;
}
