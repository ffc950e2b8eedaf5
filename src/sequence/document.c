/* From the rows of documents to pieces and spans. */
#include "sequence/document.h"

#include "base/status.h"
#include "sequence/document_row.h"

/* Number of the last row that begins at or before this token. */
static int64_t row_of(const document_set *s, const document *d, int64_t token)
{
    int64_t low = 0, high = d->n_rows;
    document_row r;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        document_row_read(s, d->first_row + middle, &r);
        if (r.at <= token)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* The last good place at or before `end` within a picture or sound that does not fit: a row of the grid, a window. */
static int64_t cut_within(const sequence_template *t, const row_part *p, int64_t from, int64_t end)
{
    const template_op *op = p->op;
    int64_t begin = p->at + !op->bare, step = 0;
    if (p->columns > 0)
        step = p->columns + 1;
    else if (op->form == FORM_IDS && op->stream == STREAM_AUDIO)
        step = t->audio_window;
    if (step > 0 && end > begin) {
        int64_t at = begin + (end - begin) / step * step;
        if (at > from) return at;
    }
    return end;
}

int64_t document_cut(const document_set *s, const document *d, int64_t from, int64_t length)
{
    document_row r;
    row_part p;
    int64_t end = from + length;
    if (end >= d->length) return d->length;
    document_row_read(s, d->first_row + row_of(s, d, end), &r);
    row_walk w = row_walk_start(s, &r);
    while (row_walk_next(&w, &p) && p.at < end) {
        if (p.at + p.length <= end || p.op->kind != TEMPLATE_STREAM || p.op->stream == STREAM_TEXT) continue;
        return p.at > from ? p.at : cut_within(s->t, &p, from, end);
    }
    return end;
}

/* What goes out: tokens from .. to - 1 of a document. */
typedef struct window {
    int64_t from, to;
    uint32_t shard;
    uint8_t begins;
    document_sink sink;
    void *user;
} window;

/* Pass on what the window shows of `length` tokens at `at`. A special is one that stands there that many times. */
static int put(window *w, int64_t at, uint8_t kind, int64_t start, int64_t length, int loss, const vector_span *v)
{
    int64_t first = at < w->from ? w->from - at : 0;
    int64_t last = at + length > w->to ? w->to - at : length;
    if (first >= last) return OK;
    int of_shard = kind < N_STREAMS, repeat = kind == MODALITY_SPECIAL;
    span s = {.kind = kind,
              .shard = of_shard ? w->shard : 0,
              .start = start + (repeat ? 0 : first),
              .length = (uint32_t)(last - first),
              .loss = loss != 0,
              .begins = w->begins};
    w->begins = 0;
    if (!v) return w->sink(w->user, &s, NULL);
    vector_span part = *v;
    if (!v->cross) {
        part.start += first;
        part.length = s.length;
    }
    return w->sink(w->user, &s, &part);
}

static int put_special(window *w, int64_t at, special_id id, int loss)
{
    return put(w, at, MODALITY_SPECIAL, id, 1, loss && id != SPECIAL_BOS, NULL);
}

/* Ids, or (v) vectors, which bear no loss: there is no id to predict. */
static int put_lines(window *w, const row_part *p, int64_t at, const vector_span *v)
{
    int rc = OK;
    int64_t line = p->columns > 0 ? p->columns : p->n;
    for (int64_t i = 0; i < p->n && at < w->to; i += line) {
        if (v) {
            const vector_span row = {.kind = v->kind, .shard = v->shard, .start = v->start + i};
            TRY(put(w, at, MODALITY_SPECIAL, SPECIAL_VECTOR, line, 0, &row));
        } else {
            TRY(put(w, at, (uint8_t)p->op->stream, p->start + i, line, p->loss, NULL));
        }
        at += line;
        if (p->columns > 0 && (i + line < p->n || p->op->newline == NEWLINE_AFTER))
            TRY(put_special(w, at++, SPECIAL_IMAGE_NEWLINE, p->loss));
    }
done:
    return rc;
}

static int put_stream(window *w, const row_part *p)
{
    int rc = OK;
    static const special_id markers[N_STREAMS] = {
        [STREAM_IMAGE] = SPECIAL_IMAGE, [STREAM_AUDIO] = SPECIAL_AUDIO, [STREAM_SENSOR] = SPECIAL_SENSOR};
    special_id begin, end;
    const template_op *op = p->op;
    int marked = stream_marks(op->stream, &begin, &end) && !op->bare;
    const vector_span v = {.kind = (uint8_t)op->stream,
                           .cross = op->form == FORM_CROSS,
                           .shard = w->shard,
                           .start = p->start,
                           .length = (uint32_t)p->n};
    if (op->form == FORM_CROSS) return put(w, p->at, MODALITY_SPECIAL, markers[op->stream], 1, 0, &v);
    if (marked) TRY(put_special(w, p->at, begin, p->loss));
    TRY(put_lines(w, p, p->at + marked, op->form == FORM_VECTORS ? &v : NULL));
    if (marked) TRY(put_special(w, p->at + p->length - 1, end, p->loss));
done:
    return rc;
}

static int put_part(window *w, const row_part *p)
{
    switch (p->op->kind) {
    case TEMPLATE_SPECIAL: return put_special(w, p->at, (special_id)p->op->number, p->loss);
    case TEMPLATE_LITERAL: return put(w, p->at, SPAN_LITERAL, p->start, p->n, p->loss, NULL);
    case TEMPLATE_STREAM: return put_stream(w, p);
    default: return OK;
    }
}

int document_spans(const document_set *s, const document *d, int64_t from, int64_t n, document_sink sink, void *user)
{
    int rc = OK;
    document_row r;
    row_part p;
    window w = {.from = from, .to = from + n, .shard = d->shard, .begins = 1, .sink = sink, .user = user};
    for (int64_t i = row_of(s, d, from); i < d->n_rows; i++) {
        document_row_read(s, d->first_row + i, &r);
        if (r.at >= w.to) break;
        row_walk walk = row_walk_start(s, &r);
        while (row_walk_next(&walk, &p) && p.at < w.to)
            if (p.at + p.length > w.from) TRY(put_part(&w, &p));
    }
done:
    return rc;
}
