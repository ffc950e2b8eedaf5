/* Items are taken in the order of a counting sort. Open bins of equal room form a list; a 64-ary tree of bits over the
 * rooms 0..capacity says which lists are not empty, so that the least room that is enough is found in a few words. */
#include "sequence/best_fit.h"

#include "base/memory.h"
#include "base/status.h"

enum { MAX_LEVELS = 6 }; /* 64^6 > 2^32 */

typedef struct bit_tree {
    uint64_t *words[MAX_LEVELS]; /* bit i of a level: word i of the level below is not zero */
    size_t n_words[MAX_LEVELS];
    int n_levels;
} bit_tree;

static void bit_tree_free(bit_tree *t)
{
    for (int l = 0; l < t->n_levels; l++) mem_free(&t->words[l]);
}

static int bit_tree_make(bit_tree *t, size_t n)
{
    int rc = OK;
    do {
        n = (n + 63) / 64;
        t->n_words[t->n_levels] = n;
        TRY(MEM_ALLOC(t->words[t->n_levels], n));
        t->n_levels++;
    } while (n > 1);
done:
    return rc;
}

static void bit_tree_set(bit_tree *t, size_t i)
{
    for (int l = 0; l < t->n_levels; l++, i >>= 6) t->words[l][i >> 6] |= 1ull << (i & 63);
}

static void bit_tree_clear(bit_tree *t, size_t i)
{
    for (int l = 0; l < t->n_levels; l++, i >>= 6)
        if (t->words[l][i >> 6] &= ~(1ull << (i & 63))) return;
}

/* Smallest set bit >= i, or -1. */
static int64_t bit_tree_next(const bit_tree *t, size_t i)
{
    for (int l = 0; l < t->n_levels; l++) {
        size_t w = i >> 6;
        if (w >= t->n_words[l]) return -1;
        uint64_t bits = t->words[l][w] & ~0ull << (i & 63);
        if (bits) {
            i = w << 6 | (size_t)__builtin_ctzll(bits);
            while (l-- > 0) i = i << 6 | (size_t)__builtin_ctzll(t->words[l][i]);
            return (int64_t)i;
        }
        i = w + 1;
    }
    return -1;
}

/* The items of length 1..capacity, the longest first, equal ones in order. `start` is (capacity + 2) zeros. */
static int sort_descending(const uint32_t *lengths, size_t n, uint32_t capacity, uint32_t *start, uint32_t *order,
                           size_t *n_sorted)
{
    int rc = OK;
    for (size_t i = 0; i < n; i++) {
        if (lengths[i] > capacity) FAIL(ERR_INTERNAL, "item of %u tokens for bins of %u", lengths[i], capacity);
        start[capacity - lengths[i] + 1]++;
    }
    for (size_t c = 1; c <= (size_t)capacity + 1; c++) start[c] += start[c - 1];
    *n_sorted = start[capacity];
    for (size_t i = 0; i < n; i++)
        if (lengths[i]) order[start[capacity - lengths[i]]++] = (uint32_t)i;
done:
    return rc;
}

int best_fit(const uint32_t *lengths, size_t n, uint32_t capacity, uint32_t *bin, size_t *n_bins)
{
    int rc = OK;
    bit_tree rooms = {0};
    uint32_t *start = NULL, *order = NULL, *head = NULL, *next = NULL;
    size_t n_sorted = 0;
    *n_bins = 0;
    if (n >= UINT32_MAX) FAIL(ERR_LIMIT, "%zu items are too many to pack", n);
    TRY(MEM_ALLOC(start, (size_t)capacity + 2));
    TRY(MEM_ALLOC(order, n));
    TRY(sort_descending(lengths, n, capacity, start, order, &n_sorted));
    TRY(MEM_ALLOC(next, n));
    TRY(bit_tree_make(&rooms, (size_t)capacity + 1));
    head = start; /* first open bin of each room, plus 1 */
    for (size_t c = 0; c <= capacity; c++) head[c] = 0;
    for (size_t i = 0; i < n; i++) bin[i] = BEST_FIT_NONE;
    for (size_t k = 0; k < n_sorted; k++) {
        uint32_t item = order[k], b;
        int64_t room = bit_tree_next(&rooms, lengths[item]);
        if (room < 0) {
            b = (uint32_t)(*n_bins)++;
            room = capacity;
        } else {
            b = head[room] - 1;
            head[room] = next[b];
            if (!head[room]) bit_tree_clear(&rooms, (size_t)room);
        }
        bin[item] = b;
        size_t left = (size_t)room - lengths[item];
        next[b] = head[left];
        head[left] = b + 1;
        bit_tree_set(&rooms, left);
    }
done:
    mem_free(&start);
    mem_free(&order);
    mem_free(&next);
    bit_tree_free(&rooms);
    return rc;
}
