#include "shards/string_table.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/status.h"

#include <string.h>

enum { FIRST_SLOTS = 64 };

/* The slot that holds the text, or the free one where it belongs. */
static size_t find(const string_table *t, const char *bytes, size_t n)
{
    size_t at = (size_t)hash64(bytes, n, 0) & (t->n_slots - 1);
    for (; t->slots[at]; at = (at + 1) & (t->n_slots - 1)) {
        size_t code = t->slots[at] - 1;
        size_t length = (size_t)(t->offsets[code + 1] - t->offsets[code]);
        if (length == n && (!n || !memcmp(t->bytes + t->offsets[code], bytes, n))) break;
    }
    return at;
}

static int grow_slots(string_table *t)
{
    int rc = OK;
    uint32_t *old = t->slots;
    size_t n_old = t->n_slots;
    uint32_t *slots = NULL;
    TRY(MEM_ALLOC(slots, n_old ? 2 * n_old : FIRST_SLOTS));
    t->slots = slots;
    t->n_slots = n_old ? 2 * n_old : FIRST_SLOTS;
    for (size_t code = 0; code < t->n; code++)
        t->slots[find(t, t->bytes + t->offsets[code], (size_t)(t->offsets[code + 1] - t->offsets[code]))] =
            (uint32_t)code + 1;
    mem_free(&old);
done:
    return rc;
}

int string_table_code(string_table *t, const char *bytes, size_t n, uint32_t *code)
{
    int rc = OK;
    size_t need;
    if (2 * (t->n + 1) >= t->n_slots) TRY(grow_slots(t));
    size_t at = find(t, bytes, n);
    if (!t->slots[at]) {
        if (t->n >= INT32_MAX) FAIL(ERR_LIMIT, "too many distinct texts");
        TRY(size_add(t->n_bytes, n, &need));
        TRY(MEM_GROW(t->bytes, &t->bytes_capacity, need + 1));
        TRY(MEM_GROW(t->offsets, &t->offsets_capacity, t->n + 2));
        if (n) memcpy(t->bytes + t->n_bytes, bytes, n);
        t->offsets[t->n] = (int64_t)t->n_bytes;
        t->n_bytes = need;
        t->offsets[++t->n] = (int64_t)need;
        t->slots[at] = (uint32_t)t->n;
    }
    *code = t->slots[at] - 1;
done:
    return rc;
}

void string_table_free(string_table *t)
{
    mem_free(&t->bytes);
    mem_free(&t->offsets);
    mem_free(&t->slots);
    memset(t, 0, sizeof *t);
}
