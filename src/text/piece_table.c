#include "text/piece_table.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/status.h"

#include <string.h>

int piece_table_set(piece_table *t, uint32_t id, const char *bytes, size_t n)
{
    int rc = OK;
    if (id >= PIECE_IDS_MAX) FAIL(ERR_CONFIG, "token id %u is too large; at most %d", id, PIECE_IDS_MAX - 1);
    TRY(MEM_GROW(t->places, &t->places_capacity, (size_t)id + 1));
    for (; t->n_ids <= id; t->n_ids++) t->places[t->n_ids] = (struct piece_place){0};
    TRY(MEM_GROW(t->bytes, &t->bytes_capacity, t->n_bytes + n));
    if (n) memcpy(t->bytes + t->n_bytes, bytes, n);
    t->places[id] = (struct piece_place){t->n_bytes, n};
    t->n_bytes += n;
done:
    return rc;
}

/* Slot of these bytes, or the empty one where they would go. */
static size_t find_slot(const piece_table *t, const char *bytes, size_t n)
{
    size_t at = (size_t)hash64(bytes, n, 0) & (t->n_slots - 1);
    for (; t->slots[at]; at = (at + 1) & (t->n_slots - 1)) {
        const struct piece_place *p = &t->places[t->slots[at] - 1];
        if (p->n == n && !memcmp(t->bytes + p->start, bytes, n)) break;
    }
    return at;
}

static int grow_slots(piece_table *t)
{
    int rc = OK;
    uint32_t *old = t->slots;
    size_t n_old = t->n_slots, n_new = n_old ? 2 * n_old : 1024;
    uint32_t *fresh = NULL;
    TRY(MEM_ALLOC(fresh, n_new));
    t->slots = fresh;
    t->n_slots = n_new;
    for (size_t i = 0; i < n_old; i++) {
        if (!old[i]) continue;
        const struct piece_place *p = &t->places[old[i] - 1];
        t->slots[find_slot(t, t->bytes + p->start, p->n)] = old[i];
    }
    mem_free(&old);
done:
    return rc;
}

int piece_table_index(piece_table *t, uint32_t id)
{
    int rc = OK;
    if (2 * (t->used + 1) > t->n_slots) TRY(grow_slots(t));
    size_t at = find_slot(t, t->bytes + t->places[id].start, t->places[id].n);
    if (t->slots[at]) goto done;
    t->slots[at] = id + 1;
    t->used++;
done:
    return rc;
}

int64_t piece_table_find(const piece_table *t, const char *bytes, size_t n)
{
    if (!t->n_slots) return -1;
    return (int64_t)t->slots[find_slot(t, bytes, n)] - 1;
}

const char *piece_table_get(const piece_table *t, uint32_t id, size_t *n)
{
    *n = id < t->n_ids ? t->places[id].n : 0;
    return *n ? t->bytes + t->places[id].start : "";
}

void piece_table_free(piece_table *t)
{
    mem_free(&t->bytes);
    mem_free(&t->places);
    mem_free(&t->slots);
    *t = (piece_table){0};
}
