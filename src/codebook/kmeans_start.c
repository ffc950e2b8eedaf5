#include "codebook/kmeans_subsample.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "codebook/unit_length.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* Everything happens on the subsample. Seedings differ in their draws alone; each is followed by some iterations and
 * measured on vectors that took no part. One seeding needs no measure, and no iterations unless a pass over the
 * subsample is cheap beside one over all vectors. */

/* Training vectors per vector of the subsample from which one seeding is followed by iterations too. */
enum { MUCH_LARGER = 4 };
static const double keep_every = 60; /* seconds between checkpoints while seeds are drawn */

typedef struct starter {
    kmeans_job *j;
    kmeans_state *s;
    const char *folder;
    kmeans_subsample part;
    float *centroids, *before; /* (k, d) of the iterations */
    double kept_at;            /* when the latest checkpoint was written */
} starter;

int64_t kmeans_seedings(const kmeans_options *o) { return o->seedings < 1 ? 1 : o->seedings; }

void kmeans_start_text(const kmeans_job *j, char *text, size_t size)
{
    const kmeans_options *o = j->o;
    long long n = (long long)kmeans_seedings(o), wanted;
    const char *plural = n == 1 ? "" : "s";
    if (o->start)
        snprintf(text, size, "given");
    else if (__builtin_mul_overflow(o->size, o->seed_vectors, &wanted) || wanted >= j->n_train)
        snprintf(text, size, "greedy k-means++, %lld seeding%s, all vectors", n, plural);
    else
        snprintf(text, size, "greedy k-means++, %lld seeding%s, %lld vectors per code", n, plural,
                 (long long)o->seed_vectors);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static size_t bytes_of(const kmeans_job *j) { return (size_t)(j->o->size * j->data->d) * sizeof(float); }

/* Called on rank 0 after each seed. */
static int keep_seeds(void *user)
{
    int rc = OK;
    starter *t = user;
    if (!t->folder || now() - t->kept_at < keep_every) return OK;
    TRY(kmeans_state_save(t->j, t->folder, t->s));
    t->kept_at = now();
done:
    return rc;
}

/* Commit what is done. Collective. */
static int keep(starter *t)
{
    int rc = OK;
    if (t->j->p->rank == 0 && t->folder) rc = kmeans_state_save(t->j, t->folder, t->s);
    t->kept_at = now();
    return par_agree(t->j->p, rc);
}

/* Iterations on the subsample from the seeds on, t->centroids, and *inertia of its held-out vectors, or of all of it
 * where there are none. Collective. */
static int iterate(starter *t, kmeans_pass *a, double *inertia)
{
    int rc = OK;
    int64_t filled = 1;
    kmeans_job *j = &t->part.job;
    memcpy(t->centroids, t->s->current, bytes_of(j));
    for (int64_t i = 0; i < KMEANS_START_ITERATIONS; i++) {
        TRY(kmeans_pass_run(j, a, t->centroids, OK));
        if (a->changed == 0 && filled == 0) break;
        memcpy(t->before, t->centroids, bytes_of(j));
        TRY(kmeans_update(j, a, t->before, t->centroids, &filled));
    }
    if (kmeans_seedings(t->j->o) == 1) goto done;
    if (j->n_held_out) TRY(kmeans_measure(j, t->centroids, inertia));
    if (!j->n_held_out) TRY(kmeans_pass_run(j, a, t->centroids, OK));
    if (!j->n_held_out) *inertia = a->inertia;
done:
    return rc;
}

/* The seeding in progress to its end. Collective. */
static int finish_seeding(starter *t)
{
    int rc = OK;
    kmeans_pass a = {0};
    kmeans_state *s = t->s;
    int64_t n = kmeans_seedings(t->j->o);
    double inertia = 0;
    TRY(kmeans_seed(&t->part.job, s->seeding, s->current, &s->n_seeds, keep_seeds, t));
    if (t->centroids) {
        TRY(par_agree(t->j->p, kmeans_pass_create(&a, &t->part.job)));
        TRY(iterate(t, &a, &inertia));
    }
    if (n > 1)
        LOG_JOB(LOG_INFO, "k-means: seeding %lld of %lld: inertia %.9g of %lld vectors", (long long)s->seeding + 1,
                (long long)n, inertia,
                (long long)(t->part.job.n_held_out ? t->part.job.n_held_out : t->part.job.n_train));
    if (s->seeding == 0 || inertia < s->best) {
        s->best = inertia;
        memcpy(s->previous, t->centroids ? t->centroids : s->current, bytes_of(t->j));
    }
    s->seeding++;
    s->n_seeds = 0;
    if (s->seeding == n) memcpy(s->current, s->previous, bytes_of(t->j));
done:
    kmeans_pass_free(&a, &t->part.job);
    return rc;
}

static int prepare(starter *t)
{
    int rc = OK;
    TRY(kmeans_subsample_create(&t->part, t->j));
    if (kmeans_seedings(t->j->o) > 1 || t->j->n_train / MUCH_LARGER >= t->part.job.n_train) {
        rc = mem_alloc((void **)&t->centroids, bytes_of(t->j), 1);
        if (rc == OK) rc = mem_alloc((void **)&t->before, bytes_of(t->j), 1);
        TRY(par_agree(t->j->p, rc));
    }
done:
    return rc;
}

static void take_given(const kmeans_job *j, kmeans_state *s)
{
    int64_t d = j->data->d;
    memcpy(s->current, j->o->start, bytes_of(j));
    for (int64_t c = 0; c < j->o->size && j->o->metric != KMEANS_L2; c++)
        unit_length(s->current + c * d, d, s->current + c * d);
    s->seeding = kmeans_seedings(j->o);
}

int kmeans_start(kmeans_job *j, kmeans_state *s, const char *folder)
{
    int rc = OK, chosen = OK;
    int64_t n = kmeans_seedings(j->o);
    starter t = {.j = j, .s = s, .folder = folder, .kept_at = now()};
    if (s->seeding == n) return OK;
    if (j->o->start)
        take_given(j, s);
    else
        chosen = prepare(&t);
    do {
        if (chosen == OK && s->seeding < n) chosen = finish_seeding(&t);
        if (chosen != OK && chosen != ERR_STOPPED) TRY(chosen);
        TRY(keep(&t));
        if (chosen == ERR_STOPPED) FAIL(ERR_STOPPED, "stopped while choosing the seeds of k-means");
    } while (s->seeding < n);
done:
    kmeans_subsample_free(&t.part);
    mem_free(&t.centroids);
    mem_free(&t.before);
    return rc;
}
