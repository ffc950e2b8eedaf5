#include "text/merge_table.h"

#include "base/memory.h"
#include "base/status.h"

#include <string.h>

enum { ID_BITS = 21, RANK_BITS = 22, SHORT = 40, NO_RANK = (1 << RANK_BITS) - 1 };
#define EMPTY UINT64_MAX

/* ---- the table ---- */

static size_t slot_of(const merge_table *t, uint64_t key)
{
    uint64_t h = key * 0x9E3779B97F4A7C15u;
    return (size_t)(h ^ h >> 32) & (t->n_slots - 1);
}

static uint64_t key_of(uint32_t left, uint32_t right) { return (uint64_t)left << ID_BITS | right; }

static void put(merge_table *t, uint64_t key, uint32_t rank)
{
    size_t at = slot_of(t, key);
    while (t->slots[at] != EMPTY && t->slots[at] >> RANK_BITS != key) at = (at + 1) & (t->n_slots - 1);
    t->used += t->slots[at] == EMPTY;
    t->slots[at] = key << RANK_BITS | rank;
}

static int grow(merge_table *t)
{
    int rc = OK;
    uint64_t *old = t->slots, *fresh = NULL;
    size_t n_old = t->n_slots, n_new = n_old ? 2 * n_old : 1024;
    TRY(MEM_ALLOC(fresh, n_new));
    memset(fresh, 0xFF, n_new * sizeof *fresh);
    t->slots = fresh;
    t->n_slots = n_new;
    t->used = 0;
    for (size_t i = 0; i < n_old; i++)
        if (old[i] != EMPTY) put(t, old[i] >> RANK_BITS, (uint32_t)(old[i] & NO_RANK));
    mem_free(&old);
done:
    return rc;
}

static int add_pair(merge_table *t, uint32_t left, uint32_t right, uint32_t rank)
{
    int rc = OK;
    if (2 * (t->used + 1) > t->n_slots) TRY(grow(t));
    put(t, key_of(left, right), rank);
done:
    return rc;
}

int merge_table_add(merge_table *t, uint32_t left, uint32_t right, uint32_t id)
{
    int rc = OK;
    if (t->n_merged >= MERGES_MAX) FAIL(ERR_CONFIG, "more than %d merges", MERGES_MAX);
    TRY(MEM_GROW(t->merged, &t->merged_capacity, t->n_merged + 1));
    TRY(add_pair(t, left, right, (uint32_t)t->n_merged));
    t->merged[t->n_merged++] = id;
done:
    return rc;
}

int merge_table_add_all(merge_table *t, const piece_table *pieces)
{
    int rc = OK;
    TRY(MEM_GROW(t->merged, &t->merged_capacity, pieces->n_ids));
    t->n_merged = pieces->n_ids;
    for (uint32_t id = 0; id < pieces->n_ids; id++) {
        size_t n;
        const char *bytes = piece_table_get(pieces, id, &n);
        t->merged[id] = id;
        if (n < 2 || piece_table_find(pieces, bytes, n) != id) continue;
        for (size_t cut = 1; cut < n; cut++) {
            int64_t left = piece_table_find(pieces, bytes, cut);
            int64_t right = left < 0 ? -1 : piece_table_find(pieces, bytes + cut, n - cut);
            if (right >= 0) TRY(add_pair(t, (uint32_t)left, (uint32_t)right, id));
        }
    }
done:
    return rc;
}

static uint32_t rank_of(const merge_table *t, uint32_t left, uint32_t right)
{
    uint64_t key = key_of(left, right);
    for (size_t at = slot_of(t, key); t->slots[at] != EMPTY; at = (at + 1) & (t->n_slots - 1))
        if (t->slots[at] >> RANK_BITS == key) return (uint32_t)(t->slots[at] & NO_RANK);
    return NO_RANK;
}

/* ---- short words: look at all pairs again after each merge ---- */

static size_t run_short(const merge_table *t, uint32_t *ids, size_t n)
{
    uint32_t ranks[SHORT];
    for (size_t i = 0; i + 1 < n; i++) ranks[i] = rank_of(t, ids[i], ids[i + 1]);
    while (n > 1) {
        size_t best = 0;
        for (size_t i = 1; i + 1 < n; i++)
            if (ranks[i] < ranks[best]) best = i;
        if (ranks[best] == NO_RANK) break;
        ids[best] = t->merged[ranks[best]];
        n--;
        for (size_t i = best + 1; i < n; i++) ids[i] = ids[i + 1];
        for (size_t i = best + 1; i + 1 < n; i++) ranks[i] = ranks[i + 1];
        if (best + 1 < n) ranks[best] = rank_of(t, ids[best], ids[best + 1]);
        if (best) ranks[best - 1] = rank_of(t, ids[best - 1], ids[best]);
    }
    return n;
}

/* ---- long words: a list of symbols and a heap of pairs; pairs that are no more are dropped when they come up ---- */

enum { PLACE_BITS = 64 - RANK_BITS }; /* of a heap entry: rank, then place, so that the least is the leftmost */

static void heap_push(uint64_t *heap, size_t *n, uint64_t value)
{
    size_t at = (*n)++;
    for (; at && heap[(at - 1) / 2] > value; at = (at - 1) / 2) heap[at] = heap[(at - 1) / 2];
    heap[at] = value;
}

static uint64_t heap_pop(uint64_t *heap, size_t *n)
{
    uint64_t least = heap[0], last = heap[--*n];
    size_t at = 0;
    for (size_t child; (child = 2 * at + 1) < *n; at = child) {
        if (child + 1 < *n && heap[child + 1] < heap[child]) child++;
        if (heap[child] >= last) break;
        heap[at] = heap[child];
    }
    heap[at] = last;
    return least;
}

static void push_pair(merge_table *t, const uint32_t *ids, size_t *in_heap, int64_t left)
{
    int64_t right = t->after[left];
    if (right < 0) return;
    t->ranks[left] = rank_of(t, ids[left], ids[right]);
    if (t->ranks[left] == NO_RANK) return;
    heap_push(t->heap, in_heap, (uint64_t)t->ranks[left] << PLACE_BITS | (uint64_t)left);
}

static int run_long(merge_table *t, uint32_t *ids, size_t *n)
{
    int rc = OK;
    size_t in_heap = 0, to = 0;
    TRY(MEM_GROW(t->heap, &t->heap_capacity, 2 * *n));
    TRY(MEM_GROW(t->before, &t->before_capacity, *n));
    TRY(MEM_GROW(t->after, &t->after_capacity, *n));
    TRY(MEM_GROW(t->ranks, &t->ranks_capacity, *n));
    for (size_t i = 0; i < *n; i++) {
        t->before[i] = (int64_t)i - 1;
        t->after[i] = i + 1 < *n ? (int64_t)i + 1 : -1;
    }
    for (size_t i = 0; i + 1 < *n; i++) push_pair(t, ids, &in_heap, (int64_t)i);
    while (in_heap) {
        uint64_t top = heap_pop(t->heap, &in_heap);
        int64_t left = (int64_t)(top & (((uint64_t)1 << PLACE_BITS) - 1)), right = t->after[left];
        if (right < 0 || t->ranks[left] != top >> PLACE_BITS) continue;
        ids[left] = t->merged[top >> PLACE_BITS];
        t->after[left] = t->after[right];
        if (t->after[right] >= 0) t->before[t->after[right]] = left;
        t->after[right] = -1; /* it is no more */
        push_pair(t, ids, &in_heap, left);
        if (t->before[left] >= 0) push_pair(t, ids, &in_heap, t->before[left]);
    }
    for (int64_t i = 0; i >= 0; i = t->after[i]) ids[to++] = ids[i];
    *n = to;
done:
    return rc;
}

int merge_table_run(merge_table *t, uint32_t *ids, size_t *n)
{
    if (*n < 2 || !t->n_slots) return OK;
    if (*n > SHORT) return run_long(t, ids, n);
    *n = run_short(t, ids, *n);
    return OK;
}

void merge_table_free(merge_table *t)
{
    mem_free(&t->slots);
    mem_free(&t->merged);
    mem_free(&t->heap);
    mem_free(&t->before);
    mem_free(&t->after);
    mem_free(&t->ranks);
    *t = (merge_table){0};
}
