#include "jobs/sampler.h"

#include "base/fault.h"
#include "base/status.h"

static int make_decoders(sampler *x, int audio, int image)
{
    int rc = OK;
    const job *j = x->s->j;
    sample_plan_make(&x->plan, &j->train, &j->audio, &j->image, audio, image, corpus_index_totals(x->s->index));
    if (audio) TRY(sound_create(&x->sound, &j->audio));
    if (image) TRY(picture_create(&x->picture, &j->image, NULL));
done:
    return rc;
}

int sampler_open(sampler *x, stages *s, int audio, int image)
{
    int rc = OK;
    *x = (sampler){.s = s};
    TRY(row_work_open(&x->work, s));
    TRY(par_agree(&s->j->p, make_decoders(x, audio, image)));
done:
    return rc;
}

void sampler_close(sampler *x)
{
    row_work_close(&x->work);
    sound_free(&x->sound);
    picture_free(&x->picture);
}

int sampler_takes(const sampler *x, media_kind kind, const corpus_row *row)
{
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
    int rc = r->begun;
    size_t before = part->n;
    if (rc != OK) return rc;
    TRY(kind == MEDIA_AUDIO ? sample_audio(&x->plan, x->sound, &r->row, &r->media[kind], row_work_tick, &x->work, part)
                            : sample_image(&x->plan, x->picture, &r->row, &r->media[kind], part));
    TRY(sample_part_note(part, r->position, before));
done:
    return rc;
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
