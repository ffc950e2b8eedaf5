/* The training sample: features of the rows and vectors chosen by hash, one committed part per unit and stream. With
 * train.recompute a part says what the features are, without their values. */
#include "jobs/stage_train.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "jobs/sampler.h"

#include <string.h>

typedef struct stream {
    const char *name, *folder;
    media_kind kind;
    int wanted;
    int stored; /* values are written */
    uint64_t hash;
    /* of the unit in hand */
    int due;
    sample_view known; /* its part as it is: one without values, when they are to be filled in */
    sample_part part;
} stream;

typedef struct sampling {
    sampler sampler;
    const training *t;
    stream streams[N_MEDIA];
    int64_t next;
} sampling;

/* Whether the unit's part of this stream is committed, as wanted and with the settings of now. */
static int has_part(const sampling *x, const stream *m, int64_t number)
{
    char *path = NULL;
    int64_t n, d;
    int stored, there = stage_numbered_path(x->t->s->j, m->folder, number, ".f16", &path) == OK &&
                        sample_part_count(path, m->hash, &n, &d, &stored) == OK && (stored || !m->stored);
    mem_free(&path);
    return there;
}

static int is_done(const sampling *x, int64_t number)
{
    int done = 1;
    for (const stream *m = x->streams; m < x->streams + N_MEDIA; m++)
        if (m->wanted && !has_part(x, m, number)) done = 0;
    return done || unit_table_unit(x->t->s->units, number)->piece >= 0;
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

/* Only rows of the sample are read ahead. */
static void upcoming(void *user, int64_t task)
{
    sampling *x = user;
    const unit *u = unit_table_unit(x->t->s->units, task);
    corpus_row row;
    for (int64_t i = u->first; i < u->first + u->count; i++) {
        if (corpus_index_row(x->t->s->index, i, &row) != OK) return;
        int any = 0;
        for (int k = 0; k < N_MEDIA; k++) any |= sampler_takes(&x->sampler, k, &row);
        if (any) prefetch_announce(x->sampler.work.prefetch, i, 1);
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

static int leave_out(sampling *x, stream *m, int64_t position)
{
    int rc = OK;
    const job *j = x->t->s->j;
    char *path = NULL;
    LOG_RANK(LOG_WARN, "a row of the %s training sample is left out: %s", m->name, status_message());
    TRY(sampler_finish(&x->sampler)); /* rows are noted in order */
    TRY(sample_part_leave_out(&m->part, position));
    TRY(unread_path(j, m->name, m->hash, &path));
    TRY(file_commit(path, "", 0, "unread"));
done:
    mem_free(&path);
    return rc;
}

/* A row that cannot be decoded gives nothing to the sample; tokenizing will reject it with its reason. One that cannot
 * be read for other reasons leaves a note: the codebook is not what it would have been. Not so in a part that is only
 * filled in, for which training may have begun: it is as it was, or the job fails. */
static int sample_stream(sampling *x, stream *m, const sampler_row *r, int final)
{
    const sample_row *known = sample_view_row(&m->known, r->position);
    if (known && known->n < 0) {
        int rc = sampler_finish(&x->sampler);
        return rc == OK ? sample_part_leave_out(&m->part, r->position) : rc;
    }
    int rc = sampler_vectors(&x->sampler, r, m->kind, &m->part);
    if (status_is_item(rc)) return OK;
    return status_is_environment(rc) && final && !m->known.map.bytes ? leave_out(x, m, r->position) : rc;
}

static int sample_one(sampling *x, int64_t position, int final, progress_counts *counts)
{
    int rc = OK, takes[N_MEDIA], any = 0;
    sampler_row r;
    corpus_row row;
    TRY(corpus_index_row(x->t->s->index, position, &row));
    for (int m = 0; m < N_MEDIA; m++) {
        takes[m] = x->streams[m].due && sampler_takes(&x->sampler, x->streams[m].kind, &row);
        any |= takes[m];
    }
    if (!any) goto done;
    sampler_begin(&x->sampler, position, &r);
    for (int m = 0; m < N_MEDIA && rc == OK; m++)
        if (takes[m]) rc = sample_stream(x, &x->streams[m], &r, final);
    sampler_end(&x->sampler, &r);
    counts->rows++;
    for (int m = 0; m < N_MEDIA; m++) {
        if (takes[m] && x->streams[m].kind == MEDIA_IMAGE) counts->images++;
        if (takes[m] && x->streams[m].kind == MEDIA_AUDIO) counts->hours += corpus_row_seconds(&row) / 3600;
    }
done:
    return rc;
}

/* What is to be made of this unit, and what is known of it. */
static int begin_stream(const sampling *x, stream *m, int64_t number)
{
    int rc = OK;
    char *path = NULL;
    m->due = m->wanted && !has_part(x, m, number);
    m->part.drops = !m->stored;
    if (!m->due) goto done;
    TRY(stage_numbered_path(x->t->s->j, m->folder, number, ".f16", &path));
    rc = sample_view_open(&m->known, path, m->hash);
    if (rc == ERR_MISSING || rc == ERR_CORRUPT) rc = OK;
done:
    mem_free(&path);
    return rc;
}

static int commit_stream(const sampling *x, const stream *m, int64_t number)
{
    int rc = OK;
    char *path = NULL;
    int64_t other = m->known.map.bytes ? sample_view_differs(&m->known, &m->part) : -1;
    if (other >= 0) TRY(sampler_say_changed(&x->sampler, m->name, other));
    TRY(stage_numbered_path(x->t->s->j, m->folder, number, ".f16", &path));
    TRY(sample_part_save(&m->part, path, m->hash, m->stored));
done:
    mem_free(&path);
    return rc;
}

static int sample_unit(void *user, schedule *schedule, int64_t task, int final, progress_counts *counts)
{
    int rc = OK;
    sampling *x = user;
    const unit *u = unit_table_unit(x->t->s->units, task);
    x->sampler.work.schedule = schedule;
    for (int m = 0; m < N_MEDIA; m++) TRY(begin_stream(x, &x->streams[m], task));
    for (int64_t i = u->first; i < u->first + u->count; i++) {
        TRY(row_work_tick(&x->sampler.work));
        TRY(sample_one(x, i, final, counts));
    }
    TRY(sampler_finish(&x->sampler));
    for (int m = 0; m < N_MEDIA; m++)
        if (x->streams[m].due) TRY(commit_stream(x, &x->streams[m], task));
    counts->work = u->weight;
    corpus_index_release(x->t->s->index, u->first, u->first + u->count);
done:
    if (rc != OK) sampler_forget(&x->sampler);
    for (int m = 0; m < N_MEDIA; m++) {
        sample_view_close(&x->streams[m].known);
        sample_part_free(&x->streams[m].part);
    }
    return rc;
}

static int make_folders(const sampling *x)
{
    int rc = OK;
    const job *j = x->t->s->j;
    for (int m = 0; m < N_MEDIA && j->p.rank == 0; m++)
        if (x->streams[m].wanted) TRY(stage_make_folders(j, x->streams[m].folder, unit_table_units(x->t->s->units)));
done:
    return rc;
}

static stream stream_of(const training *t, media_kind kind, int measure)
{
    static const char *const folders[] = {
        [MEDIA_AUDIO] = "features/audio", [MEDIA_IMAGE] = "features/image", [MEDIA_SENSOR] = "features/sensor"};
    stream m = {.name = stream_name(core_stream(kind)),
                .folder = folders[kind],
                .kind = kind,
                .wanted = measure ? kind == MEDIA_SENSOR : t->sample[kind],
                .stored = measure || !t->s->j->train.recompute,
                .hash = t->hash[kind]};
    if (measure && kind == MEDIA_SENSOR) {
        m.name = measured_name;
        m.folder = "features/sensor-moments";
    }
    return m;
}

int stage_sample(const training *t, int measure)
{
    int rc = OK, wanted[N_MEDIA];
    job *j = t->s->j;
    sampling x = {.t = t};
    for (int k = 0; k < N_MEDIA; k++) {
        x.streams[k] = stream_of(t, k, measure);
        wanted[k] = x.streams[k].wanted;
    }
    TRY(sampler_open(&x.sampler, t->s, wanted, measure));
    TRY(par_agree(&j->p, make_folders(&x)));
    schedule_options o = {
        .root_works_below = j->run.root_works_below, .phase = measure ? "measure" : "sample", .metrics = j->metrics};
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
    sampler_close(&x.sampler);
    return rc;
}
