/* SPLIT.jsonl: a line for each document, or piece of one, in the order of the sequences.
 *
 *   id         the group; of a row that has none the id of the first example; null: a piece without any row's ids
 *   sequence, start, tokens    where it stands
 *   examples   ids of the rows in it
 *   text       as it reads: text, <names> of special tokens, <img_17> and <aud_3> for ids of media
 *   media      [{"image": id of the example, "start": 5, "end": 201}]: tokens of the document, without <boi> and <eoi>
 *   segments   the same without doubt, one after the other: {"text": ..., "example": id} ("example" is not there where
 *              a template has the text), {"special": "<boi>"}, {"image": id, "ids": [...]}, {"image": id, "vectors": 9}
 *              (with "cross": true for vectors that are attended to); "from": ids or vectors of the example before it,
 *              where it has some; "loss": false where the tokens bear none. A text that the end of the sequence cuts
 *              within a character has all its bytes as "hex" too. */
#include "export/export.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "export/split_reader.h"
#include "export/text_form.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Ids or vectors of an example, and the tokens that stand for them. */
typedef struct media_part {
    int kind, vectors; /* kind -1: none */
    uint32_t shard;
    int64_t first, n, at, length;
} media_part;

typedef struct document_line {
    const export_split *split;
    const export_options *options;
    const sequence_batch *b;
    batch_examples examples;
    int64_t sequence;     /* within the batch */
    int64_t start;        /* first token of the document within the sequence */
    int64_t span, vector; /* the next ones, in the tables of the batch */
    json_t *ids, *media, *segments, *id;
    text_buffer text, piece;
    media_part last; /* of the document */
    char *hex;
} document_line;

static const char *text_at(const document_line *d, size_t at) { return d->examples.texts + at; }

/* The example is one of the document's. */
static int add_example(document_line *d, const example_reference *e)
{
    int rc = OK;
    const char *id = text_at(d, e->id), *group = text_at(d, e->group);
    size_t i;
    json_t *one;
    if (json_is_null(d->id)) {
        json_decref(d->id);
        d->id = json_string(*group ? group : id);
    }
    json_array_foreach(d->ids, i, one) if (!strcmp(json_string_value(one), id)) goto done;
    if (json_array_append_new(d->ids, json_string(id)) != 0) FAIL(ERR_CORRUPT, "the id of an example is not UTF-8");
done:
    return rc;
}

/* `e`: NULL of what no example has. */
static int add_segment(document_line *d, json_t *segment, const span *s, const example_reference *e)
{
    int rc = OK;
    if (segment && e && e->from) json_object_set_new(segment, "from", json_integer(e->from));
    if (segment && !s->loss) json_object_set_new(segment, "loss", json_false());
    if (json_array_append_new(d->segments, segment) != 0) FAIL(ERR_MEMORY, "no memory for a line of JSON");
done:
    return rc;
}

static int hex_of(const text_buffer *b, char **out)
{
    int rc = OK;
    TRY(mem_alloc((void **)out, 2 * b->n + 1, 1));
    for (size_t i = 0; i < b->n; i++) snprintf(*out + 2 * i, 3, "%02x", (unsigned char)b->bytes[i]);
done:
    return rc;
}

/* U+FFFD stands for the bytes of a character that is cut. */
static int add_readable(const text_buffer *from, size_t before, size_t behind, text_buffer *to)
{
    static const char replacement[] = "\xEF\xBF\xBD";
    int rc = OK;
    if (before) TRY(text_buffer_add(to, replacement, 3));
    TRY(text_buffer_add(to, from->bytes + before, from->n - before - behind));
    if (behind) TRY(text_buffer_add(to, replacement, 3));
done:
    return rc;
}

static int add_text(document_line *d, const span *s, const uint32_t *ids, const example_reference *e)
{
    int rc = OK;
    size_t before, behind, first = d->text.n;
    json_t *segment = NULL;
    d->piece.n = 0;
    TRY(text_of_span(d->b, s, ids, &d->examples, e, &d->piece));
    text_cut_ends(d->piece.bytes, d->piece.n, &before, &behind);
    TRY(add_readable(&d->piece, before, behind, &d->text));
    json_t *text = json_stringn(d->text.bytes + first, d->text.n - first);
    if (!text) FAIL(ERR_CORRUPT, "a text of split %s is not UTF-8", d->split->name);
    segment = json_pack("{s:o}", "text", text);
    if (before || behind) {
        TRY(hex_of(&d->piece, &d->hex));
        json_object_set_new(segment, "hex", json_string(d->hex));
    }
    if (e) json_object_set_new(segment, "example", json_string(text_at(d, e->id)));
    TRY(add_segment(d, json_incref(segment), s, e));
done:
    json_decref(segment);
    mem_free(&d->hex);
    return rc;
}

/* Where media stand; rows of a grid with a token between them are one picture. */
static int add_media(document_line *d, const media_part *p, const example_reference *e)
{
    int rc = OK;
    int64_t start = p->at - d->start, end = start + p->length;
    const media_part *last = &d->last;
    int goes_on = e->from > 0 && last->kind == p->kind && last->vectors == p->vectors && last->shard == p->shard &&
                  last->first + last->n == p->first && p->at - (last->at + last->length) <= 1;
    if (goes_on) {
        json_t *one = json_array_get(d->media, json_array_size(d->media) - 1);
        json_object_set_new(one, "end", json_integer(end));
    } else {
        json_t *one = json_pack("{s:s, s:I, s:I}", stream_name((stream_kind)p->kind), text_at(d, e->id), "start",
                                (json_int_t)start, "end", (json_int_t)end);
        if (json_array_append_new(d->media, one) != 0) FAIL(ERR_MEMORY, "no memory for a line of JSON");
    }
    d->last = *p;
done:
    return rc;
}

static int add_ids(document_line *d, const span *s, const uint32_t *ids, const example_reference *e, int64_t at)
{
    int rc = OK;
    int64_t offset = vocabulary_offset(d->b->set->words, (modality)s->kind);
    json_t *list = json_array();
    for (uint32_t i = 0; i < s->length; i++) {
        TRY(text_of_token(d->b->set, d->options, ids[i], &d->text));
        json_array_append_new(list, json_integer(ids[i] - offset));
    }
    json_t *segment = json_pack("{s:s, s:O}", stream_name((stream_kind)s->kind), text_at(d, e->id), "ids", list);
    TRY(add_segment(d, segment, s, e));
    TRY(add_media(d, &(media_part){s->kind, 0, s->shard, s->start, s->ids, at, s->length}, e));
done:
    json_decref(list);
    return rc;
}

/* A special token, as often as it stands there, or the vectors that it stands for. */
static int add_special(document_line *d, const span *s, const uint32_t *ids, int64_t at)
{
    int rc = OK;
    const vector_span *v = &d->b->vectors[d->vector];
    int64_t left = d->b->vector_offsets[d->sequence + 1] - d->b->vector_offsets[0] - d->vector;
    size_t first = d->text.n, name_end = first;
    for (uint32_t i = 0; i < s->length; i++) {
        TRY(text_of_token(d->b->set, d->options, ids[i], &d->text));
        if (!i) name_end = d->text.n;
    }
    if (left < 1 || v->at != at) {
        json_t *name = json_stringn(d->text.bytes + first, name_end - first);
        for (uint32_t i = 0; i < s->length; i++) TRY(add_segment(d, json_pack("{s:O}", "special", name), s, NULL));
        json_decref(name);
        goto done;
    }
    const example_reference *e = &d->examples.vectors[d->vector++];
    json_t *segment =
        json_pack("{s:s, s:I}", stream_name((stream_kind)v->kind), text_at(d, e->id), "vectors", (json_int_t)v->length);
    if (segment && v->cross) json_object_set_new(segment, "cross", json_true());
    TRY(add_segment(d, segment, s, e));
    TRY(add_example(d, e));
    TRY(add_media(d, &(media_part){v->kind, 1, v->shard, v->start, v->length, at, s->length}, e));
done:
    return rc;
}

static int add_span(document_line *d, const span *s, int64_t at)
{
    int rc = OK;
    const uint32_t *ids = d->b->ids + d->sequence * d->b->length + at;
    const example_reference *e = s->kind < N_STREAMS ? &d->examples.spans[s - d->b->spans] : NULL;
    if (e) TRY(add_example(d, e));
    if (s->kind == MODALITY_TEXT || s->kind == SPAN_LITERAL)
        TRY(add_text(d, s, ids, e));
    else if (e)
        TRY(add_ids(d, s, ids, e, at));
    else
        TRY(add_special(d, s, ids, at));
done:
    return rc;
}

static void begin_line(document_line *d, int64_t start)
{
    d->start = start;
    d->text.n = 0;
    d->last.kind = -1;
    d->id = json_null();
    d->ids = json_array();
    d->media = json_array();
    d->segments = json_array();
}

static int write_line(document_line *d, int64_t sequence, int64_t end, file_writer *w)
{
    int rc = OK;
    json_t *text = json_stringn(d->text.bytes, d->text.n);
    json_t *line = json_pack("{s:O, s:I, s:I, s:I, s:O, s:o, s:O, s:O}", "id", d->id, "sequence", (json_int_t)sequence,
                             "start", (json_int_t)d->start, "tokens", (json_int_t)(end - d->start), "examples", d->ids,
                             "text", text, "media", d->media, "segments", d->segments);
    char *bytes = line ? json_dumps(line, JSON_COMPACT) : NULL;
    if (!bytes) FAIL(ERR_MEMORY, "no memory for a line of JSON");
    TRY(file_writer_add(w, bytes, strlen(bytes)));
    TRY(file_writer_add(w, "\n", 1));
done:
    json_decref(line);
    free(bytes);
    return rc;
}

static void end_line(document_line *d)
{
    json_decref(d->id);
    json_decref(d->ids);
    json_decref(d->media);
    json_decref(d->segments);
    d->id = d->ids = d->media = d->segments = NULL;
}

static int write_batch(document_line *d, const split_reader *r, file_writer *w)
{
    int rc = OK;
    const sequence_batch *b = d->b = &r->batch;
    TRY(batch_examples_find(&d->examples, b, !text_decodes(b->set)));
    d->span = d->vector = 0;
    for (d->sequence = 0; d->sequence < b->n; d->sequence++)
        for (int64_t k = 0; k < split_reader_documents(r, d->sequence); k++) {
            int64_t start, end;
            split_reader_document(r, d->sequence, k, &start, &end);
            begin_line(d, start);
            for (int64_t at = start; at < end; at += b->spans[d->span++].length)
                TRY(add_span(d, &b->spans[d->span], at));
            TRY(write_line(d, r->first + d->sequence, end, w));
            end_line(d);
        }
done:
    end_line(d);
    return rc;
}

int export_jsonl(const export_split *s, const export_options *o, const char *folder, export_counts *counts)
{
    int rc = OK, more;
    split_reader r;
    document_line d = {.split = s, .options = o};
    file_writer *w = NULL;
    char *path = NULL;
    split_reader_start(&r, s, o->batch_tokens);
    TRY(mem_format(&path, "%s/%s.jsonl", folder, s->name));
    TRY(file_writer_open(&w, path, "export"));
    for (;;) {
        TRY(split_reader_next(&r, &more));
        if (!more) break;
        TRY(write_batch(&d, &r, w));
    }
    TRY(file_writer_commit(&w));
    *counts = r.counts;
done:
    file_writer_abandon(&w);
    batch_examples_free(&d.examples);
    text_buffer_free(&d.text);
    text_buffer_free(&d.piece);
    mem_free(&path);
    split_reader_close(&r);
    return rc;
}
