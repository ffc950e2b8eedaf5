#include "text/sentencepiece_heap.h"

#include "base/memory.h"
#include "base/status.h"

int spm_heap_create(spm_heap *h, size_t n_origins)
{
    int rc = OK;
    *h = (spm_heap){0};
    if (n_origins) TRY(MEM_ALLOC(h->origins, n_origins));
done:
    return rc;
}

void spm_heap_free(spm_heap *h)
{
    mem_free(&h->parts);
    mem_free(&h->pairs);
    mem_free(&h->origins);
}

static void sink(spm_heap *h, size_t at)
{
    const spm_heap_pair moved = h->pairs[at];
    for (size_t child; (child = 2 * at + 1) < h->n_pairs; at = child) {
        child += child + 1 < h->n_pairs && h->pairs[child + 1].order < h->pairs[child].order;
        if (h->pairs[child].order >= moved.order) break;
        h->pairs[at] = h->pairs[child];
    }
    h->pairs[at] = moved;
}

static spm_heap_pair take_first(spm_heap *h)
{
    const spm_heap_pair first = h->pairs[0];
    h->pairs[0] = h->pairs[--h->n_pairs];
    if (h->n_pairs) sink(h, 0);
    return first;
}

static void rise(spm_heap *h, size_t at)
{
    const spm_heap_pair moved = h->pairs[at];
    for (size_t above; at && h->pairs[above = (at - 1) / 2].order > moved.order; at = above)
        h->pairs[at] = h->pairs[above];
    h->pairs[at] = moved;
}

/* Add the pair at the end of the heap, not in order yet; 0 when the two do not merge. */
static int add_pair(spm_heap *h, const spm_merges *g, const spm_model *m, uint32_t left, uint32_t right)
{
    if (left == SPM_NONE || right == SPM_NONE) return 0;
    const uint32_t a = h->parts[left].id, b = h->parts[right].id;
    const spm_merge *found = spm_merges_find(g, a, b);
    if (!found) return 0;
    if (m->pieces[found->id].type == SPM_UNUSED) h->origins[found->id] = (spm_origin){a, b, h->text};
    h->pairs[h->n_pairs++] = (spm_heap_pair){(uint64_t)found->rank << 32 | left, right, found->id};
    return 1;
}

/* Whether both parts are still what they were when the pair was found. */
static int is_current(const spm_heap *h, const spm_merges *g, spm_heap_pair pair)
{
    const spm_heap_part *left = &h->parts[(uint32_t)pair.order], *right = &h->parts[pair.right];
    if (left->begin == left->end || right->begin == right->end) return 0;
    const spm_merge *found = spm_merges_find(g, left->id, right->id);
    return found && found->id == pair.id;
}

static void start(spm_heap *h, const spm_merges *g, const spm_model *m)
{
    const uint32_t n = (uint32_t)h->n_parts;
    h->n_pairs = 0;
    h->text++;
    for (uint32_t i = 0; i < n; i++) {
        h->parts[i].previous = i ? i - 1 : SPM_NONE;
        h->parts[i].next = i + 1 < n ? i + 1 : SPM_NONE;
        if (i) add_pair(h, g, m, i - 1, i);
    }
    for (size_t i = h->n_pairs / 2; i-- > 0;) sink(h, i);
}

int spm_heap_merge(spm_heap *h, const spm_merges *g, const spm_model *m)
{
    int rc = OK;
    /* each merge removes one pair and one part, and adds at most two pairs */
    TRY(MEM_GROW(h->pairs, &h->pairs_room, 2 * h->n_parts + 2));
    start(h, g, m);
    while (h->n_pairs) {
        const spm_heap_pair pair = take_first(h);
        if (!is_current(h, g, pair)) continue;
        const uint32_t left = (uint32_t)pair.order;
        spm_heap_part *a = &h->parts[left], *b = &h->parts[pair.right];
        a->id = pair.id;
        a->end = b->end;
        a->next = b->next;
        b->begin = b->end;
        if (a->next != SPM_NONE) h->parts[a->next].previous = left;
        if (add_pair(h, g, m, a->previous, left)) rise(h, h->n_pairs - 1);
        if (add_pair(h, g, m, left, a->next)) rise(h, h->n_pairs - 1);
    }
done:
    return rc;
}
