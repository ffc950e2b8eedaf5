#include "jobs/sampler.h"

#include "base/fault.h"
#include "base/status.h"
#include "jobs/shard_work.h"

static int make_decoders(sampler *x, int audio, int image, const corpus_totals *totals)
{
    int rc = OK;
    const job *j = x->s->j;
    sample_plan_make(&x->plan, &j->train, &j->audio, &j->image, &j->models.core, audio, image, totals);
    if (audio) TRY(sound_create(&x->sound, &j->audio, &j->models.core.audio));
    if (image) TRY(picture_create(&x->picture, &j->image, &j->models.core.image, NULL));
    if (audio) TRY(sound_measures(x->sound, &x->options));
    if (image) picture_measures(x->picture, &x->options);
    TRY(sample_taker_create(&x->taker, &x->plan, &x->filter, x->sound, x->picture));
done:
    return rc;
}

int sampler_open(sampler *x, stages *s, int audio, int image)
{
    int rc = OK;
    corpus_totals totals = {0};
    *x = (sampler){.s = s, .options = s->j->filter, .filter = job_filter(s->j)};
    x->options.duplicates = DUPLICATES_NONE; /* which are not known yet */
    x->filter.o = &x->options;
    TRY(row_work_open(&x->work, s));
    TRY(par_agree(&s->j->p, s->j->p.rank == 0 ? row_filter_totals(&x->filter, s->index, &totals) : OK));
    par_broadcast(&s->j->p, &totals, sizeof totals);
    TRY(par_agree(&s->j->p, make_decoders(x, audio, image, &totals)));
done:
    return rc;
}

void sampler_close(sampler *x)
{
    row_work_close(&x->work);
    sample_taker_free(&x->taker);
    sound_free(&x->sound);
    picture_free(&x->picture);
}

int sampler_takes(const sampler *x, media_kind kind, const corpus_row *row)
{
    filter_hit hit;
    if (row_filter_listed(&x->filter, row, &hit)) return 0;
    return kind == MEDIA_AUDIO ? x->sound && sample_takes_audio(&x->plan, row)
                               : x->picture && sample_takes_image(&x->plan, row);
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
