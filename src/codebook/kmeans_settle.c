#include "codebook/kmeans_bounds_parts.h"

#include "base/status.h"

#include <math.h>
#include <string.h>

/* A centroid at least at this distance that is not the vector's: its group's bound is no higher. */
static void lower_bound(kmeans_bounds *b, int64_t i, uint32_t code, float distance)
{
    int64_t g = b->f->panel_of[code];
    uint16_t *bound = &b->lower[i * b->n_groups + g];
    float down = 1 - 0x1p-20f;
    uint16_t h = bound_pack((distance * down + b->group_below[g]) * down * b->unit);
    if (h < *bound) *bound = h;
}

/* Lower bound of the distance of a centroid with this score. */
static float distance_from(const live *l, float score)
{
    float squared = l->base + score;
    return squared > 0 ? sqrtf(squared) : 0;
}

/* Compare one centroid in full. */
static int settle_pair(kmeans_bounds *b, live *l, const pair *p, const void **row, const float *centroids)
{
    int rc = OK;
    double squared = l->start;
    if (p->code != l->first) {
        const float *c = centroids + p->code * b->d;
        if (!*row) TRY(kmeans_vectors_row(b->v, l->i, row));
        double least = kmeans_vectors_quick(b->v, *row, c) * b->quick_less - 0x1p-120;
        if (least > l->distance * b->apart) {
            lower_bound(b, l->i, p->code, filter_down(sqrt(least)));
            goto done;
        }
        squared = kmeans_vectors_distance(b->v, *row, c);
        b->work.distances++;
    }
    if (squared < l->distance || (squared == l->distance && p->code < l->code)) {
        lower_bound(b, l->i, l->code, (float)sqrt(l->distance));
        l->code = p->code;
        l->distance = squared;
        l->limit = filter_limit(b->f, &b->rows, l->i, squared);
    } else {
        lower_bound(b, l->i, p->code, (float)sqrt(squared));
    }
done:
    return rc;
}

/* The centroids left for one vector, most promising first: each exact distance tightens the limit for the others, and
 * of those above it the least score bounds their group. Pairs of a group stand together. */
static int settle_vector(kmeans_bounds *b, live *l, const pair *pairs, int64_t n, const float *centroids)
{
    int rc = OK;
    const void *row = NULL;
    const pair *best = pairs, *above = NULL;
    for (int64_t p = 1; p < n; p++)
        if (pairs[p].score < best->score) best = pairs + p;
    if (best->code != l->code) TRY(settle_pair(b, l, best, &row, centroids));
    for (const pair *p = pairs; p < pairs + n; p++) {
        if (p == best || p->code == l->code) continue;
        if (p->score <= l->limit) {
            TRY(settle_pair(b, l, p, &row, centroids));
            continue;
        }
        int same_group = above && b->f->panel_of[above->code] == b->f->panel_of[p->code];
        if (above && !same_group) lower_bound(b, l->i, above->code, distance_from(l, above->score));
        if (!same_group || p->score < above->score) above = p;
    }
    if (above) lower_bound(b, l->i, above->code, distance_from(l, above->score));
done:
    return rc;
}

/* Pairs by vector, then each vector's; vectors lie in memory, so those that come soon are fetched. */
int kmeans_settle(kmeans_bounds *b, const float *centroids)
{
    int rc = OK;
    const void *row;
    size_t bytes = kmeans_row_bytes(b->v->rows->data);
    int in_place = kmeans_vectors_in_place(b->v);
    int64_t *starts = b->starts;
    memset(starts, 0, (size_t)(b->n_live + 1) * sizeof *starts);
    for (int64_t p = 0; p < b->n_pairs; p++) starts[b->pairs[p].live + 1]++;
    for (int64_t v = 0; v < b->n_live; v++) starts[v + 1] += starts[v];
    for (int64_t p = 0; p < b->n_pairs; p++) b->sorted[starts[b->pairs[p].live]++] = b->pairs[p];
    for (int64_t v = 0, first = 0; v < b->n_live; first = starts[v], v++) {
        int64_t n = starts[v] - first;
        const pair *p = b->sorted + first;
        if (n == 0 || (n == 1 && p->code == b->live[v].code)) continue;
        if (in_place && v + 1 < b->n_live && starts[v + 1] - starts[v] > 1) {
            TRY(kmeans_vectors_row(b->v, b->live[v + 1].i, &row));
            kmeans_fetch(row, bytes);
        }
        TRY(settle_vector(b, &b->live[v], b->sorted + first, n, centroids));
    }
    b->n_pairs = 0;
done:
    return rc;
}
