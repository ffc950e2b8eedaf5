/* Units to parts, parts to shards: handed out by rank 0; gathers come before new units, which bounds the parts on disk.
 */
#include "jobs/stages.h"

#include "base/fault.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "jobs/canary.h"
#include "jobs/row_work.h"
#include "shards/part.h"
#include "work/schedule.h"

#include <string.h>
#include <unistd.h>

/* Task numbers: units first, then the gather of each shard. */
typedef struct tokenizing {
    row_work work;
    stages *s;
    int64_t n_units, n_shards;
    /* rank 0 */
    uint8_t *unit_done, *shard_done, *unit_given;
    int64_t *units_missing; /* per shard */
    int64_t *ready;         /* shards to gather, a queue */
    int64_t first_ready, n_ready;
    int64_t next, gathers_left, units_left;
    int64_t rows; /* of the corpus */
} tokenizing;

static int part_path(const stages *s, int64_t unit, char **path)
{
    return stage_numbered_path(s->j, "parts", unit, ".part", path);
}

/* ---- rank 0: what is done, what comes next ---- */

static int64_t unit_at(const tokenizing *x, int64_t i)
{
    switch ((unit_order)x->s->j->run.unit_order) {
    case ORDER_REVERSE: return x->n_units - 1 - i;
    case ORDER_RANDOM: return (int64_t)rng_permute((uint64_t)x->s->j->attempt, (uint64_t)i, (uint64_t)x->n_units);
    default: return i;
    }
}

static int64_t next_task(void *user, int rank)
{
    tokenizing *x = user;
    if (x->n_ready && (rank != 0 || x->s->j->p.size == 1)) {
        x->n_ready--;
        x->gathers_left--;
        return x->n_units + x->ready[x->first_ready++];
    }
    while (x->next < x->n_units && x->unit_given[unit_at(x, x->next)]) x->next++;
    if (x->next >= x->n_units) return -1;
    int64_t unit = unit_at(x, x->next++);
    x->unit_given[unit] = 1;
    x->units_left--;
    return unit;
}

static int64_t tasks_left(void *user)
{
    const tokenizing *x = user;
    return x->units_left + x->gathers_left;
}

static void unit_is_done(tokenizing *x, int64_t unit)
{
    int64_t shard = unit_table_unit(x->s->units, unit)->shard;
    x->unit_done[unit] = 1;
    if (--x->units_missing[shard] == 0 && !x->shard_done[shard]) {
        x->ready[x->first_ready + x->n_ready] = shard;
        x->n_ready++;
    }
}

static void task_done(void *user, int64_t task)
{
    tokenizing *x = user;
    if (task < x->n_units)
        unit_is_done(x, task);
    else
        x->shard_done[task - x->n_units] = 1;
}

static int check_rejects_of(const tokenizing *x, const progress_counts *now)
{
    int rc = OK;
    double limit = x->s->j->run.max_reject_rate * (double)x->rows;
    if ((double)now->rejects > limit)
        FAIL(ERR_REJECTS, "%lld of %lld rows are rejected, more than run.max_reject_rate (%g); what is done is kept",
             (long long)now->rejects, (long long)x->rows, x->s->j->run.max_reject_rate);
done:
    return rc;
}

static int check_rejects(void *user, const progress_counts *now) { return check_rejects_of(user, now); }

/* A part of an earlier life: usable, or away with it. Rejects of pieces are not counted: their row may have several. */
static int look_at_part(const tokenizing *x, int64_t unit, int *there, int64_t *rejects)
{
    int rc = OK;
    char *path = NULL;
    part_reader *r = NULL;
    int whole = unit_table_unit(x->s->units, unit)->piece < 0, again = 0;
    *there = 0;
    *rejects = 0;
    TRY(part_path(x->s, unit, &path));
    if (!file_exists(path)) goto done;
    rc = part_reader_open(&r, path, x->s->tokens_hash, unit);
    if (rc == ERR_CORRUPT || rc == ERR_MISSING) {
        LOG_JOB(LOG_WARN, "%s; it is made anew", status_message());
        rc = file_remove(path);
        goto done;
    }
    TRY(rc);
    *there = 1;
    for (int64_t i = 0; i < part_reader_rows(r); i++) {
        example e;
        TRY(part_reader_row(r, i, &e));
        *rejects += whole && e.outcome == OUTCOME_REJECT;
        again |= x->s->j->retry_environment && e.outcome == OUTCOME_REJECT && status_is_environment(e.status);
    }
    if (again) {
        *there = 0;
        TRY(file_remove(path));
    }
done:
    part_reader_close(&r);
    mem_free(&path);
    return rc;
}

static void add_unit(progress_counts *c, const unit *u)
{
    c->units++;
    c->work += u->weight;
    c->hours += u->seconds / 3600;
    c->images += u->images;
    c->rows += u->piece < 0 ? u->count : 0;
}

/* With --retry-environment a shard with rows that failed for reasons outside their bytes is made anew. */
static int forget_environment(const stages *s, int64_t shard)
{
    int rc = OK;
    char *path = NULL, *counts = NULL, mark[64];
    file_mapping map = {0};
    snprintf(mark, sizeof mark, "\"reason\":\"%s\"", status_name(ERR_ENVIRONMENT));
    TRY(stage_numbered_path(s->j, "rejects", shard, ".jsonl", &path));
    TRY(stage_numbered_path(s->j, "shards", shard, ".counts", &counts));
    if (!file_exists(counts) || file_map(path, &map) != OK || !map.n || !memmem(map.bytes, map.n, mark, strlen(mark)))
        goto done;
    LOG_JOB(LOG_INFO, "shard %lld has rows that failed for reasons outside their bytes; it is made anew",
            (long long)shard + 1);
    TRY(file_remove(counts));
done:
    file_unmap(&map);
    mem_free(&path);
    mem_free(&counts);
    return rc;
}

/* What earlier lives have committed. */
static int look_back(tokenizing *x, schedule_options *o)
{
    int rc = OK;
    stages *s = x->s;
    for (int64_t i = 0; i < x->n_shards; i++) {
        const unit_shard *sh = unit_table_shard(s->units, i);
        shard_counts c;
        if (s->j->retry_environment) TRY(forget_environment(s, i));
        rc = stage_read_counts(s, i, &c);
        if (rc != OK && rc != ERR_MISSING) goto done;
        x->shard_done[i] = rc == OK;
        rc = OK;
        x->units_missing[i] = x->shard_done[i] ? 0 : sh->n_units;
        if (x->shard_done[i]) o->before.rejects += c.rejects;
        x->gathers_left += !x->shard_done[i];
        o->total.units++; /* its gather */
        o->before.units += x->shard_done[i];
    }
    for (int64_t u = 0; u < x->n_units; u++) {
        const unit *at = unit_table_unit(s->units, u);
        int there = x->shard_done[at->shard];
        int64_t rejects = 0;
        add_unit(&o->total, at);
        if (!there) TRY(look_at_part(x, u, &there, &rejects));
        x->unit_given[u] = (uint8_t)there;
        x->units_left += !there;
        if (!there) continue;
        add_unit(&o->before, at);
        o->before.rejects += rejects;
        if (!x->shard_done[at->shard]) unit_is_done(x, u);
    }
done:
    return rc;
}

/* ---- any rank: a unit ---- */

static int do_row(tokenizing *x, const unit *u, int64_t position, int final, example *e)
{
    int rc = OK, starts = 1;
    corpus_row row;
    media m[N_MEDIA] = {0};
    rc = row_work_begin(&x->work, position, &row, m, &starts);
    if (rc == ERR_CRASHED || (status_is_environment(rc) && final)) {
        row.status = rc;
        row.field[FIELD_MESSAGE] = (text_view){status_message(), strlen(status_message())};
        return core_row(x->s->core, &row, position, starts, m, 0, final, NULL, NULL, e);
    }
    TRY(rc);
    const job *j = x->s->j;
    int cut = j->audio.use && row.media[MEDIA_AUDIO].size >= 0 &&
              audio_windows(&j->audio, corpus_row_seconds(&row)) > j->audio.piece_windows;
    rc = u->piece < 0 ? core_row(x->s->core, &row, position, starts, m, !cut, final, row_work_tick, &x->work, e)
                      : core_piece(x->s->core, &row, position, m, u->window_first, u->window_last, final, row_work_tick,
                                   &x->work, e);
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
    part_writer *w = NULL;
    example e = {0};
    char *path = NULL;
    TRY(part_writer_create(&w, &h));
    for (int64_t i = u->first; i < u->first + u->count; i++) {
        TRY(do_row(x, u, i, final, &e));
        TRY(part_writer_add(w, &e));
        counts->rejects += u->piece < 0 && e.outcome == OUTCOME_REJECT;
    }
    TRY(part_path(s, number, &path));
    TRY(part_writer_commit(w, path));
    counts->work = u->weight;
    counts->hours = u->seconds / 3600;
    counts->images = u->images;
    counts->rows = u->piece < 0 ? u->count : 0;
    LOG_RANK(LOG_DEBUG, "unit %lld: %lld rows, %lld rejects", (long long)number, (long long)u->count,
             (long long)counts->rejects);
done:
    if (rc != OK) row_work_forget(&x->work);
    part_writer_free(&w);
    example_free(&e);
    mem_free(&path);
    return rc;
}

/* ---- any rank: a gather ---- */

static int gather_paths(const stages *s, const unit_shard *sh, char ***paths, int64_t **units)
{
    int rc = OK;
    TRY(mem_alloc((void **)paths, (size_t)sh->n_units, sizeof **paths));
    TRY(mem_alloc((void **)units, (size_t)sh->n_units, sizeof **units));
    for (int64_t i = 0; i < sh->n_units; i++) {
        (*units)[i] = sh->first_unit + i;
        TRY(part_path(s, sh->first_unit + i, &(*paths)[i]));
    }
done:
    return rc;
}

/* A part is announced by message before a network file system may show it here: look again, longer each time. */
static int wait_for_parts(char *const *paths, int64_t n, schedule *schedule)
{
    int rc = OK;
    for (int64_t i = 0; i < n; i++)
        for (useconds_t wait = 1000; !file_exists(paths[i]) && wait < 8000000; wait *= 2) {
            usleep(wait);
            TRY(schedule_tick(schedule));
        }
done:
    return rc;
}

static int do_gather(tokenizing *x, schedule *schedule, int64_t shard)
{
    int rc = OK;
    stages *s = x->s;
    const unit_shard *sh = unit_table_shard(s->units, shard);
    char *path = NULL, *rejects = NULL, **paths = NULL;
    int64_t *units = NULL;
    shard_counts c;
    TRY(gather_paths(s, sh, &paths, &units));
    TRY(wait_for_parts(paths, sh->n_units, schedule));
    TRY(stage_shard_path(s, shard, &path));
    TRY(stage_numbered_path(s->j, "rejects", shard, ".jsonl", &rejects));
    TRY(shard_gather(path, rejects, paths, units, (size_t)sh->n_units, &s->shard, &c));
    if (c.rows != sh->rows || c.examples + c.rejects + c.filtered != c.rows)
        FAIL(ERR_INTERNAL, "shard %lld has %lld examples, %lld rejects and %lld filtered of %lld rows",
             (long long)shard, (long long)c.examples, (long long)c.rejects, (long long)c.filtered, (long long)sh->rows);
    TRY(stage_write_counts(s, shard, &c));
    for (int64_t i = 0; i < sh->n_units; i++) {
        TRY(file_remove(paths[i]));
        if (i == sh->n_units / 2) fault_point("shard.mid-removal");
    }
    LOG_RANK(LOG_INFO, "shard %lld of %lld: %lld examples, %lld rejects", (long long)shard + 1, (long long)x->n_shards,
             (long long)c.examples, (long long)c.rejects);
done:
    for (int64_t i = 0; paths && i < sh->n_units; i++) mem_free(&paths[i]);
    mem_free(&paths);
    mem_free(&units);
    mem_free(&path);
    mem_free(&rejects);
    return rc;
}

static int perform(void *user, schedule *schedule, int64_t task, int final, progress_counts *counts)
{
    tokenizing *x = user;
    x->work.schedule = schedule;
    return task < x->n_units ? do_unit(x, task, final, counts) : do_gather(x, schedule, task - x->n_units);
}

static void upcoming(void *user, int64_t task)
{
    tokenizing *x = user;
    if (task < x->n_units) row_work_announce(&x->work, task);
}

/* ---- the stage ---- */

static int make_folders(const stages *s, const char *name, int64_t n)
{
    int rc = OK;
    char *path = NULL;
    for (int64_t i = 0; i < n; i += 4096) {
        mem_free(&path);
        TRY(stage_numbered_path(s->j, name, i, "", &path));
        *strrchr(path, '/') = 0;
        TRY(file_make_folder(path));
    }
done:
    mem_free(&path);
    return rc;
}

static int open_root(tokenizing *x, schedule_options *o)
{
    int rc = OK;
    char *shards = NULL;
    TRY(MEM_ALLOC(x->unit_done, (size_t)x->n_units));
    TRY(MEM_ALLOC(x->unit_given, (size_t)x->n_units));
    TRY(MEM_ALLOC(x->shard_done, (size_t)x->n_shards));
    TRY(MEM_ALLOC(x->units_missing, (size_t)x->n_shards));
    TRY(MEM_ALLOC(x->ready, (size_t)x->n_shards));
    TRY(make_folders(x->s, "parts", x->n_units));
    TRY(make_folders(x->s, "shards", x->n_shards));
    TRY(make_folders(x->s, "rejects", x->n_shards));
    TRY(job_path(x->s->j, &shards, "shards"));
    TRY(file_make_folder(shards));
    TRY(look_back(x, o));
done:
    mem_free(&shards);
    return rc;
}

/* The same limit for all rows, those too that were rejected for one of their pieces. */
static int check_all_rejects(const tokenizing *x)
{
    int rc = OK;
    progress_counts all = {0};
    for (int64_t i = 0; i < x->n_shards; i++) {
        shard_counts c;
        TRY(stage_read_counts(x->s, i, &c));
        all.rejects += c.rejects;
    }
    TRY(check_rejects_of(x, &all));
done:
    return rc;
}

int stage_tokenize(stages *s)
{
    int rc = OK;
    job *j = s->j;
    tokenizing x = {.s = s};
    if (s->repack) return OK;
    x.rows = corpus_index_rows(s->index);
    x.n_units = unit_table_units(s->units);
    x.n_shards = unit_table_shards(s->units);
    schedule_options o = {.root_works_below = j->run.root_works_below, .phase = "tokenize", .metrics = j->metrics};
    TRY(row_work_open(&x.work, s));
    TRY(canary_check(s));
    if (j->p.rank == 0) {
        rc = open_root(&x, &o);
        if (rc == OK) rc = check_rejects_of(&x, &o.before);
    }
    TRY(par_agree(&j->p, rc));
    if (j->p.rank == 0 && o.before.units)
        LOG_JOB(LOG_INFO, "tokenize: %lld of %lld units and gathers are there", (long long)o.before.units,
                (long long)o.total.units);
    schedule_tasks tasks = {.next = next_task,
                            .done = task_done,
                            .left = tasks_left,
                            .check = check_rejects,
                            .perform = perform,
                            .upcoming = upcoming,
                            .user = &x};
    TRY(schedule_run(&j->p, &o, &tasks));
    TRY(par_agree(&j->p, j->p.rank == 0 ? check_all_rejects(&x) : OK));
done:
    row_work_close(&x.work);
    mem_free(&x.unit_done);
    mem_free(&x.unit_given);
    mem_free(&x.shard_done);
    mem_free(&x.units_missing);
    mem_free(&x.ready);
    return rc;
}
