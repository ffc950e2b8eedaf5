#include "text/bpe.h"

#include "base/hash.h"
#include "base/memory.h"
#include "base/status.h"
#include "text/unicode_class.h"

#include <stdio.h>
#include <string.h>

/* One cache line per slot; a word stands in the slot of its hash or nowhere. What was found before is found again, so
 * the cache changes no id. */
enum { CACHE_SLOTS = 1 << 15, CACHE_BYTES = 26, CACHE_IDS = 9 };
struct bpe_cache {
    struct {
        uint32_t ids[CACHE_IDS];
        uint8_t n_ids, n_bytes; /* 0 bytes: empty */
        char bytes[CACHE_BYTES];
    } slots[CACHE_SLOTS];
};

static void find_bytes(bpe *b)
{
    for (int i = 0; i < 256; i++) {
        char name[8], byte = (char)i;
        if (b->by_character)
            b->byte_ids[i] = piece_table_find(&b->pieces, name, (size_t)snprintf(name, sizeof name, "<0x%02X>", i));
        else
            b->byte_ids[i] = piece_table_find(&b->pieces, &byte, 1);
    }
}

int bpe_prepare(bpe *b)
{
    find_bytes(b);
    return MEM_ALLOC(b->cache, 1);
}

/* ---- pieces to first ids ---- */

static void add_unknown(const bpe *b, uint32_t *ids, size_t *n, int *waiting)
{
    if (b->unknown < 0 || (*waiting && b->fuse_unknown)) return;
    if (*waiting) ids[(*n)++] = (uint32_t)b->unknown;
    *waiting = 1;
}

static void flush_unknown(const bpe *b, uint32_t *ids, size_t *n, int *waiting)
{
    if (*waiting) ids[(*n)++] = (uint32_t)b->unknown;
    *waiting = 0;
}

/* Bytes of a character, unless one of them has no id. An unknown that waits goes on waiting, as in the reference. */
static int add_fallback(const bpe *b, const char *text, size_t n, uint32_t *ids, size_t *to)
{
    for (size_t i = 0; i < n; i++)
        if (b->byte_ids[(unsigned char)text[i]] < 0) return 0;
    for (size_t i = 0; i < n; i++) ids[(*to)++] = (uint32_t)b->byte_ids[(unsigned char)text[i]];
    return 1;
}

static size_t characters(const bpe *b, const char *text, size_t n, uint32_t *ids)
{
    size_t to = 0, step;
    int waiting = 0;
    for (size_t at = 0; at < n; at += step) {
        utf8_code(text + at, &step);
        int64_t id = piece_table_find(&b->pieces, text + at, step);
        if (id >= 0) {
            flush_unknown(b, ids, &to, &waiting);
            ids[to++] = (uint32_t)id;
        } else if (!b->byte_fallback || !add_fallback(b, text + at, step, ids, &to)) {
            add_unknown(b, ids, &to, &waiting);
        }
    }
    flush_unknown(b, ids, &to, &waiting);
    return to;
}

static size_t bytes(const bpe *b, const char *text, size_t n, uint32_t *ids)
{
    size_t to = 0;
    int waiting = 0;
    for (size_t at = 0; at < n; at++) {
        int64_t id = b->byte_ids[(unsigned char)text[at]];
        if (id < 0) {
            add_unknown(b, ids, &to, &waiting);
            continue;
        }
        flush_unknown(b, ids, &to, &waiting);
        ids[to++] = (uint32_t)id;
    }
    flush_unknown(b, ids, &to, &waiting);
    return to;
}

/* ---- one piece ---- */

static int encode_new(bpe *b, const char *text, size_t n, uint32_t *ids, size_t *n_ids)
{
    if (b->whole_first) {
        int64_t id = piece_table_find(&b->pieces, text, n);
        if (id >= 0 && !(b->barred && b->barred[id])) {
            ids[0] = (uint32_t)id;
            *n_ids = 1;
            return OK;
        }
    }
    *n_ids = b->by_character ? characters(b, text, n, ids) : bytes(b, text, n, ids);
    return merge_table_run(&b->merges, ids, n_ids);
}

int bpe_encode(bpe *b, const char *text, size_t n, uint32_t **ids, size_t *capacity, size_t *count)
{
    int rc = OK;
    size_t n_ids;
    TRY(mem_grow((void **)ids, capacity, *count + (n < CACHE_IDS ? CACHE_IDS : n), sizeof **ids));
    uint32_t *out = *ids + *count;
    if (n > CACHE_BYTES) {
        TRY(encode_new(b, text, n, out, &n_ids));
        *count += n_ids;
        goto done;
    }
    size_t slot = (size_t)hash64(text, n, 0) & (CACHE_SLOTS - 1);
    if (b->cache->slots[slot].n_bytes == n && !memcmp(b->cache->slots[slot].bytes, text, n)) {
        memcpy(out, b->cache->slots[slot].ids, sizeof b->cache->slots[slot].ids);
        *count += b->cache->slots[slot].n_ids;
        goto done;
    }
    TRY(encode_new(b, text, n, out, &n_ids));
    *count += n_ids;
    if (n_ids > CACHE_IDS) goto done;
    memcpy(b->cache->slots[slot].ids, out, n_ids * sizeof *out);
    memcpy(b->cache->slots[slot].bytes, text, n);
    b->cache->slots[slot].n_ids = (uint8_t)n_ids;
    b->cache->slots[slot].n_bytes = (uint8_t)n;
done:
    return rc;
}

void bpe_free(bpe *b)
{
    piece_table_free(&b->pieces);
    merge_table_free(&b->merges);
    mem_free(&b->cache);
    *b = (bpe){0};
}
