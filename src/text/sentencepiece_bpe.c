#include "text/sentencepiece_bpe.h"

#include "base/memory.h"
#include "base/status.h"
#include "text/sentencepiece_utf8.h"

#include <string.h>

enum { SHORT_WORD = 40, DEEPEST_ORIGIN = 100 };

static int is_space(const char *text, size_t n)
{
    return n >= SPM_SPACE_BYTES && !memcmp(text, SPM_SPACE, SPM_SPACE_BYTES);
}

/* Where no piece reaches across a place beside a space, the words on both sides merge apart from each other. */
static void see_spaces(spm_bpe *b, spm_text t)
{
    int before = -1;
    for (size_t at = 0; at < t.n; at += spm_char_bytes(t.bytes + at, t.n - at)) {
        const int space = is_space(t.bytes + at, t.n - at);
        if (before == 0 && space) b->split_before_space = 0;
        if (before == 1 && !space) b->split_behind_space = 0;
        before = space;
    }
}

int spm_bpe_create(spm_bpe *b, const spm_model *m, const spm_index *index, const spm_trie *kept)
{
    int rc = OK;
    *b = (spm_bpe){.model = m, .kept = kept, .split_before_space = 1, .split_behind_space = 1};
    for (size_t i = 0; i < m->n; i++) {
        b->has_unused |= m->pieces[i].type == SPM_UNUSED;
        if (spm_piece_is_plain(&m->pieces[i])) see_spaces(b, m->pieces[i].text);
    }
    for (int c = 0; c < 256; c++) b->starts[c] = spm_trie_step(kept, 0, (unsigned char)c) != 0;
    TRY(spm_merges_create(&b->merges, m, index));
    TRY(spm_heap_create(&b->heap, b->has_unused ? m->n : 0));
done:
    return rc;
}

void spm_bpe_free(spm_bpe *b)
{
    spm_merges_free(&b->merges);
    spm_heap_free(&b->heap);
    mem_free(&b->parts);
    mem_free(&b->begins);
}

/* The id that a part gets in the end. */
static uint32_t final_id(const spm_model *m, uint32_t part)
{
    if (part >= m->n) return SPM_NONE;
    const int type = m->pieces[part].type;
    return type == SPM_NORMAL || type == SPM_USER_DEFINED ? part : SPM_NONE;
}

/* A word of few parts: the best pair is looked for among all. */
static void merge_short(spm_bpe *b)
{
    const spm_merge *found[SHORT_WORD];
    size_t n = b->n;
    for (size_t i = 0; i + 1 < n; i++) found[i] = spm_merges_find(&b->merges, b->parts[i], b->parts[i + 1]);
    for (;;) {
        size_t best = n;
        uint32_t rank = UINT32_MAX;
        for (size_t i = 0; i + 1 < n; i++)
            if (found[i] && found[i]->rank < rank) rank = found[best = i]->rank;
        if (best == n) break;
        b->parts[best] = found[best]->id;
        n--;
        memmove(b->parts + best + 1, b->parts + best + 2, (n - best - 1) * sizeof *b->parts);
        memmove(b->begins + best + 1, b->begins + best + 2, (n - best) * sizeof *b->begins);
        if (best + 1 < n) memmove(found + best, found + best + 1, (n - best - 1) * sizeof *found);
        if (best) found[best - 1] = spm_merges_find(&b->merges, b->parts[best - 1], b->parts[best]);
        if (best + 1 < n) found[best] = spm_merges_find(&b->merges, b->parts[best], b->parts[best + 1]);
    }
    b->n = n;
}

/* The parts of the word in hand, merged by the heap; they are the heap's then. */
static int merge_long(spm_bpe *b)
{
    int rc = OK;
    spm_heap *h = &b->heap;
    TRY(MEM_GROW(h->parts, &h->parts_room, b->n));
    h->n_parts = b->n;
    for (size_t i = 0; i < b->n; i++)
        h->parts[i] = (spm_heap_part){.id = b->parts[i], .begin = b->begins[i], .end = b->begins[i + 1]};
    TRY(spm_heap_merge(h, &b->merges, b->model));
done:
    return rc;
}

static int add_part(spm_bpe *b, uint32_t part, size_t begin)
{
    int rc = OK;
    TRY(MEM_GROW(b->parts, &b->n_parts, b->n + 1));
    TRY(MEM_GROW(b->begins, &b->n_begins, b->n + 2));
    b->parts[b->n] = part;
    b->begins[b->n++] = (uint32_t)begin;
done:
    return rc;
}

/* The word in hand ends at `end`. */
static int end_word(spm_bpe *b, const char *text, size_t end, spm_ids *out)
{
    int rc = OK;
    if (!b->n) goto done;
    b->begins[b->n] = (uint32_t)end;
    if (b->n <= SHORT_WORD) {
        merge_short(b);
        for (size_t i = 0; i < b->n; i++)
            spm_ids_add(out, final_id(b->model, b->parts[i]), text + b->begins[i], b->begins[i + 1] - b->begins[i]);
    } else {
        TRY(merge_long(b));
        for (uint32_t i = 0; i != SPM_NONE; i = b->heap.parts[i].next) {
            const spm_heap_part *p = &b->heap.parts[i];
            spm_ids_add(out, final_id(b->model, p->id), text + p->begin, p->end - p->begin);
        }
    }
    b->n = 0;
done:
    return rc;
}

static int cut_words(spm_bpe *b, const char *text, size_t n, spm_ids *out)
{
    int rc = OK, after_space = 0;
    for (size_t at = 0, step; at < n; at += step) {
        uint32_t id;
        if (b->starts[(unsigned char)text[at]] && (step = spm_trie_longest(b->kept, text + at, n - at, &id))) {
            TRY(end_word(b, text, at, out));
            spm_ids_add(out, id, text + at, step);
            continue;
        }
        const int space = is_space(text + at, n - at);
        if ((space && !after_space && b->split_before_space) || (!space && after_space && b->split_behind_space))
            TRY(end_word(b, text, at, out));
        after_space = space;
        step = spm_char_bytes(text + at, n - at);
        TRY(add_part(b, spm_merges_char(&b->merges, text + at, step), at));
    }
    TRY(end_word(b, text, n, out));
done:
    return rc;
}

static size_t part_bytes(const spm_bpe *b, uint32_t part, const char *text, size_t n)
{
    return part < b->model->n ? b->model->pieces[part].text.n : spm_char_bytes(text, n);
}

/* A part whose piece is not in use comes apart into those that made it, and so on, in the order of the text. */
static void come_apart(const spm_bpe *b, uint32_t part, const char *text, size_t n, int depth, spm_ids *out)
{
    const spm_model *m = b->model;
    const int unused = part < m->n && m->pieces[part].type == SPM_UNUSED;
    const spm_origin *o = unused ? &b->heap.origins[part] : NULL;
    if (unused && depth > DEEPEST_ORIGIN) {
        spm_ids_add(out, part, text, n);
    } else if (unused && o->text == b->heap.text) {
        const size_t left = part_bytes(b, o->left, text, n);
        come_apart(b, o->left, text, left, depth + 1, out);
        come_apart(b, o->right, text + left, n - left, depth + 1, out);
    } else {
        spm_ids_add(out, final_id(m, part), text, n);
    }
}

/* With pieces that are not in use: which parts they come apart into depends on the whole text, so that is one word, in
 * which user-defined pieces stand as parts that never merge. */
static int cut_whole(spm_bpe *b, const char *text, size_t n, spm_ids *out)
{
    int rc = OK;
    uint32_t id;
    for (size_t at = 0, step; at < n; at += step) {
        step = spm_trie_longest(b->kept, text + at, n - at, &id);
        const int kept = step > 0;
        if (!kept) step = spm_char_bytes(text + at, n - at);
        TRY(add_part(b, kept ? SPM_NONE : spm_merges_char(&b->merges, text + at, step), at));
    }
    if (!b->n) goto done;
    b->begins[b->n] = (uint32_t)n;
    TRY(merge_long(b));
    for (uint32_t i = 0; i != SPM_NONE; i = b->heap.parts[i].next) {
        const spm_heap_part *p = &b->heap.parts[i];
        if (p->id == SPM_NONE && spm_trie_longest(b->kept, text + p->begin, n - p->begin, &id))
            spm_ids_add(out, id, text + p->begin, p->end - p->begin);
        else
            come_apart(b, p->id, text + p->begin, p->end - p->begin, 0, out);
    }
done:
    return rc;
}

int spm_bpe_cut(spm_bpe *b, const char *text, size_t n, spm_ids *out)
{
    b->n = 0;
    return b->has_unused ? cut_whole(b, text, n, out) : cut_words(b, text, n, out);
}
