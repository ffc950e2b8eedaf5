#include "text/sentencepiece_trie.h"

#include "base/memory.h"
#include "base/status.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK = 256, MOST_TRIES = 128, MOST_MATCHES = 64 };

/* Sorted ids[first .. end) share their first `depth` bytes, which lead to `node`. */
typedef struct trie_range {
    uint32_t first, end, depth, node;
} trie_range;

typedef struct trie_builder {
    spm_trie *trie;
    const spm_model *model;
    const uint32_t *ids;
    uint32_t *next, *previous; /* ring of the free units; unit 0, the root, is its anchor */
    size_t n_next, n_previous; /* capacities */
    trie_range *stack;
    size_t n_stack, n_room;
} trie_builder;

static int compare_text(const void *a, const void *b, void *model)
{
    const spm_model *m = model;
    const spm_text x = m->pieces[*(const uint32_t *)a].text, y = m->pieces[*(const uint32_t *)b].text;
    const int order = memcmp(x.bytes, y.bytes, x.n < y.n ? x.n : y.n);
    return order ? order : (x.n > y.n) - (x.n < y.n);
}

static int add_block(trie_builder *b)
{
    int rc = OK;
    spm_trie *t = b->trie;
    const size_t n = t->n + BLOCK;
    if (n > INT32_MAX) FAIL(ERR_LIMIT, "too many pieces");
    TRY(MEM_GROW(t->units, &t->capacity, n));
    TRY(MEM_GROW(b->next, &b->n_next, n));
    TRY(MEM_GROW(b->previous, &b->n_previous, n));
    if (!t->n) b->next[0] = b->previous[0] = 0;
    for (uint32_t i = (uint32_t)t->n; i < n; i++) {
        t->units[i] = (spm_unit){.base = 0, .parent = SPM_NONE, .id = SPM_NONE};
        if (!i) continue;
        b->previous[i] = b->previous[0];
        b->next[i] = 0;
        b->next[b->previous[0]] = i;
        b->previous[0] = i;
    }
    t->n = n;
done:
    return rc;
}

static int all_free(const trie_builder *b, uint32_t base, const unsigned char *labels, int n)
{
    for (int i = 0; i < n; i++) {
        const uint32_t at = base ^ labels[i];
        if (at == 0 || b->trie->units[at].parent != SPM_NONE) return 0;
    }
    return 1;
}

/* A base whose children by these labels are all free. */
static int find_base(trie_builder *b, const unsigned char *labels, int n, uint32_t *base)
{
    int rc = OK, tries = 0;
    for (uint32_t at = b->next[0]; at && tries < MOST_TRIES; at = b->next[at], tries++) {
        *base = at ^ labels[0];
        if (all_free(b, *base, labels, n)) goto done;
    }
    *base = (uint32_t)b->trie->n;
    TRY(add_block(b));
done:
    return rc;
}

static void take(trie_builder *b, uint32_t at, uint32_t parent)
{
    b->next[b->previous[at]] = b->next[at];
    b->previous[b->next[at]] = b->previous[at];
    b->trie->units[at].parent = parent;
}

/* The different bytes that follow in a range, and where each begins. */
static int labels_of(const trie_builder *b, trie_range r, unsigned char *labels, uint32_t *starts)
{
    int n = 0;
    for (uint32_t i = r.first; i < r.end; i++) {
        const unsigned char c = (unsigned char)b->model->pieces[b->ids[i]].text.bytes[r.depth];
        if (n && labels[n - 1] == c) continue;
        labels[n] = c;
        starts[n++] = i;
    }
    starts[n] = r.end;
    return n;
}

static int place_children(trie_builder *b, trie_range r)
{
    int rc = OK;
    unsigned char labels[BLOCK];
    uint32_t starts[BLOCK + 1], base;
    const int n = labels_of(b, r, labels, starts);
    TRY(find_base(b, labels, n, &base));
    b->trie->units[r.node].base = base;
    TRY(MEM_GROW(b->stack, &b->n_room, b->n_stack + (size_t)n));
    for (int i = 0; i < n; i++) {
        take(b, base ^ labels[i], r.node);
        b->stack[b->n_stack++] = (trie_range){starts[i], starts[i + 1], r.depth + 1, base ^ labels[i]};
    }
done:
    return rc;
}

int spm_trie_build(spm_trie *t, const spm_model *m, uint32_t *ids, size_t n)
{
    int rc = OK;
    trie_builder b = {.trie = t, .model = m, .ids = ids};
    *t = (spm_trie){0};
    qsort_r(ids, n, sizeof *ids, compare_text, (void *)m);
    TRY(add_block(&b));
    TRY(MEM_GROW(b.stack, &b.n_room, 1));
    if (n) b.stack[b.n_stack++] = (trie_range){0, (uint32_t)n, 0, 0};
    while (b.n_stack) {
        trie_range r = b.stack[--b.n_stack];
        const spm_piece *p = &m->pieces[ids[r.first]];
        if (p->text.n == r.depth) {
            t->units[r.node].id = ids[r.first++];
            t->units[r.node].score = p->score;
        }
        if (r.first < r.end) TRY(place_children(&b, r));
    }
done:
    mem_free(&b.stack);
    mem_free(&b.previous);
    mem_free(&b.next);
    return rc;
}

void spm_trie_free(spm_trie *t) { mem_free(&t->units); }

size_t spm_trie_longest(const spm_trie *t, const char *text, size_t n, uint32_t *id)
{
    size_t longest = 0;
    uint32_t at = 0;
    int matches = 0;
    for (size_t i = 0; i < n && matches < MOST_MATCHES; i++) {
        at = spm_trie_step(t, at, (unsigned char)text[i]);
        if (!at) break;
        if (t->units[at].id == SPM_NONE) continue;
        *id = t->units[at].id;
        longest = i + 1;
        matches++;
    }
    return longest;
}
