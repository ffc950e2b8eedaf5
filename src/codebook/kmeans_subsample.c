#include "codebook/kmeans_subsample.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"

#include <string.h>

enum { BUCKET_BITS = 16, N_BUCKETS = 1 << BUCKET_BITS };
enum { N_TRAIN, N_HELD_OUT, N_STOPPED, N_FAILED, N_COUNTS };

static uint64_t hash_of(const kmeans_job *j, int64_t number)
{
    return rng_bits(j->rows.seed, KMEANS_KEY(KMEANS_SUBSAMPLE, 0), (uint64_t)number);
}

/* Vectors of this rank among which those of a kind are: all, or exactly the held-out ones. */
static int64_t n_candidates(const kmeans_job *j, int held_out)
{
    return held_out ? j->vectors.n_held_out : j->data->n_local;
}

static int64_t candidate(const kmeans_job *j, int held_out, int64_t i)
{
    return held_out ? j->vectors.held_out[i] : j->data->first + i;
}

static int is_of_kind(const kmeans_job *j, int held_out, int64_t number)
{
    return held_out || !kmeans_is_held_out(&j->rows, number);
}

/* The hash at or below which `wanted` vectors of a kind lie: 16 bits at a time, by counting over all ranks. */
static int find_threshold(kmeans_job *j, int held_out, int64_t wanted, uint64_t *threshold)
{
    int rc = OK;
    int64_t *buckets = NULL, n = n_candidates(j, held_out);
    *threshold = 0;
    TRY(par_agree(j->p, MEM_ALLOC(buckets, N_BUCKETS)));
    for (int shift = 64 - BUCKET_BITS; shift >= 0; shift -= BUCKET_BITS) {
        memset(buckets, 0, N_BUCKETS * sizeof *buckets);
        for (int64_t i = 0; i < n; i++) {
            int64_t number = candidate(j, held_out, i);
            uint64_t hash = hash_of(j, number);
            int same =
                shift + BUCKET_BITS == 64 || hash >> (shift + BUCKET_BITS) == *threshold >> (shift + BUCKET_BITS);
            if (same && is_of_kind(j, held_out, number)) buckets[hash >> shift & (N_BUCKETS - 1)]++;
        }
        par_sum(j->p, buckets, N_BUCKETS);
        uint64_t b = 0;
        for (; b < N_BUCKETS - 1 && buckets[b] < wanted; b++) wanted -= buckets[b];
        *threshold |= b << shift;
    }
done:
    mem_free(&buckets);
    return rc;
}

/* Add the numbers of the vectors of a kind whose hash is low enough. */
static int list(kmeans_subsample *s, const kmeans_job *j, int held_out, uint64_t threshold)
{
    int rc = OK;
    int64_t *n = held_out ? &s->n_held_out : &s->n;
    for (int64_t i = 0; i < n_candidates(j, held_out); i++) {
        int64_t number = candidate(j, held_out, i);
        if (hash_of(j, number) > threshold || !is_of_kind(j, held_out, number)) continue;
        TRY(MEM_GROW(s->numbers, &s->capacity, (size_t)(s->n + s->n_held_out) + 1));
        s->numbers[s->n + s->n_held_out] = number;
        *n += 1;
    }
done:
    return rc;
}

/* Vectors whose numbers follow each other are read together. */
static int copy_rows(kmeans_subsample *s, const kmeans_job *j, int64_t *stopped)
{
    int rc = OK;
    const kmeans_data *data = j->data;
    size_t bytes = kmeans_row_bytes(data), size;
    int64_t n = s->n + s->n_held_out, run, ask = 0;
    TRY(size_mul((size_t)n, bytes, &size));
    TRY(MEM_RESERVE(s->rows, size));
    for (int64_t i = 0; i < n; i += run) {
        const void *rows;
        if (i >= ask) {
            *stopped = j->stop && j->stop(j->user);
            ask = i + KMEANS_BLOCK;
        }
        if (*stopped) break;
        for (run = 1; run < KMEANS_BLOCK && i + run < n && s->numbers[i + run] == s->numbers[i] + run;) run++;
        TRY(data->read(data->user, s->numbers[i], run, j->rows.buffer, &rows));
        memcpy(s->rows + (size_t)i * bytes, rows, (size_t)run * bytes);
    }
done:
    return rc;
}

static int read_copy(void *user, int64_t i, int64_t n, void *buffer, const void **rows)
{
    const kmeans_subsample *s = user;
    *rows = s->rows + (size_t)(i - s->data.first) * kmeans_row_bytes(&s->data);
    return OK;
}

/* The copies as a training; counts are those of all ranks. */
static int make_job(kmeans_subsample *s, kmeans_job *j, const int64_t *counts)
{
    int rc = OK;
    int64_t n = s->n + s->n_held_out;
    s->data = (kmeans_data){.n_global = counts[N_TRAIN] + counts[N_HELD_OUT],
                            .first = par_prefix(j->p, n),
                            .n_local = n,
                            .d = j->data->d,
                            .type = j->data->type,
                            .in_place = 1,
                            .read = read_copy,
                            .user = s};
    s->options = *j->o;
    s->options.start = NULL;
    s->options.max_iterations = KMEANS_START_ITERATIONS;
    s->job = *j;
    s->job.data = &s->data;
    s->job.o = &s->options;
    s->job.n_train = counts[N_TRAIN];
    s->job.n_held_out = counts[N_HELD_OUT];
    s->job.rows = (kmeans_rows){0};
    for (int64_t i = 0; i < n; i++) s->numbers[i] = s->data.first + i;
    s->job.vectors = j->vectors;
    s->job.vectors.rows = &s->job.rows;
    s->job.vectors.weights = NULL;
    s->job.vectors.n = s->n;
    s->job.vectors.numbers = s->numbers;
    s->job.vectors.n_held_out = s->n_held_out;
    s->job.vectors.held_out = s->numbers + s->n;
    TRY(kmeans_spread(&s->job, kmeans_rows_create(&s->job.rows, &s->data, j->rows.seed, 0, j->o->metric)));
done:
    return rc;
}

int kmeans_subsample_create(kmeans_subsample *s, kmeans_job *j)
{
    int rc = OK, mine;
    int64_t counts[N_COUNTS] = {0}, wanted;
    uint64_t threshold = UINT64_MAX, threshold_held_out = UINT64_MAX;
    *s = (kmeans_subsample){0};
    if (!__builtin_mul_overflow(j->o->size, j->o->seed_vectors, &wanted) && wanted < j->n_train)
        TRY(find_threshold(j, 0, wanted, &threshold));
    else
        wanted = j->n_train;
    if (wanted < j->n_held_out) TRY(find_threshold(j, 1, wanted, &threshold_held_out));
    mine = MEM_GROW(s->numbers, &s->capacity, 1);
    if (mine == OK) mine = list(s, j, 0, threshold);
    if (mine == OK) mine = list(s, j, 1, threshold_held_out);
    if (mine == OK) mine = copy_rows(s, j, &counts[N_STOPPED]);
    counts[N_TRAIN] = s->n;
    counts[N_HELD_OUT] = s->n_held_out;
    counts[N_FAILED] = mine != OK;
    par_sum(j->p, counts, N_COUNTS);
    if (counts[N_FAILED]) TRY(par_agree(j->p, mine));
    if (counts[N_STOPPED]) FAIL(ERR_STOPPED, "stopped while reading the vectors that seeding looks at");
    TRY(make_job(s, j, counts));
done:
    return rc;
}

void kmeans_subsample_free(kmeans_subsample *s)
{
    kmeans_rows_free(&s->job.rows);
    mem_free(&s->rows);
    mem_free(&s->numbers);
    *s = (kmeans_subsample){0};
}
