#include "text/sentencepiece_unigram.h"

#include "base/memory.h"
#include "base/status.h"
#include "text/sentencepiece_utf8.h"

#include <float.h>

/* Sums are floats in the order of the text and ties go to the longer last piece, as in the SentencePiece library: only
 * so are all ids the same. Sums that grow past this size start again from zero there. */
static const float RESTART = 100000;
static const float UNKNOWN_PENALTY = 10;

/* User-defined pieces win over what they are made of. */
static float score_of(const spm_piece *p)
{
    return p->type == SPM_USER_DEFINED ? (float)(0.1 * ((int)p->text.n - 1)) : p->score;
}

int spm_unigram_create(spm_unigram *u, const char *path, const spm_model *m)
{
    int rc = OK;
    uint32_t *ids = NULL;
    size_t n = 0, n_plain = 0;
    float lowest = FLT_MAX;
    *u = (spm_unigram){0};
    TRY(MEM_ALLOC(ids, m->n));
    for (size_t i = 0; i < m->n; i++) {
        const spm_piece *p = &m->pieces[i];
        n_plain += (size_t)spm_piece_is_plain(p);
        if (p->type == SPM_NORMAL && p->score < lowest) lowest = p->score;
        if (p->type == SPM_NORMAL || p->type == SPM_USER_DEFINED) ids[n++] = (uint32_t)i;
    }
    if (!n_plain) FAIL(ERR_CONFIG, "%s: damaged: no piece that text could become", path);
    u->unknown_score = lowest - UNKNOWN_PENALTY;
    TRY(spm_trie_build(&u->trie, m, ids, n));
    for (size_t i = 0; i < u->trie.n; i++)
        if (u->trie.units[i].id != SPM_NONE) u->trie.units[i].score = score_of(&m->pieces[u->trie.units[i].id]);
done:
    mem_free(&ids);
    return rc;
}

void spm_unigram_free(spm_unigram *u)
{
    mem_free(&u->paths);
    spm_trie_free(&u->trie);
}

static void offer(spm_path *path, float score, uint32_t start, uint32_t id)
{
    if (path->start == SPM_NONE || score > path->score) *path = (spm_path){score, start, id};
}

/* Offer all pieces that begin at `start`; the farthest end that has a path. */
static size_t extend(spm_unigram *u, const char *text, size_t n, size_t start, size_t farthest)
{
    const float so_far = u->paths[start].score;
    const size_t step = spm_char_bytes(text + start, n - start);
    const spm_unit *units = u->trie.units;
    int single = 0;
    uint32_t at = 0;
    for (size_t i = start; i < n; i++) {
        at = spm_trie_step(&u->trie, at, (unsigned char)text[i]);
        if (!at) break;
        if (units[at].id == SPM_NONE) continue;
        offer(&u->paths[i + 1], units[at].score + so_far, (uint32_t)start, units[at].id);
        if (i + 1 > farthest) farthest = i + 1;
        single |= i + 1 - start == step;
    }
    if (single) return farthest;
    offer(&u->paths[start + step], u->unknown_score + so_far, (uint32_t)start, SPM_NONE);
    return start + step > farthest ? start + step : farthest;
}

static void restart(spm_unigram *u, size_t start, size_t farthest)
{
    const float offset = u->paths[start].score;
    for (size_t i = start; i <= farthest; i++)
        if (i == start || u->paths[i].start != SPM_NONE) u->paths[i].score -= offset;
    u->paths[start].score = 0;
}

/* The links of the best cut lead from the end back; they are turned around first, so that each start has its end. */
static void write_best(spm_unigram *u, const char *text, size_t n, spm_ids *out)
{
    spm_path last = u->paths[n];
    for (size_t end = n; end > 0;) {
        const size_t start = last.start;
        const spm_path before = u->paths[start];
        u->paths[start] = (spm_path){.start = (uint32_t)end, .id = last.id};
        end = start;
        last = before;
    }
    for (size_t at = 0; at < n; at = u->paths[at].start)
        spm_ids_add(out, u->paths[at].id, text + at, u->paths[at].start - at);
}

int spm_unigram_cut(spm_unigram *u, const char *text, size_t n, spm_ids *out)
{
    int rc = OK;
    size_t farthest = 0;
    TRY(MEM_GROW(u->paths, &u->capacity, n + 1));
    for (size_t i = 0; i <= n; i++) u->paths[i] = (spm_path){.score = 0, .start = SPM_NONE, .id = SPM_NONE};
    for (size_t at = 0; at < n; at += spm_char_bytes(text + at, n - at)) {
        if (u->paths[at].score < -RESTART || u->paths[at].score > RESTART) restart(u, at, farthest);
        farthest = extend(u, text, n, at, farthest);
    }
    write_best(u, text, n, out);
done:
    return rc;
}
