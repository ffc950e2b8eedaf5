#include "text/sentencepiece_merges.h"

#include "base/memory.h"
#include "base/status.h"
#include "text/sentencepiece_utf8.h"

#include <stdlib.h>
#include <string.h>

static uint64_t char_key(const char *bytes, size_t n)
{
    uint32_t value = 0;
    for (size_t i = 0; i < n; i++) value |= (uint32_t)(unsigned char)bytes[i] << (8 * i);
    return (uint64_t)n << 32 | value;
}

static spm_char_slot *char_slot(const spm_merges *g, uint64_t key)
{
    size_t at = (key * 0x9E3779B97F4A7C15u) >> 32 & (g->n_chars - 1);
    while (g->chars[at].key && g->chars[at].key != key) at = (at + 1) & (g->n_chars - 1);
    return &g->chars[at];
}

uint32_t spm_merges_char(const spm_merges *g, const char *bytes, size_t n)
{
    if (n == 1 && (unsigned char)*bytes < 128) return g->ascii[(unsigned char)*bytes];
    const spm_char_slot *slot = char_slot(g, char_key(bytes, n));
    return slot->key ? slot->part : SPM_NONE;
}

/* Floats as integers that order them, negative zero below zero, as the SentencePiece library does. */
static int32_t order_of(float score)
{
    int32_t bits;
    memcpy(&bits, &score, sizeof bits);
    return bits < 0 ? (int32_t)(~(uint32_t)bits | 1u << 31) : bits;
}

typedef struct scored_piece {
    int32_t order;
    uint32_t id;
} scored_piece;

static int compare_score(const void *a, const void *b)
{
    const int32_t x = ((const scored_piece *)a)->order, y = ((const scored_piece *)b)->order;
    return (x < y) - (x > y);
}

static int rank_pieces(const spm_model *m, uint32_t *ranks)
{
    int rc = OK;
    scored_piece *scored = NULL;
    TRY(MEM_RESERVE(scored, m->n));
    for (size_t i = 0; i < m->n; i++) scored[i] = (scored_piece){order_of(m->pieces[i].score), (uint32_t)i};
    qsort(scored, m->n, sizeof *scored, compare_score);
    for (size_t i = 0, rank = 0; i < m->n; i++) {
        if (i && scored[i].order != scored[i - 1].order) rank = i;
        ranks[scored[i].id] = (uint32_t)rank;
    }
done:
    mem_free(&scored);
    return rc;
}

/* Make the table of characters twice as large. */
static int grow_chars(spm_merges *g)
{
    int rc = OK;
    spm_char_slot *old = g->chars;
    const size_t n_old = g->n_chars;
    g->chars = NULL;
    g->n_chars = n_old ? 2 * n_old : 512;
    TRY(MEM_ALLOC(g->chars, g->n_chars));
    for (size_t i = 0; i < n_old; i++)
        if (old[i].key) *char_slot(g, old[i].key) = old[i];
done:
    mem_free(&old);
    return rc;
}

static int number_chars(spm_merges *g, const spm_model *m, const spm_index *index)
{
    int rc = OK;
    uint32_t next = (uint32_t)m->n;
    for (size_t i = 0; i < m->n; i++) {
        const spm_text t = m->pieces[i].text;
        for (size_t at = 0, step; at < t.n; at += step) {
            step = spm_char_bytes(t.bytes + at, t.n - at);
            if (2 * g->n_known >= g->n_chars) TRY(grow_chars(g));
            const uint64_t key = char_key(t.bytes + at, step);
            spm_char_slot *slot = char_slot(g, key);
            if (slot->key) continue;
            const uint32_t id = spm_index_find(index, t.bytes + at, step);
            *slot = (spm_char_slot){key, id != SPM_NONE ? id : next++};
            g->n_known++;
        }
    }
    for (int c = 0; c < 128; c++) {
        const char byte = (char)c;
        const spm_char_slot *slot = char_slot(g, char_key(&byte, 1));
        g->ascii[c] = slot->key ? slot->part : SPM_NONE;
    }
done:
    return rc;
}

/* The part that a stretch of a piece is; SPM_NONE when merging never makes it. */
static uint32_t part_of(const spm_merges *g, const spm_model *m, const spm_index *index, const char *bytes, size_t n)
{
    if (spm_char_bytes(bytes, n) == n) return spm_merges_char(g, bytes, n);
    const uint32_t id = spm_index_find(index, bytes, n);
    return id != SPM_NONE && spm_piece_is_plain(&m->pieces[id]) ? id : SPM_NONE;
}

static void add_pair(spm_merges *g, uint32_t left, uint32_t right, uint32_t id, uint32_t rank)
{
    const uint64_t pair = (uint64_t)left << 32 | right;
    size_t at = (pair * 0x9E3779B97F4A7C15u) >> 32 & (g->n_slots - 1);
    while (g->slots[at].pair != UINT64_MAX && g->slots[at].pair != pair) at = (at + 1) & (g->n_slots - 1);
    g->slots[at] = (spm_merge){pair, id, rank};
}

/* All pairs that pieces can be made of: count them (no ranks) or add them. */
static size_t visit_pairs(spm_merges *g, const spm_model *m, const spm_index *index, const uint32_t *ranks)
{
    size_t count = 0;
    for (size_t i = 0; i < m->n; i++) {
        const spm_text t = m->pieces[i].text;
        if (!spm_piece_is_plain(&m->pieces[i])) continue;
        for (size_t at = spm_char_bytes(t.bytes, t.n); at < t.n; at += spm_char_bytes(t.bytes + at, t.n - at)) {
            const uint32_t left = part_of(g, m, index, t.bytes, at);
            const uint32_t right = left == SPM_NONE ? left : part_of(g, m, index, t.bytes + at, t.n - at);
            if (right == SPM_NONE) continue;
            if (ranks) add_pair(g, left, right, (uint32_t)i, ranks[i]);
            count++;
        }
    }
    return count;
}

int spm_merges_create(spm_merges *g, const spm_model *m, const spm_index *index)
{
    int rc = OK;
    uint32_t *ranks = NULL;
    *g = (spm_merges){0};
    TRY(MEM_RESERVE(ranks, m->n));
    TRY(rank_pieces(m, ranks));
    TRY(number_chars(g, m, index));
    const size_t n_pairs = visit_pairs(g, m, index, NULL);
    for (g->n_slots = 16; g->n_slots < 2 * n_pairs;) g->n_slots *= 2;
    TRY(MEM_RESERVE(g->slots, g->n_slots));
    memset(g->slots, 0xFF, g->n_slots * sizeof *g->slots);
    visit_pairs(g, m, index, ranks);
done:
    mem_free(&ranks);
    return rc;
}

void spm_merges_free(spm_merges *g)
{
    mem_free(&g->slots);
    mem_free(&g->chars);
}
