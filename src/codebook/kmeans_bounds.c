#include "codebook/kmeans_bounds_parts.h"

#include "base/memory.h"
#include "base/status.h"
#include "tensor/bound_scan.h"

#include <math.h>
#include <string.h>

enum { MOST_BLOCK = 1024, BLOCK_BYTES = 1 << 18, LEAST_BLOCK = 128 };

int64_t kmeans_bounds_bytes(const filter *f)
{
    return filter_row_bytes(f) + f->n_panels * (int64_t)sizeof(uint16_t) + (int64_t)sizeof(float);
}

static int allocate(kmeans_bounds *b)
{
    int rc = OK;
    size_t size, groups = (size_t)b->n_groups;
    TRY(MEM_RESERVE(b->upper, (size_t)b->n));
    TRY(size_mul((size_t)b->n, groups, &size));
    TRY(MEM_ALLOC(b->lower, size)); /* zeros: no group is excluded */
    TRY(MEM_ALLOC(b->centroids, (size_t)(b->k * b->d)));
    TRY(MEM_ALLOC(b->moved, (size_t)b->k));
    TRY(MEM_ALLOC(b->group, groups));
    TRY(MEM_ALLOC(b->group_above, groups));
    TRY(MEM_ALLOC(b->group_below, groups));
    TRY(MEM_ALLOC(b->doubtful, (size_t)b->block));
    TRY(MEM_ALLOC(b->live, (size_t)b->block));
    TRY(MEM_ALLOC(b->members, groups * (size_t)b->block));
    TRY(MEM_ALLOC(b->n_members, groups));
    TRY(MEM_ALLOC(b->which, groups + 16));
    TRY(MEM_ALLOC(b->pairs, KMEANS_PAIRS + PANEL8_ROWS * PANEL8_COLUMNS));
    TRY(MEM_ALLOC(b->sorted, KMEANS_PAIRS + PANEL8_ROWS * PANEL8_COLUMNS));
    TRY(MEM_ALLOC(b->starts, (size_t)b->block + 1));
    TRY(filter_rows_create(&b->rows, b->f, b->n));
done:
    return rc;
}

static int fill_rows(kmeans_bounds *b)
{
    int rc = OK;
    float *x = NULL;
    TRY(MEM_ALLOC(x, (size_t)(FILTER_BLOCK * b->d)));
    for (int64_t i = 0; i < b->n; i += FILTER_BLOCK) {
        int64_t m = b->n - i < FILTER_BLOCK ? b->n - i : FILTER_BLOCK;
        TRY(kmeans_vectors_read(b->v, i, m, x));
        filter_rows_set(&b->rows, b->f, i, x, m);
    }
done:
    mem_free(&x);
    return rc;
}

int kmeans_bounds_create(kmeans_bounds **out, filter **f, const kmeans_vectors *v, int64_t n, uint32_t *codes,
                         const float *centroids, double longest)
{
    int rc = OK, exponent = 0;
    kmeans_bounds *b = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(b, 1));
    *b = (kmeans_bounds){.f = *f, .v = v, .n = n, .k = (*f)->k, .d = (*f)->d, .codes = codes};
    b->n_groups = b->f->n_panels;
    b->scan = bound_scan_best();
    b->apart = 1 + (double)(b->d + 16) * 0x1p-52;
    b->quick_less = 1 - distance_quick_error(b->d);
    frexp(2 * sqrt(longest), &exponent);
    b->unit = (float)ldexp(1, 13 - exponent < -100 ? -100 : 13 - exponent > 100 ? 100 : 13 - exponent);
    b->block = BLOCK_BYTES / (b->f->layout.words * 4 + 64) / PANEL8_ROWS * PANEL8_ROWS;
    if (b->block < LEAST_BLOCK) b->block = LEAST_BLOCK;
    if (b->block > MOST_BLOCK) b->block = MOST_BLOCK;
    TRY(allocate(b));
    TRY(fill_rows(b));
    memcpy(b->centroids, centroids, (size_t)(b->k * b->d) * sizeof *centroids);
    for (int64_t i = 0; i < n; i++) b->upper[i] = INFINITY;
    *f = NULL;
    *out = b;
    b = NULL;
done:
    if (b) b->f = NULL; /* the caller keeps it */
    kmeans_bounds_free(&b);
    return rc;
}

void kmeans_bounds_free(kmeans_bounds **pb)
{
    kmeans_bounds *b = *pb;
    if (!b) return;
    filter_free(&b->f);
    filter_rows_free(&b->rows);
    mem_free(&b->upper);
    mem_free(&b->lower);
    mem_free(&b->centroids);
    mem_free(&b->moved);
    mem_free(&b->group);
    mem_free(&b->group_above);
    mem_free(&b->group_below);
    mem_free(&b->doubtful);
    mem_free(&b->live);
    mem_free(&b->members);
    mem_free(&b->n_members);
    mem_free(&b->which);
    mem_free(&b->pairs);
    mem_free(&b->sorted);
    mem_free(&b->starts);
    mem_free(pb);
}

/* How far the centroids moved since the pass before. */
static void note_moves(kmeans_bounds *b, const float *centroids)
{
    size_t bytes = (size_t)b->d * sizeof *centroids;
    for (int64_t g = 0; g < b->n_groups; g++) {
        double most = 0;
        for (int64_t j = g * PANEL8_COLUMNS; j < (g + 1) * PANEL8_COLUMNS && b->f->codes[j] != FILTER_NONE; j++) {
            int64_t c = b->f->codes[j];
            const float *now = centroids + c * b->d;
            float *before = b->centroids + c * b->d;
            if (memcmp(now, before, bytes) == 0) continue;
            double step = sqrt(b->v->distance->floats(now, before, b->d)) * b->apart;
            b->moved[c] = (b->moved[c] + step) * (1 + 0x1p-50);
            most = step > most ? step : most;
            memcpy(before, now, bytes);
        }
        b->group[g] = (b->group[g] + most) * (1 + 0x1p-50);
        b->group_above[g] = filter_up(b->group[g] * (double)b->unit);
        b->group_below[g] = filter_down(b->group[g]);
    }
}

/* The upper bound as it is compared: kept apart from lower bounds, in units, rounded up. */
static float limit_of(const kmeans_bounds *b, double distance)
{
    return (float)(distance * b->apart * (1 + 0x1p-22) * (double)b->unit);
}

static void store_upper(kmeans_bounds *b, int64_t i, uint32_t code, double squared)
{
    double distance = sqrt(squared) * b->apart - b->moved[code];
    b->upper[i] = filter_up(distance);
}

/* Vectors of the block that bounds of old do not settle; they lie in memory, so those that come soon are fetched. */
static int64_t find_doubtful(kmeans_bounds *b, int64_t first, int64_t n)
{
    int64_t found = 0;
    for (int64_t i = first; i < first + n; i++) {
        float limit = limit_of(b, (double)b->upper[i] + b->moved[b->codes[i]]);
        if (b->scan->any(b->lower + i * b->n_groups, b->group_above, b->n_groups, limit)) b->doubtful[found++] = i;
    }
    return found;
}

/* Vector i, of which the exact distance is known now, and the groups where it may belong. */
static void look_at(kmeans_bounds *b, int64_t i, double squared)
{
    uint32_t code = b->codes[i];
    store_upper(b, i, code, squared);
    int64_t m =
        b->scan->below(b->lower + i * b->n_groups, b->group_above, b->n_groups, limit_of(b, sqrt(squared)), b->which);
    if (!m) return;
    double whole = b->rows.squared[i], slack = filter_slack(b->f, whole);
    live *l = &b->live[b->n_live];
    *l = (live){i, code, code, squared, squared, filter_limit(b->f, &b->rows, i, squared), 0};
    l->base = isfinite(l->limit) ? filter_down(whole - slack) : -INFINITY;
    for (int64_t g = 0; g < m; g++)
        b->members[b->which[g] * b->block + b->n_members[b->which[g]]++] = (uint32_t)b->n_live;
    b->n_live++;
}

/* Vectors of the block whose nearest centroid may be another, and the groups where it may be. */
static int find_live(kmeans_bounds *b, int64_t first, int64_t n, const float *centroids)
{
    int rc = OK;
    const void *row;
    size_t bytes = kmeans_row_bytes(b->v->rows->data);
    int64_t found = find_doubtful(b, first, n);
    int in_place = kmeans_vectors_in_place(b->v);
    b->n_live = 0;
    memset(b->n_members, 0, (size_t)b->n_groups * sizeof *b->n_members);
    for (int64_t v = 0; v < found; v++) {
        int64_t i = b->doubtful[v];
        if (in_place && v + 2 < found) {
            TRY(kmeans_vectors_row(b->v, b->doubtful[v + 2], &row));
            kmeans_fetch(row, bytes);
        }
        TRY(kmeans_vectors_row(b->v, i, &row));
        look_at(b, i, kmeans_vectors_distance(b->v, row, centroids + b->codes[i] * b->d));
    }
    b->work.vectors += b->n_live;
    b->work.distances += found;
done:
    return rc;
}

/* Up to 8 members of a group through the filter. */
static void filter_tile(kmeans_bounds *b, int64_t g, const uint32_t *members, int64_t m)
{
    panel8_tile t;
    _Alignas(64) float scores[PANEL8_ROWS * PANEL8_COLUMNS];
    float base[PANEL8_ROWS], least[PANEL8_ROWS];
    uint64_t below[PANEL8_ROWS];
    uint16_t bounds[PANEL8_ROWS];
    const int32_t *codes = b->f->codes + g * PANEL8_COLUMNS;
    for (int i = 0; i < PANEL8_ROWS; i++) {
        const live *l = &b->live[members[i < m ? i : 0]];
        filter_tile_set(&b->rows, l->i, i, &t);
        t.limit[i] = l->limit;
        base[i] = l->base;
    }
    b->f->kernel->filter(&b->f->layout, b->f->panels + (size_t)g * b->f->layout.bytes, &t, scores, below, least);
    b->scan->pack8(base, least, b->group_below[g], b->unit, bounds);
    for (int64_t i = 0; i < m; i++) {
        b->lower[b->live[members[i]].i * b->n_groups + g] = bounds[i];
        for (uint64_t bits = below[i]; bits; bits &= bits - 1) {
            int j = __builtin_ctzll(bits);
            float score = scores[i * PANEL8_COLUMNS + j];
            if (codes[j] != FILTER_NONE) b->pairs[b->n_pairs++] = (pair){members[i], (uint32_t)codes[j], score};
        }
    }
}

static int run_block(kmeans_bounds *b, int64_t first, int64_t n, const float *centroids, kmeans_changed *changed,
                     void *user)
{
    int rc = OK;
    TRY(find_live(b, first, n, centroids));
    for (int64_t g = 0; g < b->n_groups; g++) {
        const uint32_t *members = b->members + g * b->block;
        b->work.groups += b->n_members[g];
        for (int64_t i = 0; i < b->n_members[g]; i += PANEL8_ROWS) {
            int64_t left = b->n_members[g] - i;
            filter_tile(b, g, members + i, left < PANEL8_ROWS ? left : PANEL8_ROWS);
            if (b->n_pairs >= KMEANS_PAIRS) TRY(kmeans_settle(b, centroids));
        }
    }
    TRY(kmeans_settle(b, centroids));
    for (int64_t i = 0; i < b->n_live; i++) {
        const live *l = &b->live[i];
        if (l->code == l->first) continue;
        TRY(changed(user, l->i, l->code));
        b->codes[l->i] = l->code;
        store_upper(b, l->i, l->code, l->distance);
    }
done:
    b->n_pairs = 0;
    return rc;
}

int kmeans_bounds_load(kmeans_bounds *b, const float *centroids, int share, int of)
{
    int64_t n = b->n_groups;
    note_moves(b, centroids);
    return filter_load_panels(b->f, centroids, n * share / of, n * (share + 1) / of);
}

int kmeans_bounds_run(kmeans_bounds *b, const float *centroids, kmeans_changed *changed, int (*stop)(void *user),
                      void *user, int *stopped)
{
    int rc = OK;
    *stopped = 0;
    b->work = (kmeans_work){0};
    for (int64_t i = 0; i < b->n; i += b->block) {
        *stopped = stop && stop(user);
        if (*stopped) break;
        TRY(run_block(b, i, b->n - i < b->block ? b->n - i : b->block, centroids, changed, user));
    }
done:
    return rc;
}

kmeans_work kmeans_bounds_work(const kmeans_bounds *b) { return b->work; }
