#include "sequence/document.h"

#include "base/memory.h"
#include "base/status.h"

#include <string.h>

enum { CHUNK = 1 << 15 };

_Static_assert((int)STREAM_TEXT == MODALITY_TEXT && (int)STREAM_IMAGE == MODALITY_IMAGE &&
                   (int)STREAM_AUDIO == MODALITY_AUDIO && (int)STREAM_SENSOR == MODALITY_SENSOR,
               "the kind of a span of ids is its stream's modality");

/* Specials around the ids of a stream; text has none. */
static const struct {
    int marked;
    special_id begin, end;
} marks[N_STREAMS] = {
    [STREAM_TEXT] = {0, 0, 0},
    [STREAM_IMAGE] = {1, SPECIAL_BOI, SPECIAL_EOI},
    [STREAM_AUDIO] = {1, SPECIAL_BOA, SPECIAL_EOA},
    [STREAM_SENSOR] = {1, SPECIAL_BOSN, SPECIAL_EOSN},
};

int document_template_make(document_template *t, const sequence_options *o)
{
    int rc = OK;
    memset(t, 0, sizeof *t);
    TRY(sequence_options_check(o));
    t->image_newline = o->image_newline;
    for (size_t i = 0; i < o->layout.n; i++)
        for (stream_kind s = 0; s < N_STREAMS; s++)
            if (!strcmp(o->layout.texts[i], stream_name(s))) {
                t->order[t->n_order++] = s;
                t->uses[s] = 1;
            }
done:
    return rc;
}

static document_extent *extent_at(const document_extents *l, int64_t i) { return &l->chunks[i / CHUNK][i % CHUNK]; }

static int extents_add(document_extents *l, const document_extent *e)
{
    int rc = OK;
    if (l->n == (int64_t)l->n_chunks * CHUNK) {
        TRY(MEM_GROW(l->chunks, &l->chunks_capacity, l->n_chunks + 1));
        TRY(MEM_ALLOC(l->chunks[l->n_chunks], CHUNK));
        l->n_chunks++;
    }
    *extent_at(l, l->n++) = *e;
done:
    return rc;
}

void document_extents_free(document_extents *l)
{
    for (size_t i = 0; i < l->n_chunks; i++) mem_free(&l->chunks[i]);
    mem_free(&l->chunks);
    memset(l, 0, sizeof *l);
}

static int64_t extent_tokens(const document_extent *e)
{
    int64_t newlines = e->columns > 0 ? e->length / e->columns : 0;
    return e->sep + 2 * marks[e->stream].marked + e->length + newlines;
}

int document_starts(const shard_reader *r, int64_t i) { return i == 0 || shard_reader_starts_group(r, i); }

/* Newlines only where whole rows of the grid make up the ids. */
static int find_columns(shard_reader *r, int64_t i, document_extent *e)
{
    int rc = OK;
    int32_t rows = 0, columns = 0;
    TRY(shard_reader_grid(r, i, &rows, &columns));
    e->columns = columns > 0 && e->length % columns == 0 ? columns : 0;
done:
    return rc;
}

int document_scan(const document_template *t, shard_reader *r, uint32_t shard, int64_t first, document_extents *l,
                  document *d, int64_t *next, int64_t ids[N_STREAMS])
{
    int rc = OK;
    int64_t n = shard_reader_examples(r), at = 1, i = first;
    *d = (document){.first_extent = l->n, .shard = shard};
    do {
        int sep = l->n > d->first_extent; /* before the first stream of this row */
        for (int k = 0; k < t->n_order; k++) {
            stream_kind s = t->order[k];
            if (!shard_reader_has(r, s)) continue;
            int64_t start = shard_reader_offset(r, s, i), end = shard_reader_offset(r, s, i + 1);
            if (start < 0 || end < start || end > shard_reader_ids(r, s))
                FAIL(ERR_CORRUPT, "shard %u: the %s offsets of example %lld are wrong", shard, stream_name(s),
                     (long long)i);
            if (start == end) continue;
            document_extent e = {.at = at, .start = start, .stream = (uint8_t)s, .sep = (uint8_t)sep};
            e.length = end - start;
            if (s == STREAM_IMAGE && t->image_newline) TRY(find_columns(r, i, &e));
            TRY(extents_add(l, &e));
            if (ids) ids[s] += e.length;
            at += extent_tokens(&e);
            sep = 0;
        }
    } while (++i < n && !document_starts(r, i));
    if (l->n - d->first_extent > UINT32_MAX) FAIL(ERR_LIMIT, "a document of more than 2^32 rows");
    d->n_extents = (uint32_t)(l->n - d->first_extent);
    d->length = d->n_extents ? at + 1 : 0;
    *next = i;
done:
    return rc;
}

/* What goes out: tokens from .. to - 1 of a document; `at` is the token that comes next. */
typedef struct window {
    int64_t at, from, to;
    uint32_t shard;
    uint8_t begins;
    document_sink sink;
    void *user;
} window;

/* Pass on what the window shows of a run of tokens. */
static int put(window *w, uint8_t kind, int64_t start, int64_t length)
{
    int64_t first = w->at < w->from ? w->from - w->at : 0;
    int64_t last = w->at + length > w->to ? w->to - w->at : length;
    w->at += length;
    if (first >= last) return OK;
    int special = kind == MODALITY_SPECIAL;
    span s = {.kind = kind,
              .shard = special ? 0 : w->shard,
              .start = start + first,
              .length = (uint32_t)(last - first),
              .loss = !(special && start == SPECIAL_BOS),
              .begins = w->begins};
    w->begins = 0;
    return w->sink(w->user, &s);
}

static int put_special(window *w, special_id id) { return put(w, MODALITY_SPECIAL, id, 1); }

static int put_extent(window *w, const document_extent *e)
{
    int rc = OK;
    int64_t line = e->columns > 0 ? e->columns : e->length;
    w->at = e->at;
    if (e->sep) TRY(put_special(w, SPECIAL_SEP));
    if (marks[e->stream].marked) TRY(put_special(w, marks[e->stream].begin));
    for (int64_t i = 0; i < e->length && w->at < w->to; i += line) {
        TRY(put(w, e->stream, e->start + i, line));
        if (e->columns > 0) TRY(put_special(w, SPECIAL_IMAGE_NEWLINE));
    }
    if (marks[e->stream].marked) TRY(put_special(w, marks[e->stream].end));
done:
    return rc;
}

/* Number of the last extent that begins at or before this token, 0 if none does. */
static int64_t extent_of(const document_extents *l, const document *d, int64_t token)
{
    int64_t low = 0, high = d->n_extents;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (extent_at(l, d->first_extent + middle)->at <= token)
            low = middle;
        else
            high = middle;
    }
    return low;
}

int document_spans(const document_extents *l, const document *d, int64_t from, int64_t n, document_sink sink,
                   void *user)
{
    int rc = OK;
    window w = {.from = from, .to = from + n, .shard = d->shard, .begins = 1, .sink = sink, .user = user};
    TRY(put_special(&w, SPECIAL_BOS));
    for (int64_t i = extent_of(l, d, from); i < d->n_extents; i++) {
        const document_extent *e = extent_at(l, d->first_extent + i);
        if (e->at >= w.to) break;
        TRY(put_extent(&w, e));
    }
    w.at = d->length - 1;
    TRY(put_special(&w, SPECIAL_EOS));
done:
    return rc;
}
