#include "jobs/sample_set.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "jobs/sample_again.h"
#include "tensor/half.h"

#include <string.h>

enum { BLOCK = 256 };

typedef struct mapped_part {
    int64_t first; /* global number of its first vector */
    int64_t base;  /* rows in the parts before it */
    sample_view view;
} mapped_part;

struct sample_set {
    mapped_part *parts; /* those of this rank's range, ascending */
    size_t n_parts, capacity;
    int64_t raw_width;
    sample_again *again; /* NULL: all parts have their values */
    const projection *map;
    float *raw, *projected; /* (BLOCK, ...) */
    size_t hint;
};

/* Vectors per unit, found by rank 0 and shared; and whether all parts have their values. */
static int share_counts(stages *s, const char *folder, uint64_t hash, int64_t *counts, int64_t *width, int *stored)
{
    int rc = OK;
    char *path = NULL;
    int64_t n_units = unit_table_units(s->units);
    *width = 0;
    *stored = 1;
    for (int64_t u = 0; s->j->p.rank == 0 && u < n_units && rc == OK; u++) {
        int64_t d = 0;
        int there = 1;
        mem_free(&path);
        rc = stage_numbered_path(s->j, folder, u, ".f16", &path);
        if (rc == OK && unit_table_unit(s->units, u)->piece < 0)
            rc = sample_part_count(path, hash, &counts[u], &d, &there);
        if (counts[u]) *width = d;
        if (counts[u] && !there) *stored = 0;
    }
    mem_free(&path);
    TRY(par_agree(&s->j->p, rc));
    par_broadcast(&s->j->p, counts, (size_t)n_units * sizeof *counts);
    par_broadcast(&s->j->p, width, sizeof *width);
    par_broadcast(&s->j->p, stored, sizeof *stored);
done:
    return rc;
}

static int map_own_parts(sample_set *x, const stages *s, const char *folder, uint64_t hash, const int64_t *counts,
                         const kmeans_data *data)
{
    int rc = OK;
    char *path = NULL;
    int64_t at = 0, end = data->first + data->n_local, base = 0;
    for (int64_t u = 0; u < unit_table_units(s->units); at += counts[u], u++) {
        if (!counts[u] || at + counts[u] <= data->first || at >= end) continue;
        mem_free(&path);
        TRY(stage_numbered_path(s->j, folder, u, ".f16", &path));
        TRY(MEM_GROW(x->parts, &x->capacity, x->n_parts + 1));
        mapped_part *p = &x->parts[x->n_parts];
        *p = (mapped_part){.first = at, .base = base};
        TRY(sample_view_open(&p->view, path, hash));
        x->n_parts++;
        base += p->view.n_rows;
        if (p->view.n != counts[u] || p->view.d != x->raw_width || (!p->view.stored && !x->again))
            FAIL(ERR_CORRUPT, "%s has changed", path);
    }
done:
    mem_free(&path);
    return rc;
}

static int vector_at(sample_set *x, int64_t i, const uint16_t **vector)
{
    size_t low = 0, high = x->n_parts;
    if (x->hint < x->n_parts && x->parts[x->hint].first <= i && i - x->parts[x->hint].first < x->parts[x->hint].view.n)
        low = x->hint, high = low + 1;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (x->parts[middle].first <= i)
            low = middle;
        else
            high = middle;
    }
    x->hint = low;
    const mapped_part *p = &x->parts[low];
    if (!p->view.stored) return sample_again_vector(x->again, &p->view, p->base, i - p->first, vector);
    *vector = p->view.values + (i - p->first) * x->raw_width;
    return OK;
}

static int read_vectors(void *user, int64_t i, int64_t n, void *buffer, const void **rows)
{
    int rc = OK;
    sample_set *x = user;
    uint16_t *out = buffer;
    const uint16_t *vector = NULL;
    size_t w = (size_t)x->raw_width;
    *rows = buffer;
    if (!x->map) {
        for (int64_t r = 0; r < n; r++) {
            TRY(vector_at(x, i + r, &vector));
            if (n > 1 || x->again) memcpy(out + (size_t)r * w, vector, w * sizeof *out);
        }
        if (n == 1 && !x->again) *rows = vector;
        goto done;
    }
    size_t d = (size_t)projection_outputs(x->map);
    for (int64_t r = 0; r < n; r += BLOCK) {
        int64_t m = n - r < BLOCK ? n - r : BLOCK;
        for (int64_t k = 0; k < m; k++) {
            TRY(vector_at(x, i + r + k, &vector));
            half_to_floats(vector, w, x->raw + (size_t)k * w);
        }
        projection_run(x->map, x->raw, m, x->projected);
        half_from_floats(x->projected, (size_t)m * d, out + (size_t)r * d);
    }
done:
    return rc;
}

int sample_set_open(sample_set **out, stages *s, media_kind kind, uint64_t hash, const projection *map,
                    kmeans_data *data)
{
    int rc = OK, stored;
    par *p = &s->j->p;
    sample_set *x = NULL;
    int64_t *counts = NULL;
    char folder[64];
    *out = NULL;
    snprintf(folder, sizeof folder, "features/%s", stream_name(core_stream(kind)));
    rc = MEM_ALLOC(x, 1);
    if (rc == OK) rc = MEM_ALLOC(counts, (size_t)unit_table_units(s->units));
    TRY(par_agree(p, rc));
    TRY(share_counts(s, folder, hash, counts, &x->raw_width, &stored));
    if (!stored) TRY(sample_again_open(&x->again, s, kind));
    *data = (kmeans_data){.d = map ? projection_outputs(map) : x->raw_width, .read = read_vectors, .user = x};
    data->in_place = !map && stored;
    for (int64_t u = 0; u < unit_table_units(s->units); u++) data->n_global += counts[u];
    data->first = data->n_global * p->rank / p->size;
    data->n_local = data->n_global * (p->rank + 1) / p->size - data->first;
    x->map = map;
    rc = map_own_parts(x, s, folder, hash, counts, data);
    if (rc == OK && map) rc = MEM_ALLOC(x->raw, (size_t)(BLOCK * x->raw_width));
    if (rc == OK && map) rc = MEM_ALLOC(x->projected, (size_t)(BLOCK * data->d));
    TRY(par_agree(p, rc));
    *out = x;
    x = NULL;
done:
    mem_free(&counts);
    sample_set_close(&x);
    return rc;
}

void sample_set_close(sample_set **px)
{
    sample_set *x = *px;
    if (!x) return;
    sample_again_close(&x->again);
    for (size_t i = 0; i < x->n_parts; i++) sample_view_close(&x->parts[i].view);
    mem_free(&x->parts);
    mem_free(&x->raw);
    mem_free(&x->projected);
    mem_free(px);
}
