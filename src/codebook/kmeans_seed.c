#include "codebook/kmeans_job.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "codebook/kmeans_masses.h"
#include "codebook/unit_length.h"

#include <math.h>
#include <string.h>

/* Greedy k-means++ (Arthur, Vassilvitskii, SODA 2007): each seed is the best of L vectors drawn with probability
 * proportional to the squared distance to the seeds so far. In the order of the ranks the vectors are in ascending
 * order of their numbers, whatever the number of ranks. Distances are those of vectors less the mean, so that an offset
 * costs no precision. */

enum { N_STOPPED, N_FAILED, N_FLAGS };

typedef struct seeder {
    kmeans_job *j;
    int64_t seeding;
    int64_t d, n;      /* values per vector; vectors here */
    const float *mean; /* (d) */
    float *zeros;      /* (d) the mean where vectors are scaled to unit length only here */
    kmeans_masses masses;
    int64_t n_trials;    /* L */
    int64_t *potentials; /* (L) sums of masses here, were trial t the next seed */
    int64_t *by_rank;    /* (ranks, L) the same of every rank */
    int64_t *rank_mass;  /* (ranks) current sums of masses */
    int64_t *exchange;   /* trials as bits, (L, pitch / 2), then the flags */
    int64_t pitch;       /* d, made even */
    float *trials;       /* (L, d) as in the data */
    float *centred;      /* (L, d) less the mean */
} seeder;

static void subtract_mean(const seeder *s, const float *x, float *out)
{
    for (int64_t w = 0; w < s->d; w++) out[w] = x[w] - s->mean[w];
}

/* Vector i of this rank as seeds are compared. */
static int read_vector(const seeder *s, int64_t i, float *x)
{
    int rc = OK;
    TRY(kmeans_vectors_read(&s->j->vectors, i, 1, x));
    if (s->j->o->metric == KMEANS_INNER) unit_length(x, s->d, x);
done:
    return rc;
}

static int load_vectors(seeder *s)
{
    int rc = OK;
    float *x = NULL;
    size_t size;
    TRY(size_mul(KMEANS_MASS_PART, (size_t)s->d, &size));
    TRY(MEM_ALLOC(x, size));
    for (int64_t first = 0; first < s->n; first += KMEANS_MASS_PART) {
        for (int64_t i = 0; i < KMEANS_MASS_PART && first + i < s->n; i++) {
            TRY(read_vector(s, first + i, x + i * s->d));
            subtract_mean(s, x + i * s->d, x + i * s->d);
        }
        TRY(kmeans_masses_load(&s->masses, first / KMEANS_MASS_PART, x));
    }
done:
    mem_free(&x);
    return rc;
}

/* L. It falls for large codebooks, whose work grows with L K^2: beyond 8192 codes the draws among many vectors find
 * most of what more trials would. */
static int64_t trials_for(int64_t k)
{
    if (k > 8192) return 3;
    if (k > 4096) return 5;
    return 2 + (int64_t)floorl(logl((long double)k));
}

static int seeder_create(seeder *s, kmeans_job *j, int64_t seeding)
{
    int rc = OK;
    size_t ranks = (size_t)j->p->size, trials, size;
    *s = (seeder){.j = j, .seeding = seeding, .d = j->data->d, .n = j->vectors.n, .mean = j->mean};
    s->pitch = (s->d + 1) / 2 * 2;
    s->n_trials = trials_for(j->o->size);
    trials = (size_t)s->n_trials;
    TRY(size_mul(trials, (size_t)s->pitch, &size));
    TRY(MEM_ALLOC(s->trials, size));
    TRY(MEM_ALLOC(s->centred, size));
    TRY(MEM_ALLOC(s->exchange, size / 2 + N_FLAGS));
    TRY(MEM_ALLOC(s->potentials, trials));
    TRY(MEM_ALLOC(s->by_rank, trials * ranks));
    TRY(MEM_ALLOC(s->rank_mass, ranks));
    if (j->o->metric == KMEANS_INNER) {
        TRY(MEM_ALLOC(s->zeros, (size_t)s->d));
        s->mean = s->zeros;
    }
    TRY(kmeans_masses_create(&s->masses, s->n, s->d, s->n_trials));
    TRY(load_vectors(s));
done:
    return rc;
}

static void seeder_free(seeder *s)
{
    mem_free(&s->zeros);
    kmeans_masses_free(&s->masses);
    mem_free(&s->potentials);
    mem_free(&s->by_rank);
    mem_free(&s->rank_mass);
    mem_free(&s->exchange);
    mem_free(&s->trials);
    mem_free(&s->centred);
}

/* Scale of the masses, and the number of vectors per rank as the first masses: the first seed is drawn evenly. */
static void start_masses(seeder *s)
{
    double longest = kmeans_masses_longest(&s->masses);
    par_max(s->j->p, &longest, 1);
    kmeans_masses_scale(&s->masses, s->j->n_train, longest);
    par_gather_all(s->j->p, &s->n, sizeof s->n, s->rank_mass);
}

/* The vector of this rank in which `target` falls, given the masses (or, for the first seed, one each) of the ranks
 * before; -1: of another. */
static int64_t find_target(const seeder *s, int64_t target, int first_seed)
{
    for (int r = 0; r < s->j->p->rank; r++) target -= s->rank_mass[r];
    if (target < 0 || target >= s->rank_mass[s->j->p->rank]) return -1;
    return first_seed ? target : kmeans_masses_find(&s->masses, target);
}

/* Draw n vectors and bring them to all ranks: each comes from the one rank that holds it, the others add zeros. `mine`
 * is what this rank has to say before. */
static int draw(seeder *s, int64_t step, int64_t n, int64_t total, int mine)
{
    int rc = mine;
    kmeans_job *j = s->j;
    size_t words = (size_t)(n * s->pitch / 2);
    int64_t *flags = s->exchange + words;
    memset(s->exchange, 0, (words + N_FLAGS) * sizeof *s->exchange);
    for (int64_t t = 0; t < n && rc == OK; t++) {
        uint64_t bits = rng_bits(j->rows.seed, KMEANS_DRAW_KEY(s->seeding, step), (uint64_t)t);
        int64_t i = find_target(s, (int64_t)((unsigned __int128)bits * (uint64_t)total >> 64), step == 0);
        if (i < 0) continue;
        rc = read_vector(s, i, s->trials);
        memcpy(s->exchange + t * s->pitch / 2, s->trials, (size_t)s->d * sizeof *s->trials);
    }
    flags[N_STOPPED] = j->stop && j->stop(j->user);
    flags[N_FAILED] = rc != OK;
    par_sum(j->p, s->exchange, words + N_FLAGS);
    if (flags[N_FAILED]) TRY(par_agree(j->p, rc));
    if (flags[N_STOPPED]) FAIL(ERR_STOPPED, "stopped while choosing the seeds of k-means");
    for (int64_t t = 0; t < n; t++)
        memcpy(s->trials + t * s->d, s->exchange + t * s->pitch / 2, (size_t)s->d * sizeof *s->trials);
done:
    return rc;
}

/* The sum of masses that each of n trials would leave here. */
static void try_all(seeder *s, int64_t n)
{
    for (int64_t t = 0; t < n; t++) subtract_mean(s, s->trials + t * s->d, s->centred + t * s->d);
    kmeans_masses_try(&s->masses, s->centred, n, s->potentials);
}

/* The trial that leaves the least sum over all ranks, the first on ties, becomes a seed. Collective. */
static int64_t take_best(seeder *s, int64_t n)
{
    int64_t best = 0, least = INT64_MAX;
    par_gather_all(s->j->p, s->potentials, (size_t)n * sizeof *s->potentials, s->by_rank);
    for (int64_t t = 0; t < n; t++) {
        int64_t sum = 0;
        for (int r = 0; r < s->j->p->size; r++) sum += s->by_rank[r * n + t];
        if (sum < least) least = sum, best = t;
    }
    for (int r = 0; r < s->j->p->size; r++) s->rank_mass[r] = s->by_rank[r * n + best];
    kmeans_masses_take(&s->masses, best);
    return best;
}

static int choose(seeder *s, float *seeds, int64_t *n_seeds, int (*keep)(void *user), void *user)
{
    int rc = OK, mine = OK;
    int64_t k = s->j->o->size, done = *n_seeds;
    size_t bytes = (size_t)s->d * sizeof *seeds;
    for (int64_t step = 0; step < k; step++) {
        int64_t total = 0, n = step == 0 || step < done ? 1 : s->n_trials;
        for (int r = 0; r < s->j->p->size; r++) total += s->rank_mass[r];
        if (step >= done && total == 0)
            memcpy(seeds + step * s->d, seeds,
                   bytes); /* every vector is a seed: a copy of the first, which stays unused */
        if (total == 0) continue;
        if (step < done)
            memcpy(s->trials, seeds + step * s->d, bytes);
        else
            TRY(draw(s, step, n, total, mine));
        try_all(s, n);
        memcpy(seeds + step * s->d, s->trials + take_best(s, n) * s->d, bytes);
        if (step < done) continue;
        *n_seeds = step + 1;
        if (keep && s->j->p->rank == 0) mine = keep(user);
    }
    *n_seeds = k;
    TRY(par_agree(s->j->p, mine));
done:
    return rc;
}

int kmeans_seed(kmeans_job *j, int64_t seeding, float *seeds, int64_t *n_seeds, int (*keep)(void *user), void *user)
{
    int rc = OK;
    seeder s = {0};
    if (*n_seeds == j->o->size) return OK;
    TRY(par_agree(j->p, seeder_create(&s, j, seeding)));
    start_masses(&s);
    TRY(choose(&s, seeds, n_seeds, keep, user));
done:
    seeder_free(&s);
    return rc;
}
