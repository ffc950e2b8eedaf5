/* The streams of a row: text, and vectors that become ids or are kept. */
#include "base/memory.h"
#include "base/status.h"
#include "core/core_feature.h"
#include "core/row_parts.h"
#include "tensor/half.h"
#include "tokens/run_length.h"

#include <stdio.h>

enum { ASSIGN_BLOCK = 1024 };

/* ---- vectors to ids ---- */

static int append_ids(assigner *a, const float *x, int64_t n, int64_t d, example_stream *s)
{
    int rc = OK;
    TRY(MEM_GROW(s->ids, &s->ids_capacity, s->n_ids + (size_t)n));
    for (int64_t i = 0; i < n; i += ASSIGN_BLOCK) {
        int64_t m = n - i < ASSIGN_BLOCK ? n - i : ASSIGN_BLOCK;
        TRY(assigner_run(a, x + i * d, m, s->ids + s->n_ids, NULL));
        s->n_ids += (size_t)m;
    }
done:
    return rc;
}

/* An encoder's own codes: the numbers of a frame, group after group. */
static int append_codes(const float *x, int64_t n, example_stream *s)
{
    int rc = OK;
    TRY(MEM_GROW(s->ids, &s->ids_capacity, s->n_ids + (size_t)n));
    for (int64_t i = 0; i < n; i++) s->ids[s->n_ids++] = (uint32_t)x[i];
done:
    return rc;
}

static int append_vectors(const float *x, int64_t n, int64_t d, example_stream *s)
{
    int rc = OK;
    size_t used = s->n_vectors * (size_t)d;
    TRY(MEM_GROW(s->vectors, &s->vectors_capacity, used + (size_t)(n * d)));
    half_from_floats(x, (size_t)(n * d), s->vectors + used);
    s->n_vectors += (size_t)n;
    s->width = d;
done:
    return rc;
}

static int quantise(assigner *a, int keep, const float *x, int64_t n, int64_t d, example_stream *s)
{
    int rc = OK;
    if (a && keep != KEEP_VECTORS) TRY(append_ids(a, x, n, d, s));
    if (keep != KEEP_TOKENS) TRY(append_vectors(x, n, d, s));
done:
    return rc;
}

static int take(row_stream *r, const float *x, int64_t n)
{
    const core *c = r->item->core;
    media_kind k = r->medium;
    example_stream *s = &r->item->example.stream[core_stream(k)];
    int64_t d = core_width(c, k);
    int keep = k == MEDIA_AUDIO   ? c->settings.audio->keep
               : k == MEDIA_IMAGE ? c->settings.image->keep
                                  : c->settings.sensor->keep;
    if (k == MEDIA_AUDIO && c->audio_model && core_model_has_codes(c->audio_model)) return append_codes(x, n * d, s);
    return quantise(c->assigner[k], keep, x, n, d, s);
}

/* A row whose vectors cannot be used is rejected later, and takes nothing more; the others of its batch go on. */
static int vectors(void *user, const float *x, int64_t first, int64_t n)
{
    (void)first;
    row_stream *r = user;
    r->to_come -= n;
    if (r->code != OK) return OK;
    int rc = take(r, x, n);
    if (!status_is_item(rc)) return rc;
    r->code = rc;
    snprintf(r->message, sizeof r->message, "%s", status_message());
    return OK;
}

static int tick(void *user)
{
    const row_stream *r = user;
    const core_caller *caller = &r->item->caller;
    return caller->tick ? caller->tick(caller->user) : OK;
}

/* ---- the streams ---- */

static int check_medium(const media *m)
{
    int rc = OK;
    if (m->status != OK) FAIL(m->status, "%s", m->message);
done:
    return rc;
}

int row_sound(row_item *i, const corpus_row *row, const media *m, int64_t first, int64_t last)
{
    int rc = OK;
    row_stream *r = &i->stream[STREAM_AUDIO];
    example_stream *s = &i->example.stream[STREAM_AUDIO];
    int64_t frames;
    const vector_sink sink = {vectors, tick, r};
    TRY(check_medium(m));
    TRY(media_hash(m, &i->core->hashed[MEDIA_AUDIO], &s->xxh3));
    s->used = 1;
    TRY(sound_run(i->core->sound, row, &m->source, first, last, &sink, &frames, &s->seconds));
    i->example.sound = *sound_measured(i->core->sound);
    r->to_come += frames;
done:
    if (rc != OK) r->to_come = 0; /* what was to come is forgotten */
    return rc;
}

int row_picture(row_item *i, const media *m)
{
    int rc = OK;
    row_stream *r = &i->stream[STREAM_IMAGE];
    example_stream *s = &i->example.stream[STREAM_IMAGE];
    int64_t rows, columns;
    const vector_sink sink = {vectors, tick, r};
    TRY(check_medium(m));
    TRY(media_hash(m, &i->core->hashed[MEDIA_IMAGE], &s->xxh3));
    TRY(picture_run(i->core->picture, &m->source, 0, &sink));
    i->example.picture = *picture_measured(i->core->picture);
    picture_grid(i->core->picture, &rows, &columns);
    r->to_come += rows * columns;
    s->rows = (int32_t)rows;
    s->columns = (int32_t)columns;
    s->used = 1;
done:
    return rc;
}

int row_sensor(row_item *i, const corpus_row *row, const media *m)
{
    int rc = OK;
    row_stream *r = &i->stream[STREAM_SENSOR];
    example_stream *s = &i->example.stream[STREAM_SENSOR];
    int64_t n;
    const vector_sink sink = {vectors, tick, r};
    TRY(check_medium(m));
    TRY(media_hash(m, &i->core->hashed[MEDIA_SENSOR], &s->xxh3));
    s->used = 1;
    TRY(sensor_run(i->core->sensor, row, &m->source, &sink, &n));
    sensor_measured(i->core->sensor, &i->example.sensor);
    r->to_come += n;
done:
    if (rc != OK) r->to_come = 0; /* what was to come is forgotten */
    return rc;
}

int row_text(row_item *i, const corpus_row *row)
{
    int rc = OK;
    example_stream *s = &i->example.stream[STREAM_TEXT];
    text_view text = row->field[FIELD_TEXT];
    if (!text.n) goto done;
    TRY(text_tokenizer_encode(i->core->settings.text, text.bytes, text.n, &s->ids, &s->ids_capacity, &s->n_ids));
    s->used = 1;
done:
    return rc;
}

static int reduce(example_stream *s)
{
    int rc = OK;
    if (!s->n_ids) goto done;
    TRY(MEM_GROW(s->durations, &s->durations_capacity, s->n_ids));
    s->n_ids = run_length_reduce(s->ids, s->n_ids, s->durations);
    s->n_durations = s->n_ids;
done:
    return rc;
}

int row_streams_end(row_item *i)
{
    int rc = OK;
    const core_settings *o = &i->core->settings;
    if (o->audio->reduce) TRY(reduce(&i->example.stream[STREAM_AUDIO]));
    if (o->sensor && o->sensor->reduce) TRY(reduce(&i->example.stream[STREAM_SENSOR]));
done:
    return rc;
}
