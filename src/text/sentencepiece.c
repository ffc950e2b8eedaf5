#include "text/sentencepiece.h"

#include "base/memory.h"
#include "base/status.h"
#include "text/sentencepiece_bpe.h"
#include "text/sentencepiece_decode.h"
#include "text/sentencepiece_unigram.h"
#include "text/sentencepiece_words.h"

#include <string.h>

typedef struct sentencepiece {
    spm_model model;
    spm_index plain;    /* pieces that text may become; in a BPE model all pieces */
    spm_index reserved; /* the others; none in a BPE model */
    spm_trie kept;      /* user-defined pieces */
    spm_normalizer before, after;
    spm_unigram unigram;
    spm_bpe bpe;
    char *text; /* plain form of the text in hand */
    size_t capacity;
    int64_t begin, end;
} sentencepiece;

static void close_model(void **state)
{
    sentencepiece *s = *state;
    if (!s) return;
    spm_bpe_free(&s->bpe);
    spm_unigram_free(&s->unigram);
    spm_normalizer_free(&s->after);
    spm_normalizer_free(&s->before);
    spm_trie_free(&s->kept);
    spm_index_free(&s->reserved);
    spm_index_free(&s->plain);
    spm_model_free(&s->model);
    mem_free(&s->text);
    mem_free(state);
}

static int index_pieces(sentencepiece *s, const char *path)
{
    int rc = OK;
    const spm_model *m = &s->model;
    TRY(spm_index_create(&s->plain, m));
    TRY(spm_index_create(&s->reserved, m));
    for (size_t i = 0; i < m->n; i++) {
        const spm_piece *p = &m->pieces[i];
        const int plain = m->algorithm == SPM_BPE || spm_piece_is_plain(p);
        if (p->type == SPM_UNUSED && !p->text.bytes[0]) continue; /* a converter's zero byte */
        if (!spm_index_add(plain ? &s->plain : &s->reserved, (uint32_t)i))
            FAIL(ERR_CONFIG, "%s: damaged: the text of piece %zu is that of an earlier one", path, i);
    }
done:
    return rc;
}

static int collect_kept(sentencepiece *s)
{
    int rc = OK;
    uint32_t *ids = NULL;
    size_t n = 0;
    TRY(MEM_RESERVE(ids, s->model.n));
    for (size_t i = 0; i < s->model.n; i++)
        if (s->model.pieces[i].type == SPM_USER_DEFINED) ids[n++] = (uint32_t)i;
    TRY(spm_trie_build(&s->kept, &s->model, ids, n));
done:
    mem_free(&ids);
    return rc;
}

/* The control piece of this text, or -1. */
static int64_t control_id(const sentencepiece *s, spm_text t)
{
    uint32_t id = spm_index_find(&s->reserved, t.bytes, t.n);
    if (id == SPM_NONE) id = spm_index_find(&s->plain, t.bytes, t.n);
    return id != SPM_NONE && s->model.pieces[id].type == SPM_CONTROL ? (int64_t)id : -1;
}

static int open_model(void **state, const char *path, const uint8_t *bytes, size_t n)
{
    int rc = OK;
    sentencepiece *s = NULL;
    *state = NULL;
    TRY(MEM_ALLOC(s, 1));
    const spm_model *m = &s->model;
    TRY(spm_model_read(&s->model, path, bytes, n));
    TRY(index_pieces(s, path));
    TRY(collect_kept(s));
    TRY(spm_normalizer_create(&s->before, path, &m->normal, m->space_is_suffix, &s->kept));
    if (m->denormal.charsmap.n) TRY(spm_normalizer_create(&s->after, path, &m->denormal, 0, NULL));
    if (m->algorithm == SPM_UNIGRAM) TRY(spm_unigram_create(&s->unigram, path, m));
    if (m->algorithm == SPM_BPE) TRY(spm_bpe_create(&s->bpe, m, &s->plain, &s->kept));
    s->begin = control_id(s, m->begin_piece);
    s->end = control_id(s, m->end_piece);
    *state = s;
    s = NULL;
done:
    close_model((void **)&s);
    return rc;
}

static int encode(void *state, const char *text, size_t n, uint32_t **ids, size_t *capacity, size_t *count)
{
    int rc = OK;
    size_t n_plain = 0;
    sentencepiece *s = state;
    *count = 0;
    TRY(spm_normalize(&s->before, text, n, &s->text, &s->capacity, &n_plain));
    if (n_plain >= INT32_MAX) FAIL(ERR_LIMIT, "%zu bytes are too many for one text", n_plain);
    TRY(mem_grow((void **)ids, capacity, n_plain, sizeof **ids));
    spm_ids out = {.model = &s->model, .ids = *ids};
    switch (s->model.algorithm) {
    case SPM_UNIGRAM: TRY(spm_unigram_cut(&s->unigram, s->text, n_plain, &out)); break;
    case SPM_BPE: TRY(spm_bpe_cut(&s->bpe, s->text, n_plain, &out)); break;
    case SPM_WORD: spm_cut_words(&s->plain, s->text, n_plain, &out); break;
    default: spm_cut_chars(&s->plain, &s->kept, s->text, n_plain, &out); break;
    }
    *count = out.n;
done:
    return rc;
}

static int decode(const void *state, const uint32_t *ids, size_t n, char **text, size_t *capacity, size_t *count)
{
    const sentencepiece *s = state;
    return spm_decode(&s->model, s->model.denormal.charsmap.n ? &s->after : NULL, SPM_WHOLE, ids, n, text, capacity,
                      count);
}

static int decode_part(const void *state, int later, const uint32_t *ids, size_t n, char **text, size_t *capacity,
                       size_t *count)
{
    const sentencepiece *s = state;
    return spm_decode(&s->model, s->model.denormal.charsmap.n ? &s->after : NULL,
                      later ? SPM_LATER_PART : SPM_FIRST_PART, ids, n, text, capacity, count);
}

static int64_t size(const void *state) { return (int64_t)((const sentencepiece *)state)->model.n; }

static const char *piece(const void *state, uint32_t id, size_t *n)
{
    const spm_model *m = &((const sentencepiece *)state)->model;
    const spm_text none = {"", 0}, t = id < m->n ? m->pieces[id].text : none;
    *n = t.n;
    return t.bytes;
}

static int64_t begin(const void *state) { return ((const sentencepiece *)state)->begin; }

static int64_t end(const void *state) { return ((const sentencepiece *)state)->end; }

const tokenizer_kind sentencepiece_kind = {
    .label = "sentencepiece",
    .detect = spm_model_detect,
    .open = open_model,
    .close = close_model,
    .size = size,
    .encode = encode,
    .decode = decode,
    .decode_part = decode_part,
    .piece = piece,
    .begin = begin,
    .end = end,
};
