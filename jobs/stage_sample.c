/* The training sample: features of the rows and vectors chosen by hash, one committed part per unit and stream. */
#include "jobs/stage_train.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "jobs/row_work.h"

#include <string.h>

typedef struct sampling {
    row_work work;
    const training *t;
    sample_plan plan;
    sound *sound;
    picture *picture;
    int64_t next;
} sampling;

/* Whether the unit's part of this stream is committed with the settings of now. */
static int has_part(const sampling *x, const char *name, int wanted, uint64_t hash, int64_t number)
{
    char *path = NULL;
    int64_t n, d;
    int there = !wanted || (stage_numbered_path(x->t->s->j, name, number, ".f16", &path) == OK &&
                            sample_part_count(path, hash, &n, &d) == OK);
    mem_free(&path);
    return there;
}

static int is_done(const sampling *x, int64_t number)
{
    const training *t = x->t;
    return unit_table_unit(t->s->units, number)->piece >= 0 ||
           (has_part(x, "features/audio", t->train_audio, t->audio_hash, number) &&
            has_part(x, "features/image", t->sample_image, t->image_hash, number));
}

static int64_t next_unit(void *user, int rank)
{
    (void)rank;
    sampling *x = user;
    int64_t n = unit_table_units(x->t->s->units);
    while (x->next < n && is_done(x, x->next)) x->next++;
    return x->next < n ? x->next++ : -1;
}

static int64_t units_left(void *user)
{
    const sampling *x = user;
    return unit_table_units(x->t->s->units) - x->next;
}

static void choose(const sampling *x, const corpus_row *row, int *audio, int *image)
{
    *audio = x->t->train_audio && sample_takes_audio(&x->plan, row);
    *image = x->t->sample_image && sample_takes_image(&x->plan, row);
}

/* Only rows of the sample are read ahead. */
static void upcoming(void *user, int64_t task)
{
    sampling *x = user;
    const unit *u = unit_table_unit(x->t->s->units, task);
    corpus_row row;
    int audio, image;
    for (int64_t i = u->first; i < u->first + u->count; i++) {
        if (corpus_index_row(x->t->s->index, i, &row) != OK) return;
        choose(x, &row, &audio, &image);
        if (audio || image) prefetch_announce(x->work.prefetch, i, 1);
    }
}

/* state/features/NAME/unread-HASH: a row of this sample could not be read, for reasons outside its bytes. */
static int unread_path(const job *j, const char *name, uint64_t hash, char **path)
{
    return job_path(j, path, "state/features/%s/unread-%016llx", name, (unsigned long long)hash);
}

int stage_sample_unread(const job *j, const char *name, uint64_t hash)
{
    char *path = NULL;
    int there = unread_path(j, name, hash, &path) == OK && file_exists(path);
    mem_free(&path);
    return there;
}

static int note_unread(const job *j, const char *name, uint64_t hash)
{
    int rc = OK;
    char *path = NULL;
    LOG_RANK(LOG_WARN, "a row of the %s training sample is left out: %s", name, status_message());
    TRY(unread_path(j, name, hash, &path));
    TRY(file_commit(path, "", 0, "unread"));
done:
    mem_free(&path);
    return rc;
}

/* A row that cannot be decoded gives nothing to the sample; tokenizing will reject it with its reason. One that cannot
 * be read for other reasons leaves a note: the codebook is not what it would have been. */
static int settle(const sampling *x, const char *name, uint64_t hash, int rc, int final)
{
    if (status_is_item(rc)) return OK;
    return status_is_environment(rc) && final ? note_unread(x->t->s->j, name, hash) : rc;
}

static int sample_row(sampling *x, int64_t position, int final, sample_part *audio, sample_part *image,
                      progress_counts *counts)
{
    int rc = OK, starts, takes_audio, takes_image;
    corpus_row row;
    media m[N_MEDIA] = {0};
    TRY(corpus_index_row(x->t->s->index, position, &row));
    choose(x, &row, &takes_audio, &takes_image);
    if (!takes_audio && !takes_image) goto done;
    const training *t = x->t;
    int begun = row_work_begin(&x->work, position, &row, m, &starts);
    if (takes_audio) {
        rc = begun == OK ? sample_audio(&x->plan, x->sound, &row, &m[MEDIA_AUDIO], row_work_tick, &x->work, audio)
                         : begun;
        rc = settle(x, "audio", t->audio_hash, rc, final);
    }
    if (rc == OK && takes_image) {
        rc = begun == OK ? sample_image(&x->plan, x->picture, &row, &m[MEDIA_IMAGE], image) : begun;
        rc = settle(x, "image", t->image_hash, rc, final);
    }
    row_work_end(&x->work, m);
    counts->rows++;
    counts->images += takes_image;
    if (takes_audio) counts->hours += corpus_row_seconds(&row) / 3600;
done:
    return rc;
}

static int save_part(const sampling *x, const char *name, uint64_t hash, int64_t number, const sample_part *part)
{
    int rc = OK;
    char *path = NULL;
    TRY(stage_numbered_path(x->t->s->j, name, number, ".f16", &path));
    TRY(sample_part_save(part, path, hash));
done:
    mem_free(&path);
    return rc;
}

static int sample_unit(void *user, schedule *schedule, int64_t task, int final, progress_counts *counts)
{
    int rc = OK;
    sampling *x = user;
    const training *t = x->t;
    const unit *u = unit_table_unit(t->s->units, task);
    sample_part audio = {0}, image = {0};
    x->work.schedule = schedule;
    for (int64_t i = u->first; i < u->first + u->count; i++) {
        TRY(row_work_tick(&x->work));
        TRY(sample_row(x, i, final, &audio, &image, counts));
    }
    if (t->train_audio) TRY(save_part(x, "features/audio", t->audio_hash, task, &audio));
    if (t->sample_image) TRY(save_part(x, "features/image", t->image_hash, task, &image));
    counts->work = u->weight;
done:
    if (rc != OK) row_work_forget(&x->work);
    sample_part_free(&audio);
    sample_part_free(&image);
    return rc;
}

static int open_sampling(sampling *x, const training *t)
{
    int rc = OK;
    job *j = t->s->j;
    sample_plan_make(&x->plan, &j->train, &j->audio, &j->image, t->train_audio, t->sample_image,
                     corpus_index_totals(t->s->index));
    if (t->train_audio) TRY(sound_create(&x->sound, &j->audio));
    if (t->sample_image) TRY(picture_create(&x->picture, &j->image, NULL));
    if (j->p.rank == 0 && t->train_audio) TRY(stage_make_folders(j, "features/audio", unit_table_units(t->s->units)));
    if (j->p.rank == 0 && t->sample_image) TRY(stage_make_folders(j, "features/image", unit_table_units(t->s->units)));
done:
    return rc;
}

int stage_sample(const training *t)
{
    int rc = OK;
    job *j = t->s->j;
    sampling x = {.t = t};
    TRY(row_work_open(&x.work, t->s));
    TRY(par_agree(&j->p, open_sampling(&x, t)));
    schedule_options o = {.root_works_below = j->run.root_works_below, .phase = "sample", .metrics = j->metrics};
    for (int64_t u = 0; j->p.rank == 0 && u < unit_table_units(t->s->units); u++) {
        const unit *at = unit_table_unit(t->s->units, u);
        if (at->piece >= 0) continue;
        progress_counts one = {.units = 1, .work = at->weight};
        o.total.units += one.units;
        o.total.work += one.work;
        if (!is_done(&x, u)) continue;
        o.before.units += one.units;
        o.before.work += one.work;
    }
    schedule_tasks tasks = {
        .next = next_unit, .left = units_left, .perform = sample_unit, .upcoming = upcoming, .user = &x};
    TRY(schedule_run(&j->p, &o, &tasks));
done:
    row_work_close(&x.work);
    sound_free(&x.sound);
    picture_free(&x.picture);
    return rc;
}
