#include "memory_set.h"

#include "base/memory.h"
#include "base/status.h"
#include "codebook/kmeans_rows.h"
#include "codebook/kmeans_sums.h"
#include "codebook/unit_length.h"
#include "tensor/distance.h"

#include <math.h>
#include <string.h>

static size_t row_bytes(const memory_set *m)
{
    return (size_t)m->from.d * (m->from.kind & TRAINING_FLOATS ? sizeof(float) : sizeof(uint16_t));
}

void memory_set_create(par *p, memory_set *m, const training_set *s, memory_place place)
{
    *m = (memory_set){.from = *s, .place = place};
    CHECK(p, mem_alloc(&m->rows, (size_t)s->n, row_bytes(m)) == OK);
    CHECK(p, MEM_ALLOC(m->x, (size_t)(s->n * s->d)) == OK);
    for (int i = 0; i < 2; i++) CHECK(p, mem_alloc((void **)&m->slots[i], KMEANS_BLOCK, row_bytes(m)) == OK);
    for (int64_t i = 0; i < s->n; i++) {
        training_floats(s, i, m->x + i * s->d);
        if (s->kind & TRAINING_FLOATS)
            training_floats(s, i, (float *)m->rows + i * s->d);
        else
            training_vector(s, i, (uint16_t *)m->rows + i * s->d);
    }
}

void memory_set_free(memory_set *m)
{
    mem_free(&m->rows);
    mem_free(&m->x);
    for (int i = 0; i < 2; i++) mem_free(&m->slots[i]);
}

static int read_vectors(void *user, int64_t i, int64_t n, void *buffer, const void **rows)
{
    memory_set *m = user;
    const char *from = (const char *)m->rows + (size_t)i * row_bytes(m);
    *rows = m->place == MEMORY_IN_PLACE ? from : buffer;
    if (m->place == MEMORY_BUFFER) memcpy(buffer, from, (size_t)n * row_bytes(m));
    if (m->place == MEMORY_UNTIL_NEXT) {
        memset(m->slots[m->slot], 0x3f, row_bytes(m));
        m->slot = !m->slot;
        *rows = memcpy(m->slots[m->slot], from, (size_t)n * row_bytes(m));
    }
    return OK;
}

static int64_t share_before(const memory_set *m, int rank, int size)
{
    static const int weights[] = {8, 4, 0, 6, 1}; /* rank 0 has enough to choose a filter */
    int before = 0, all = 0;
    for (int r = 0; r < size; r++) all += weights[r % 5];
    for (int r = 0; r < rank; r++) before += weights[r % 5];
    return m->from.n * before / all;
}

kmeans_data memory_share(memory_set *m, const par *p)
{
    kmeans_data data = training_share(&m->from, p);
    data.first = share_before(m, p->rank, p->size);
    data.n_local = share_before(m, p->rank + 1, p->size) - data.first;
    data.in_place = m->place == MEMORY_IN_PLACE;
    data.read = read_vectors;
    data.user = m;
    return data;
}

int memory_fit(par *p, memory_set *m, const kmeans_options *o, codebook *out)
{
    kmeans_data data = memory_share(m, p);
    *out = (codebook){0};
    return kmeans_fit(p, &data, o, NULL, NULL, NULL, NULL, out);
}

/* Rank 0's bytes on every rank. */
static void *share(par *all, void *of_rank_0, size_t bytes)
{
    void *mine = of_rank_0;
    if (all->rank != 0) CHECK(all, mem_alloc(&mine, bytes, 1) == OK);
    par_broadcast(all, mine, bytes);
    return mine;
}

void memory_fit_alone(par *all, memory_set *m, const kmeans_options *o, codebook *out)
{
    par self = training_alone(all);
    size_t k = (size_t)o->size, d = (size_t)m->from.d;
    *out = (codebook){0};
    if (all->rank == 0) CHECK(all, memory_fit(&self, m, o, out) == OK);
    codebook alone = *out;
    par_broadcast(all, out, sizeof *out);
    size_t n = (size_t)out->n_history;
    out->centroids = share(all, alone.centroids, k * d * sizeof *out->centroids);
    out->counts = share(all, alone.counts, k * sizeof *out->counts);
    out->history = share(all, alone.history, n * sizeof *out->history);
    out->changed = share(all, alone.changed, n * sizeof *out->changed);
    out->filled = share(all, alone.filled, n * sizeof *out->filled);
}

int64_t memory_nearest(const float *x, const float *centroids, int64_t k, int64_t d, double *squared)
{
    int64_t best = 0;
    const distance_kernel *kernel = distance_kernel_best();
    *squared = INFINITY;
    for (int64_t j = 0; j < k; j++) {
        double distance = kernel->floats(x, centroids + j * d, d);
        if (distance < *squared) *squared = distance, best = j;
    }
    return best;
}

/* Plain Lloyd. */
typedef struct lloyd {
    const kmeans_options *o;
    int64_t n, d, k;
    float *x;      /* (n, d) training vectors alone, of unit length where that is asked for */
    int64_t *code; /* (n) */
    double *distance;
    double units;
    int64_t *counts;
    double *inertia; /* (k) */
    char *split;     /* (k) */
} lloyd;

static void take_vectors(par *p, lloyd *l, const memory_set *m)
{
    kmeans_rows rows = {.seed = (uint64_t)l->o->seed, .held_out = l->o->held_out};
    float most = 0;
    CHECK(p, MEM_ALLOC(l->x, (size_t)(m->from.n * l->d)) == OK && MEM_ALLOC(l->code, (size_t)m->from.n) == OK &&
                 MEM_ALLOC(l->distance, (size_t)m->from.n) == OK && MEM_ALLOC(l->inertia, (size_t)l->k) == OK &&
                 MEM_ALLOC(l->split, (size_t)l->k) == OK);
    for (int64_t i = 0; i < m->from.n; i++) {
        for (int64_t w = 0; w < l->d; w++) most = fmaxf(most, fabsf(m->x[i * l->d + w]));
        if (kmeans_is_held_out(&rows, i)) continue;
        memcpy(l->x + l->n * l->d, m->x + i * l->d, (size_t)l->d * sizeof *l->x);
        if (l->o->metric == KMEANS_COSINE) unit_length(l->x + l->n * l->d, l->d, l->x + l->n * l->d);
        l->n++;
    }
    l->units = l->o->metric == KMEANS_COSINE    ? kmeans_units_for(1.001)
               : m->from.kind & TRAINING_FLOATS ? kmeans_units_for(most > 0x1p-80f ? most : 0x1p-80f)
                                                : 0x1p24;
}

static double assign(lloyd *l, const float *c)
{
    double all = 0;
    memset(l->counts, 0, (size_t)l->k * sizeof *l->counts);
    memset(l->inertia, 0, (size_t)l->k * sizeof *l->inertia);
    for (int64_t i = 0; i < l->n; i++) {
        l->code[i] = memory_nearest(l->x + i * l->d, c, l->k, l->d, &l->distance[i]);
        l->counts[l->code[i]]++;
        l->inertia[l->code[i]] += l->distance[i];
        all += l->distance[i];
    }
    return all;
}

static void to_mean(const lloyd *l, int64_t j, float *c)
{
    for (int64_t w = 0; w < l->d; w++) {
        __int128 sum = 0;
        for (int64_t i = 0; i < l->n; i++)
            if (l->code[i] == j) sum += llrint((double)l->x[i * l->d + w] * l->units);
        c[w] = (float)((double)sum / (double)l->counts[j] / l->units);
    }
    if (l->o->metric != KMEANS_L2) unit_length(c, l->d, c);
}

/* Empty clusters one after the other, once the means are there. */
static void fill(lloyd *l, float *c)
{
    memset(l->split, 0, (size_t)l->k);
    for (int64_t j = 0; j < l->k; j++) {
        int64_t best = -1, far = -1;
        if (l->counts[j]) continue;
        for (int64_t a = 0; a < l->k; a++)
            if (l->counts[a] > 1 && !l->split[a] && l->inertia[a] > (best < 0 ? 0 : l->inertia[best])) best = a;
        if (best < 0) return;
        l->split[best] = 1;
        for (int64_t i = 0; i < l->n; i++)
            if (l->code[i] == best && (far < 0 || l->distance[i] > l->distance[far])) far = i;
        for (int64_t w = 0; w < l->d; w++) {
            float mean = c[best * l->d + w];
            c[j * l->d + w] = mean + (l->x[far * l->d + w] - mean) / 64;
        }
        if (l->o->metric != KMEANS_L2) unit_length(c + j * l->d, l->d, c + j * l->d);
    }
}

void memory_lloyd(par *p, const memory_set *m, const kmeans_options *o, float *c, int64_t *counts, double *history,
                  double *inertia)
{
    lloyd l = {.o = o, .d = m->from.d, .k = o->size, .counts = counts};
    take_vectors(p, &l, m);
    for (int64_t j = 0; j < l.k && o->metric != KMEANS_L2; j++) unit_length(c + j * l.d, l.d, c + j * l.d);
    for (int64_t t = 0;; t++) {
        *inertia = assign(&l, c);
        if (t == o->max_iterations) break;
        history[t] = *inertia;
        for (int64_t j = 0; j < l.k; j++)
            if (counts[j]) to_mean(&l, j, c + j * l.d);
        fill(&l, c);
    }
    mem_free(&l.x);
    mem_free(&l.code);
    mem_free(&l.distance);
    mem_free(&l.inertia);
    mem_free(&l.split);
}
