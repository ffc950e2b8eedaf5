#include "core/row_example.h"

#include "base/memory.h"
#include "base/status.h"
#include "core/core_feature.h"
#include "core/row_parts.h"

#include <stdio.h>
#include <string.h>

static int make_assigner(core *c, media_kind kind)
{
    int rc = OK;
    const codebook *book = c->settings.codebook[kind];
    if (!book) return OK;
    if (book->d != core_width(c, kind))
        FAIL(ERR_CONFIG, "the %s codebook has %lld dimensions, the features have %lld", stream_name(core_stream(kind)),
             (long long)book->d, (long long)core_width(c, kind));
    TRY(assigner_create(&c->assigner[kind], book->centroids, book->k, book->d));
done:
    return rc;
}

/* The scale of sensor data stands in their codebook. */
static int make_sensor(core *c)
{
    const codebook *book = c->settings.codebook[MEDIA_SENSOR];
    sensor_scale scale = {0};
    if (book) scale = (sensor_scale){book->n_channels, book->channel_mean, book->channel_deviation};
    return sensor_create(&c->sensor, c->settings.sensor, &scale);
}

int core_create(core **out, const core_settings *settings)
{
    int rc = OK;
    core *c = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(c, 1));
    c->settings = *settings;
    c->end = &c->first;
    if (settings->models) {
        c->audio_model = &settings->models->audio;
        c->image_model = &settings->models->image;
    }
    c->filter = (row_filter){settings->filter, settings->audio->use, settings->image->use};
    if (settings->audio->use) {
        TRY(sound_create(&c->sound, settings->audio, c->audio_model));
        if (settings->filter) TRY(sound_measures(c->sound, settings->filter));
    }
    if (settings->image->use) {
        TRY(picture_create(&c->picture, settings->image, c->image_model, settings->image_map));
        if (settings->filter) picture_measures(c->picture, settings->filter);
    }
    if (settings->sensor && settings->sensor->use) TRY(make_sensor(c));
    for (int k = 0; k < N_MEDIA; k++) TRY(make_assigner(c, (media_kind)k));
    *out = c;
    c = NULL;
done:
    core_free(&c);
    return rc;
}

void core_free(core **pc)
{
    core *c = *pc;
    if (!c) return;
    core_forget(c);
    while (c->spare) {
        row_item *i = c->spare;
        c->spare = i->next;
        example_free(&i->example);
        mem_free(&i);
    }
    sound_free(&c->sound);
    picture_free(&c->picture);
    sensor_free(&c->sensor);
    for (int k = 0; k < N_MEDIA; k++) assigner_free(&c->assigner[k]);
    mem_free(pc);
}

int64_t core_width(const core *c, media_kind kind)
{
    if (kind == MEDIA_AUDIO) return c->sound ? sound_width(c->sound) : 0;
    if (kind == MEDIA_IMAGE) return c->picture ? picture_width(c->picture) : 0;
    return c->sensor ? sensor_width(c->sensor) : 0;
}

/* ---- outcomes ---- */

static void describe(const corpus_row *row, int64_t position, int starts_group, example *out)
{
    static const row_field fields[N_EXAMPLE_TEXTS] = {FIELD_ID,      FIELD_GROUP,     FIELD_ROLE, FIELD_LANG,
                                                      FIELD_LICENSE, FIELD_SOURCE,    FIELD_TEXT, FIELD_TEXT_LANG,
                                                      FIELD_EXTRA,   FIELD_AUDIO_PATH};
    example_reset(out);
    out->row = row->row;
    out->position = position;
    out->order = row->order;
    out->starts_group = starts_group;
    for (int t = 0; t < N_EXAMPLE_TEXTS; t++) {
        text_view v = row->field[fields[t]];
        if (t == EXAMPLE_PATH && !v.n) v = row->field[FIELD_IMAGE_PATH];
        if (t == EXAMPLE_PATH && !v.n) v = row->field[FIELD_SENSOR_PATH];
        out->text[t].bytes = v.bytes;
        out->text[t].n = v.n;
    }
}

static void reject(example *out, const char *stage, int code, const char *message)
{
    out->outcome = OUTCOME_REJECT;
    out->status = code;
    snprintf(out->stage, sizeof out->stage, "%s", stage);
    snprintf(out->message, sizeof out->message, "%s", message);
}

static void clear_stream(example_stream *s)
{
    s->n_ids = s->n_durations = s->n_vectors = 0;
    s->rows = s->columns = 0;
    s->xxh3 = 0;
    s->seconds = 0;
    s->used = 0;
}

/* What a failed stream means: kept for the end of the row (OK), or an error to pass on. */
static int settle(row_item *i, stream_kind kind, int code)
{
    row_stream *s = &i->stream[kind];
    if (code == OK) return OK;
    if (status_is_environment(code) ? !i->caller.final : !status_is_item(code)) return code;
    s->code = code;
    snprintf(s->message, sizeof s->message, "%s", status_message());
    return OK;
}

/* In one order, whenever the streams failed: the first failure rejects the row, or with corpus.partial: keep the last
 * one does, unless a good stream is left. */
static void judge(row_item *i)
{
    static const stream_kind order[] = {STREAM_TEXT, STREAM_IMAGE, STREAM_AUDIO, STREAM_SENSOR};
    example *out = &i->example;
    int keep = i->core->settings.keep_partial, good = 0;
    for (int k = 0; k < N_STREAMS; k++) {
        const row_stream *s = &i->stream[order[k]];
        if (s->code == OK) continue;
        clear_stream(&out->stream[order[k]]);
        if (order[k] == STREAM_AUDIO) out->sound = (sound_content){0};
        if (order[k] == STREAM_IMAGE) out->picture = (picture_content){0};
        if (order[k] == STREAM_SENSOR) out->sensor = (sensor_content){0};
        if (out->outcome != OUTCOME_REJECT || keep) reject(out, stream_name(order[k]), s->code, s->message);
    }
    for (int s = 0; s < N_STREAMS; s++) good |= out->stream[s].used;
    if (out->outcome != OUTCOME_REJECT || !keep || !good) return;
    out->outcome = OUTCOME_EXAMPLE;
    out->status = OK;
}

static void drop(example *out, const filter_hit *hit)
{
    for (int s = 0; s < N_STREAMS; s++) clear_stream(&out->stream[s]);
    filter_hit_take(hit, out);
}

/* What is left of the row in good order meets the filters that look at what was decoded. */
static void filter_decoded(row_item *i)
{
    filter_hit hit;
    example *out = &i->example;
    if (i->in_pieces || out->outcome != OUTCOME_EXAMPLE) return;
    if (row_filter_decoded(&i->core->filter, &out->sound, &out->picture, &hit)) drop(out, &hit);
}

static void reject_of_index(const corpus_row *row, example *out)
{
    char message[sizeof out->message];
    text_view why = row->field[FIELD_MESSAGE];
    snprintf(message, sizeof message, "%.*s", (int)(why.n < sizeof message ? why.n : sizeof message - 1),
             why.bytes ? why.bytes : "");
    reject(out, row->status == ERR_INVALID || row->status == ERR_DUPLICATE ? "manifest" : "index", row->status,
           message);
}

/* ---- rows that wait ---- */

static int begin(core *c, const core_caller *caller, row_item **out)
{
    int rc = OK;
    row_item *i = c->spare;
    if (i)
        c->spare = i->next;
    else
        TRY(MEM_ALLOC(i, 1));
    i->core = c;
    i->caller = *caller;
    i->next = NULL;
    for (int k = 0; k < N_STREAMS; k++) {
        i->stream[k].item = i;
        i->stream[k].to_come = 0;
        i->stream[k].code = OK;
    }
    for (int k = 0; k < N_MEDIA; k++) i->stream[core_stream((media_kind)k)].medium = (media_kind)k;
    *c->end = i;
    c->end = &i->next;
    *out = i;
done:
    return rc;
}

static int is_ready(const row_item *i)
{
    for (int k = 0; k < N_STREAMS; k++)
        if (i->stream[k].to_come) return 0;
    return 1;
}

static row_item *remove_first(core *c)
{
    row_item *i = c->first;
    c->first = i->next;
    if (!c->first) c->end = &c->first;
    i->next = c->spare;
    c->spare = i;
    return i;
}

/* Hand over the rows at the front that are ready. */
static int give(core *c)
{
    int rc = OK;
    while (c->first && is_ready(c->first)) {
        row_item *i = remove_first(c);
        TRY(row_streams_end(i));
        judge(i);
        filter_decoded(i);
        TRY(i->caller.take(i->caller.user, &i->example));
    }
done:
    return rc;
}

int core_finish(core *c)
{
    int rc = OK;
    if (c->sound) TRY(sound_finish(c->sound));
    if (c->picture) TRY(picture_finish(c->picture));
    TRY(give(c));
done:
    return rc;
}

void core_forget(core *c)
{
    if (c->sound) sound_forget(c->sound);
    if (c->picture) picture_forget(c->picture);
    while (c->first) remove_first(c);
}

/* ---- calls ---- */

int core_row(core *c, const core_caller *caller, const corpus_row *row, int64_t position, int starts_group,
             media m[N_MEDIA], int windows)
{
    int rc = OK;
    row_item *i;
    filter_hit hit;
    TRY(begin(c, caller, &i));
    i->in_pieces = !windows;
    describe(row, position, starts_group, &i->example);
    if (row->status != OK) {
        reject_of_index(row, &i->example);
        rc = give(c);
        goto done;
    }
    if (row_filter_listed(&c->filter, row, &hit)) {
        drop(&i->example, &hit);
        rc = give(c);
        goto done;
    }
    TRY(settle(i, STREAM_TEXT, row_text(i, row)));
    if (m[MEDIA_IMAGE].used && c->picture) TRY(settle(i, STREAM_IMAGE, row_picture(i, &m[MEDIA_IMAGE])));
    if (m[MEDIA_AUDIO].used && c->sound && windows)
        TRY(settle(i, STREAM_AUDIO, row_sound(i, row, &m[MEDIA_AUDIO], 0, INT64_MAX - 1)));
    if (m[MEDIA_SENSOR].used && c->sensor) TRY(settle(i, STREAM_SENSOR, row_sensor(i, row, &m[MEDIA_SENSOR])));
    TRY(give(c));
done:
    return rc;
}

int core_piece(core *c, const core_caller *caller, const corpus_row *row, int64_t position, media m[N_MEDIA],
               int64_t first, int64_t last)
{
    int rc = OK;
    row_item *i;
    TRY(begin(c, caller, &i));
    i->in_pieces = 1;
    describe(row, position, 0, &i->example);
    TRY(settle(i, STREAM_AUDIO, row_sound(i, row, &m[MEDIA_AUDIO], first, last)));
    TRY(give(c));
done:
    return rc;
}
