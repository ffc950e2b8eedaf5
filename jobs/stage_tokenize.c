/* Units to parts, parts to shards (jobs/token_tasks.h says in which order). */
#include "jobs/stages.h"

#include "base/fault.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "jobs/canary.h"
#include "jobs/row_work.h"
#include "jobs/shard_work.h"
#include "jobs/stage_duplicates.h"
#include "jobs/token_tasks.h"
#include "shards/part.h"

#include <string.h>

typedef struct tokenizing {
    row_work work;
    stages *s;
    token_tasks tasks;
    duplicate_map map; /* of the gathers */
} tokenizing;

/* ---- any rank: a unit ---- */

/* A unit in hand: where its examples go. */
typedef struct unit_work {
    tokenizing *x;
    const unit *u;
    part_writer *part;
    progress_counts *counts;
} unit_work;

static int tick(void *user) { return row_work_tick(&((unit_work *)user)->x->work); }

static int take_example(void *user, const example *e)
{
    unit_work *w = user;
    w->counts->rejects += w->u->piece < 0 && e->outcome == OUTCOME_REJECT;
    return part_writer_add(w->part, e);
}

static int do_row(unit_work *w, int64_t position, int final)
{
    int rc = OK, starts = 1;
    tokenizing *x = w->x;
    corpus_row row;
    media m[N_MEDIA] = {0};
    const core_caller caller = {.final = final, .tick = tick, .take = take_example, .user = w};
    rc = row_work_begin(&x->work, position, &row, m, &starts);
    if (rc == ERR_CRASHED || (status_is_environment(rc) && final)) {
        row.status = rc;
        row.field[FIELD_MESSAGE] = (text_view){status_message(), strlen(status_message())};
        return core_row(x->s->core, &caller, &row, position, starts, m, 0);
    }
    TRY(rc);
    const job *j = x->s->j;
    int cut = j->audio.use && row.media[MEDIA_AUDIO].size >= 0 &&
              audio_windows(&j->audio, &j->models.core.audio, corpus_row_seconds(&row)) > j->audio.piece_windows;
    rc = w->u->piece < 0 ? core_row(x->s->core, &caller, &row, position, starts, m, !cut)
                         : core_piece(x->s->core, &caller, &row, position, m, w->u->window_first, w->u->window_last);
    row_work_end(&x->work, m);
done:
    return rc;
}

static int do_unit(tokenizing *x, int64_t number, int final, progress_counts *counts)
{
    int rc = OK;
    stages *s = x->s;
    const unit *u = unit_table_unit(s->units, number);
    part_header h = {.tokens_hash = s->tokens_hash,
                     .unit = number,
                     .piece_position = u->piece < 0 ? -1 : u->first,
                     .piece_first = u->window_first,
                     .piece_last = u->window_last};
    unit_work w = {.x = x, .u = u, .counts = counts};
    char *path = NULL;
    TRY(part_writer_create(&w.part, &h));
    for (int64_t i = u->first; i < u->first + u->count; i++) TRY(do_row(&w, i, final));
    TRY(core_finish(s->core));
    TRY(token_tasks_part(s, number, &path));
    TRY(part_writer_commit(w.part, path));
    corpus_index_release(s->index, u->first, u->first + u->count);
    counts->work = u->weight;
    counts->hours = u->seconds / 3600;
    counts->images = u->images;
    counts->rows = u->piece < 0 ? u->count : 0;
    LOG_RANK(LOG_DEBUG, "unit %lld: %lld rows, %lld rejects", (long long)number, (long long)u->count,
             (long long)counts->rejects);
done:
    if (rc != OK) {
        core_forget(s->core);
        row_work_forget(&x->work);
    }
    part_writer_free(&w.part);
    mem_free(&path);
    return rc;
}

/* ---- any rank: a gather ---- */

static int do_gather(tokenizing *x, schedule *schedule, int64_t shard)
{
    int rc = OK;
    stages *s = x->s;
    const unit_shard *sh = unit_table_shard(s->units, shard);
    char *path = NULL, *rejects = NULL, *filtered = NULL;
    shard_parts parts = {0};
    shard_counts c;
    row_judge rows = {.s = s, .filter = job_filter(s->j), .map = x->tasks.phase == TOKENS_GATHERS ? &x->map : NULL};
    const shard_judge judge = {row_judge_row, &rows};
    TRY(shard_work_parts(s, schedule, shard, &parts));
    TRY(stage_shard_path(s, shard, &path));
    TRY(stage_numbered_path(s->j, "rejects", shard, ".jsonl", &rejects));
    TRY(stage_numbered_path(s->j, "filtered", shard, ".jsonl", &filtered));
    TRY(shard_gather(&(shard_files){path, rejects, filtered}, &parts, &s->shard, &judge, &c));
    if (c.rows != sh->rows || c.examples + c.rejects + c.filtered != c.rows)
        FAIL(ERR_INTERNAL, "shard %lld has %lld examples, %lld rejects and %lld filtered of %lld rows",
             (long long)shard, (long long)c.examples, (long long)c.rejects, (long long)c.filtered, (long long)sh->rows);
    TRY(stage_write_counts(s, shard, &c));
    for (size_t i = 0; i < parts.n; i++) {
        TRY(file_remove(parts.paths[i]));
        if (i == parts.n / 2) fault_point("shard.mid-removal");
    }
    LOG_RANK(LOG_INFO, "shard %lld of %lld: %lld examples, %lld rejects, %lld filtered", (long long)shard + 1,
             (long long)x->tasks.n_shards, (long long)c.examples, (long long)c.rejects, (long long)c.filtered);
done:
    shard_work_free(&parts);
    mem_free(&path);
    mem_free(&rejects);
    mem_free(&filtered);
    return rc;
}

static int perform(void *user, schedule *schedule, int64_t task, int final, progress_counts *counts)
{
    tokenizing *x = user;
    x->work.schedule = schedule;
    if (task < x->tasks.n_units) return do_unit(x, task, final, counts);
    counts->work = x->tasks.phase == TOKENS_GATHERS; /* else it counts for nothing beside units */
    return do_gather(x, schedule, task - x->tasks.n_units);
}

static void upcoming(void *user, int64_t task)
{
    tokenizing *x = user;
    if (task < x->tasks.n_units) row_work_announce(&x->work, task);
}

/* ---- the stage ---- */

static int64_t next_task(void *user, int rank) { return token_tasks_next(&((tokenizing *)user)->tasks, rank); }

static void task_done(void *user, int64_t task) { token_tasks_done(&((tokenizing *)user)->tasks, task); }

static int64_t tasks_left(void *user) { return token_tasks_left(&((tokenizing *)user)->tasks); }

static int check_rejects(void *user, const progress_counts *now)
{
    return token_tasks_check(&((tokenizing *)user)->tasks, now);
}

/* The same limit for all rows, those too that were rejected for one of their pieces. */
static int check_all_rejects(tokenizing *x)
{
    int rc = OK;
    progress_counts all = {0};
    for (int64_t i = 0; i < x->tasks.n_shards; i++) {
        shard_counts c;
        TRY(stage_read_counts(x->s, i, &c));
        all.rejects += c.rejects;
    }
    TRY(token_tasks_check(&x->tasks, &all));
done:
    return rc;
}

static int run_phase(tokenizing *x, token_phase phase, const schedule_options *o)
{
    schedule_options now = *o;
    const schedule_tasks tasks = {.next = next_task,
                                  .done = task_done,
                                  .left = tasks_left,
                                  .check = check_rejects,
                                  .perform = perform,
                                  .upcoming = upcoming,
                                  .user = x};
    x->tasks.phase = phase;
    if (phase != TOKENS_ALL && x->s->j->p.rank == 0) token_tasks_phase(&x->tasks, phase, &now);
    return schedule_run(&x->s->j->p, &now, &tasks);
}

/* All units, then the search for duplicates among them, then all gathers. */
static int run_with_duplicates(tokenizing *x, const schedule_options *o)
{
    int rc = OK;
    stages *s = x->s;
    TRY(run_phase(x, TOKENS_UNITS, o));
    TRY(stage_duplicates(s));
    TRY(par_agree(&s->j->p, stage_duplicates_open(s, &x->map)));
    TRY(run_phase(x, TOKENS_GATHERS, o));
done:
    duplicate_map_close(&x->map);
    return rc;
}

int stage_tokenize(stages *s)
{
    int rc = OK;
    job *j = s->j;
    tokenizing x = {.s = s};
    if (s->repack) return OK;
    token_tasks_begin(&x.tasks, s);
    schedule_options o = {.root_works_below = j->run.root_works_below, .phase = "tokenize", .metrics = j->metrics};
    TRY(row_work_open(&x.work, s));
    TRY(canary_check(s));
    TRY(par_agree(&j->p, j->p.rank == 0 ? token_tasks_open(&x.tasks, &o) : OK));
    if (j->p.rank == 0 && o.before.units)
        LOG_JOB(LOG_INFO, "tokenize: %lld of %lld units and gathers are there", (long long)o.before.units,
                (long long)o.total.units);
    TRY(j->filter.duplicates ? run_with_duplicates(&x, &o) : run_phase(&x, TOKENS_ALL, &o));
    TRY(par_agree(&j->p, j->p.rank == 0 ? check_all_rejects(&x) : OK));
done:
    row_work_close(&x.work);
    token_tasks_free(&x.tasks);
    return rc;
}
