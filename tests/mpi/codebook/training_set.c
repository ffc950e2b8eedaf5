#include "training_set.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "tensor/half.h"

#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double noise(uint64_t key, int64_t i, int64_t w)
{
    double sum = 0;
    for (uint64_t t = 0; t < 3; t++) sum += rng_uniform(key + t, (uint64_t)i, (uint64_t)w) - 0.5;
    return 2 * sum;
}

static double value_of(const training_set *s, int64_t i, int64_t w)
{
    if (s->kind & TRAINING_REPEATS && i > 0 && rng_bits(6, (uint64_t)i, 0) % 100 < 45)
        i = (int64_t)(rng_bits(7, (uint64_t)i, 0) % (uint64_t)i);
    switch (s->kind & (TRAINING_FLOATS - 1)) {
    case TRAINING_BLOBS: return 4 * noise(10, (int64_t)(rng_bits(1, (uint64_t)i, 0) % 20), w) + noise(20, i, w) / 8;
    case TRAINING_CLOUD: return noise(30, i, w);
    case TRAINING_OFFSET: return 1000 + 8 * noise(40, i, w);
    case TRAINING_FEW: return noise(50, (int64_t)(rng_bits(2, (uint64_t)i, 0) % 7), w);
    case TRAINING_CONSTANT: return i % 5 == 0 ? 0 : w % 2 ? 3.5 : noise(60, i, w);
    case TRAINING_GRID: return (double)(rng_bits(4, (uint64_t)i, (uint64_t)w) % 5) - 2;
    case TRAINING_WIDE: return ldexp(noise(70, i, w), (int)(rng_bits(3, (uint64_t)i, (uint64_t)w) % 38) - 23);
    case TRAINING_DECAYING: return noise(80, i, w) / (double)(w + 1);
    case TRAINING_ZERO: break;
    }
    return 0;
}

void training_vector(const training_set *s, int64_t i, uint16_t *x)
{
    for (int64_t w = 0; w < s->d; w++) x[w] = half_from_float((float)value_of(s, i, w));
    if (i == s->bad) x[s->d - 1] = half_from_float(s->kind & TRAINING_INFINITE ? -INFINITY : NAN);
}

void training_floats(const training_set *s, int64_t i, float *x)
{
    for (int64_t w = 0; w < s->d; w++) {
        x[w] = (float)value_of(s, i, w);
        if (!(s->kind & TRAINING_FLOATS)) x[w] = half_to_float(half_from_float(x[w]));
    }
    if (i == s->bad) x[s->d - 1] = s->kind & TRAINING_INFINITE ? -INFINITY : NAN;
}

static int read_vectors(void *user, int64_t i, int64_t n, void *buffer, const void **rows)
{
    const training_set *s = user;
    *rows = buffer;
    for (int64_t v = 0; v < n; v++) {
        if (s->kind & TRAINING_FLOATS)
            training_floats(s, i + v, (float *)buffer + v * s->d);
        else
            training_vector(s, i + v, (uint16_t *)buffer + v * s->d);
    }
    return OK;
}

static int64_t share_before(const training_set *s, int rank, int size)
{
    static const int weights[] = {3, 0, 5, 1}; /* of ranks 0, 1, 2, 3 */
    int before = 0, all = 0;
    for (int r = 0; r < size; r++) all += weights[r % 4];
    for (int r = 0; r < rank; r++) before += weights[r % 4];
    return s->n * before / all;
}

kmeans_data training_share(const training_set *s, const par *p)
{
    int64_t first = share_before(s, p->rank, p->size), end = share_before(s, p->rank + 1, p->size);
    return (kmeans_data){.n_global = s->n,
                         .first = first,
                         .n_local = end - first,
                         .d = s->d,
                         .type = s->kind & TRAINING_FLOATS ? KMEANS_FLOAT : KMEANS_HALF,
                         .read = read_vectors,
                         .user = (void *)(uintptr_t)s};
}

par training_alone(const par *all)
{
    par self = *all;
    self.rank = 0;
    self.size = 1;
    self.world = MPI_COMM_SELF;
    return self;
}

par training_group(const par *all, int size)
{
    par group = *all;
    MPI_Comm world;
    MPI_Comm_split(all->world, all->rank < size ? 0 : MPI_UNDEFINED, all->rank, &world);
    group.world = world;
    group.size = all->rank < size ? size : 0;
    return group;
}

void training_folder(par *all, char path[64])
{
    strcpy(path, "/tmp/tessera-test-kmeans-XXXXXX");
    if (all->rank == 0) CHECK(all, mkdtemp(path) != NULL);
    par_broadcast(all, path, 64);
}

void training_folder_remove(par *all, const char *path)
{
    par_barrier(all);
    if (all->rank == 0) CHECK(all, file_remove_tree(path) == OK);
}

int training_fit(par *p, const char *folder, const training_set *s, const kmeans_options *o, codebook *out)
{
    char *state = NULL;
    kmeans_data data = training_share(s, p);
    *out = (codebook){0};
    /* ranks that train alone at the same time have folders of their own */
    int owner = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &owner);
    CHECK(p, mem_format(&state, "%s/fit-%d-%d", folder, p->size, owner) == OK);
    CHECK(p, file_make_folder(state) == OK);
    int rc = kmeans_fit(p, &data, o, state, NULL, NULL, NULL, out);
    CHECK(p, file_remove_tree(state) == OK);
    mem_free(&state);
    return rc;
}

void training_clear(codebook *c)
{
    mem_free(&c->centroids);
    mem_free(&c->counts);
    mem_free(&c->history);
    mem_free(&c->changed);
    mem_free(&c->filled);
    *c = (codebook){0};
}

int training_same(const codebook *a, const codebook *b)
{
    return a->k == b->k && a->d == b->d && a->n_history == b->n_history && a->seed == b->seed &&
           memcmp(a->centroids, b->centroids, (size_t)(a->k * a->d) * sizeof *a->centroids) == 0 &&
           memcmp(a->counts, b->counts, (size_t)a->k * sizeof *a->counts) == 0 &&
           memcmp(a->history, b->history, (size_t)a->n_history * sizeof *a->history) == 0 &&
           memcmp(a->changed, b->changed, (size_t)a->n_history * sizeof *a->changed) == 0 &&
           memcmp(a->filled, b->filled, (size_t)a->n_history * sizeof *a->filled) == 0 &&
           memcmp(&a->quality, &b->quality, sizeof a->quality) == 0;
}
