#include "codebook/kmeans_job.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "tensor/panel.h"

#include <math.h>
#include <string.h>

/* Greedy k-means++ (Arthur, Vassilvitskii, SODA 2007): each seed is the best of L = 2 + ln K vectors drawn with
 * probability proportional to the squared distance to the seeds so far. Every rank keeps the vectors of the subsample
 * that it holds; in the order of the ranks they are in ascending order of their numbers, whatever the number of ranks.
 *
 * Distances come from panel products of vectors less the mean (so that an offset costs no precision), which are the
 * same on every processor; as masses they are integers, so sums over ranks are exact. A vector equal to a seed has the
 * distance 0 exactly, since its length comes from the same chain of additions as the product. */

enum { BUCKET_BITS = 16, N_BUCKETS = 1 << BUCKET_BITS, SUM_BITS = 62 };
enum { N_STOPPED, N_FAILED, N_FLAGS };

typedef struct seeder {
    kmeans_job *j;
    int64_t d, n, n_all;  /* values per vector; vectors of the subsample here and on all ranks */
    int64_t *numbers;     /* (n) */
    panel *sample;        /* (n, d) vectors less the mean */
    float *lengths;       /* (n) squared */
    int64_t *mass;        /* (n) squared distance to the nearest seed, times scale */
    double scale;         /* power of two: the sum of all masses is below 2^62 */
    int64_t n_trials;     /* L */
    float *products;      /* (L, n) of trials and vectors */
    int64_t *potentials;  /* (L) sums of masses here, were trial t the next seed */
    int64_t *by_rank;     /* (ranks, L) the same of every rank */
    int64_t *rank_mass;   /* (ranks) current sums of masses */
    int64_t *exchange;    /* trials as bits, (L, pitch / 2), then the flags */
    int64_t pitch;        /* d, made even */
    float *trials;        /* (L, d) as in the data */
    float *centred;       /* (L, d) less the mean */
    float *trial_lengths; /* (L) */
} seeder;

static uint64_t hash_of(const seeder *s, int64_t number)
{
    return rng_bits(s->j->rows.seed, KMEANS_KEY(KMEANS_SUBSAMPLE, 0), (uint64_t)number);
}

/* The hash below or at which `wanted` training vectors lie: 16 bits at a time, by counting over all ranks. */
static int find_threshold(seeder *s, int64_t wanted, uint64_t *threshold)
{
    int rc = OK;
    int64_t *buckets = NULL, first = s->j->data->first, end = first + s->j->data->n_local;
    *threshold = 0;
    TRY(par_agree(s->j->p, MEM_ALLOC(buckets, N_BUCKETS)));
    for (int shift = 64 - BUCKET_BITS; shift >= 0; shift -= BUCKET_BITS) {
        memset(buckets, 0, N_BUCKETS * sizeof *buckets);
        for (int64_t i = first; i < end; i++) {
            uint64_t hash = hash_of(s, i);
            int same =
                shift + BUCKET_BITS == 64 || hash >> (shift + BUCKET_BITS) == *threshold >> (shift + BUCKET_BITS);
            if (same && !kmeans_is_held_out(&s->j->rows, i)) buckets[hash >> shift & (N_BUCKETS - 1)]++;
        }
        par_sum(s->j->p, buckets, N_BUCKETS);
        uint64_t b = 0;
        for (; b < N_BUCKETS - 1 && buckets[b] < wanted; b++) wanted -= buckets[b];
        *threshold |= b << shift;
    }
done:
    mem_free(&buckets);
    return rc;
}

/* The chain of a panel product of x with itself (tensor/panel.h). */
static float chained_length(const float *x, int64_t d)
{
    float sum = 0;
    for (int64_t first = 0; first < d; first += 256) {
        float chain = 0;
        for (int64_t w = first; w < d && w < first + 256; w++) chain = fmaf(x[w], x[w], chain);
        sum = first ? sum + chain : chain;
    }
    return sum;
}

static void subtract_mean(const seeder *s, const float *x, float *out)
{
    for (int64_t w = 0; w < s->d; w++) out[w] = x[w] - s->j->mean[w];
}

static int load_subsample(seeder *s, uint64_t threshold)
{
    int rc = OK;
    int64_t first = s->j->data->first, end = first + s->j->data->n_local;
    float *all = NULL;
    size_t size, capacity = 0;
    for (int64_t i = first; i < end; i++) {
        if (hash_of(s, i) > threshold || kmeans_is_held_out(&s->j->rows, i)) continue;
        TRY(MEM_GROW(s->numbers, &capacity, (size_t)s->n + 1));
        s->numbers[s->n++] = i;
    }
    TRY(size_mul((size_t)s->n, (size_t)s->d, &size));
    TRY(MEM_ALLOC(all, size));
    TRY(MEM_ALLOC(s->lengths, (size_t)s->n));
    TRY(MEM_ALLOC(s->mass, (size_t)s->n));
    TRY(size_mul((size_t)s->n, (size_t)s->n_trials, &size));
    TRY(MEM_ALLOC(s->products, size));
    for (int64_t i = 0; i < s->n; i++) {
        float *x = all + i * s->d;
        TRY(kmeans_rows_one(&s->j->rows, s->numbers[i], x));
        subtract_mean(s, x, x);
        s->lengths[i] = chained_length(x, s->d);
        s->mass[i] = INT64_MAX;
    }
    TRY(panel_create(&s->sample, all, s->n, s->d));
done:
    mem_free(&all);
    return rc;
}

static int seeder_create(seeder *s, kmeans_job *j)
{
    int rc = OK;
    size_t ranks = (size_t)j->p->size, trials, size;
    *s = (seeder){.j = j, .d = j->data->d, .pitch = (j->data->d + 1) / 2 * 2};
    s->n_trials = 2 + (int64_t)floorl(logl((long double)j->o->size));
    trials = (size_t)s->n_trials;
    TRY(size_mul(trials, (size_t)s->pitch, &size));
    TRY(MEM_ALLOC(s->trials, size));
    TRY(MEM_ALLOC(s->centred, size));
    TRY(MEM_ALLOC(s->trial_lengths, trials));
    TRY(MEM_ALLOC(s->exchange, size / 2 + N_FLAGS));
    TRY(MEM_ALLOC(s->potentials, trials));
    TRY(MEM_ALLOC(s->by_rank, trials * ranks));
    TRY(MEM_ALLOC(s->rank_mass, ranks));
done:
    return rc;
}

static void seeder_free(seeder *s)
{
    mem_free(&s->numbers);
    panel_free(&s->sample);
    mem_free(&s->lengths);
    mem_free(&s->mass);
    mem_free(&s->products);
    mem_free(&s->potentials);
    mem_free(&s->by_rank);
    mem_free(&s->rank_mass);
    mem_free(&s->exchange);
    mem_free(&s->trials);
    mem_free(&s->centred);
    mem_free(&s->trial_lengths);
}

/* Scale of the masses, and the number of vectors per rank as the first masses: the first seed is drawn evenly. */
static void start_masses(seeder *s)
{
    double longest = 0;
    int exponent = 0;
    for (int64_t i = 0; i < s->n; i++) longest = fmax(longest, s->lengths[i]);
    par_max(s->j->p, &longest, 1);
    frexp(4.01 * longest * (double)s->n_all, &exponent);
    s->scale = ldexp(1, SUM_BITS - exponent);
    par_gather_all(s->j->p, &s->n, sizeof s->n, s->rank_mass);
}

/* The vector of this rank in which `target` falls, given the masses (or, for the first seed, one each) of the ranks
 * before; -1: of another. */
static int64_t find_target(const seeder *s, int64_t target, int first_seed)
{
    for (int r = 0; r < s->j->p->rank; r++) target -= s->rank_mass[r];
    if (target < 0 || target >= s->rank_mass[s->j->p->rank]) return -1;
    if (first_seed) return target;
    int64_t i = 0;
    while (target >= s->mass[i]) target -= s->mass[i++];
    return i;
}

/* Draw n vectors and bring them to all ranks: each comes from the one rank that holds it, the others add zeros. */
static int draw(seeder *s, int64_t step, int64_t n, int64_t total)
{
    int rc = OK;
    kmeans_job *j = s->j;
    size_t words = (size_t)(n * s->pitch / 2);
    int64_t *flags = s->exchange + words;
    memset(s->exchange, 0, (words + N_FLAGS) * sizeof *s->exchange);
    for (int64_t t = 0; t < n && rc == OK; t++) {
        uint64_t bits = rng_bits(j->rows.seed, KMEANS_KEY(KMEANS_DRAW, step), (uint64_t)t);
        int64_t i = find_target(s, (int64_t)((unsigned __int128)bits * (uint64_t)total >> 64), step == 0);
        if (i < 0) continue;
        rc = kmeans_rows_one(&j->rows, s->numbers[i], s->trials);
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

/* Mass of vector i if trial t became a seed. */
static int64_t mass_with(const seeder *s, int64_t i, int64_t t)
{
    double distance = (double)s->lengths[i] + (double)s->trial_lengths[t] - 2 * (double)s->products[t * s->n + i];
    int64_t mass = distance > 0 ? (int64_t)(distance * s->scale) : 0;
    return mass < s->mass[i] ? mass : s->mass[i];
}

/* Products of n trials with all vectors, and the sum of masses that each would leave here. */
static void try_all(seeder *s, int64_t n)
{
    for (int64_t t = 0; t < n; t++) {
        subtract_mean(s, s->trials + t * s->d, s->centred + t * s->d);
        s->trial_lengths[t] = chained_length(s->centred + t * s->d, s->d);
    }
    panel_multiply(s->sample, s->centred, n, s->products);
    for (int64_t t = 0; t < n; t++) {
        int64_t sum = 0;
        for (int64_t i = 0; i < s->n; i++) sum += mass_with(s, i, t);
        s->potentials[t] = sum;
    }
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
    for (int64_t i = 0; i < s->n; i++) s->mass[i] = mass_with(s, i, best);
    return best;
}

static int choose(seeder *s, float *seeds, int64_t *n_seeds)
{
    int rc = OK;
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
            TRY(draw(s, step, n, total));
        try_all(s, n);
        memcpy(seeds + step * s->d, s->trials + take_best(s, n) * s->d, bytes);
        if (step >= done) *n_seeds = step + 1;
    }
    *n_seeds = k;
done:
    return rc;
}

int kmeans_seed(kmeans_job *j, float *seeds, int64_t *n_seeds)
{
    int rc = OK;
    seeder s = {0};
    int64_t wanted;
    uint64_t threshold = UINT64_MAX;
    TRY(par_agree(j->p, seeder_create(&s, j)));
    if (!__builtin_mul_overflow(j->o->size, j->o->seed_vectors, &wanted) && wanted < j->n_train)
        TRY(find_threshold(&s, wanted, &threshold));
    TRY(par_agree(j->p, load_subsample(&s, threshold)));
    s.n_all = par_sum_one(j->p, s.n);
    start_masses(&s);
    TRY(choose(&s, seeds, n_seeds));
done:
    seeder_free(&s);
    return rc;
}
