#include "jobs/sampler.h"

#include "base/fault.h"
#include "base/status.h"
#include "jobs/shard_work.h"

#include <string.h>

static int make_sensor(sampler *x, int measure)
{
    const stages *s = x->s;
    int64_t channels = s->j->sensor.channels;
    const sensor_scale scale = {s->moments ? channels : 0, s->moments, s->moments ? s->moments + channels : NULL};
    x->measured = s->j->sensor;
    x->measured.normalize = SENSOR_NORMALIZE_NONE;
    x->from.measure = measure;
    return sensor_create(&x->from.sensor, measure ? &x->measured : &s->j->sensor, &scale);
}

static int make_decoders(sampler *x, const int wanted[N_MEDIA], int measure, const corpus_totals *totals)
{
    int rc = OK;
    const job *j = x->s->j;
    sample_streams streams = {.audio = &j->audio, .image = &j->image, .sensor = &j->sensor, .models = &j->models.core};
    memcpy(streams.wanted, wanted, sizeof streams.wanted);
    sample_plan_make(&x->plan, &j->train, &streams, totals);
    if (wanted[MEDIA_AUDIO]) TRY(sound_create(&x->from.sound, &j->audio, &j->models.core.audio));
    if (wanted[MEDIA_IMAGE]) TRY(picture_create(&x->from.picture, &j->image, &j->models.core.image, NULL));
    if (wanted[MEDIA_SENSOR]) TRY(make_sensor(x, measure));
    if (wanted[MEDIA_AUDIO]) TRY(sound_measures(x->from.sound, &x->options));
    if (wanted[MEDIA_IMAGE]) picture_measures(x->from.picture, &x->options);
    TRY(sample_taker_create(&x->taker, &x->plan, &x->filter, &x->from));
done:
    return rc;
}

int sampler_open(sampler *x, stages *s, const int wanted[N_MEDIA], int measure)
{
    int rc = OK;
    corpus_totals totals = {0};
    *x = (sampler){.s = s, .options = s->j->filter, .filter = job_filter(s->j)};
    x->options.duplicates = DUPLICATES_NONE; /* which are not known yet */
    x->filter.o = &x->options;
    TRY(row_work_open(&x->work, s));
    TRY(par_agree(&s->j->p, s->j->p.rank == 0 ? row_filter_totals(&x->filter, s->index, &totals) : OK));
    par_broadcast(&s->j->p, &totals, sizeof totals);
    TRY(par_agree(&s->j->p, make_decoders(x, wanted, measure, &totals)));
done:
    return rc;
}

void sampler_close(sampler *x)
{
    row_work_close(&x->work);
    sample_taker_free(&x->taker);
    sound_free(&x->from.sound);
    picture_free(&x->from.picture);
    sensor_free(&x->from.sensor);
}

/* A stream that is not wanted has no share of the rows. */
int sampler_takes(const sampler *x, media_kind kind, const corpus_row *row)
{
    filter_hit hit;
    return !row_filter_listed(&x->filter, row, &hit) && sample_takes(&x->plan, kind, row);
}

void sampler_begin(sampler *x, int64_t position, sampler_row *r)
{
    int starts;
    r->position = position;
    fault_point("sample.row");
    r->begun = row_work_begin(&x->work, position, &r->row, r->media, &starts);
}

int sampler_vectors(sampler *x, const sampler_row *r, media_kind kind, sample_part *part)
{
    if (r->begun != OK) return r->begun;
    return sample_taker_row(x->taker, kind, &r->row, r->position, &r->media[kind], row_work_tick, &x->work, part);
}

int sampler_finish(sampler *x) { return sample_taker_finish(x->taker); }

void sampler_forget(sampler *x)
{
    sample_taker_forget(x->taker);
    row_work_forget(&x->work);
}

void sampler_end(sampler *x, sampler_row *r) { row_work_end(&x->work, r->media); }

int sampler_say_changed(const sampler *x, const char *name, int64_t position)
{
    int rc = OK;
    corpus_row row;
    TRY(corpus_index_row(x->s->index, position, &row));
    text_view id = row.field[FIELD_ID];
    FAIL(ERR_MISMATCH,
         "row %.*s of the %s training sample gives other features than when it was sampled: its media have changed. "
         "Restore them, or give --overwrite to start anew",
         (int)(id.n < 200 ? id.n : 200), id.bytes, name);
done:
    return rc;
}
