#include "jobs/token_tasks.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "jobs/stage_duplicates.h"
#include "shards/part.h"

#include <string.h>

int token_tasks_part(const stages *s, int64_t unit, char **path)
{
    return stage_numbered_path(s->j, "parts", unit, ".part", path);
}

void token_tasks_begin(token_tasks *x, const stages *s)
{
    *x = (token_tasks){.s = s,
                       .n_units = unit_table_units(s->units),
                       .n_shards = unit_table_shards(s->units),
                       .n_rows = corpus_index_rows(s->index)};
}

void token_tasks_free(token_tasks *x)
{
    mem_free(&x->unit_given);
    mem_free(&x->shard_done);
    mem_free(&x->units_missing);
    mem_free(&x->ready);
}

static int64_t unit_at(const token_tasks *x, int64_t i)
{
    switch ((unit_order)x->s->j->run.unit_order) {
    case ORDER_REVERSE: return x->n_units - 1 - i;
    case ORDER_RANDOM: return (int64_t)rng_permute((uint64_t)x->s->j->attempt, (uint64_t)i, (uint64_t)x->n_units);
    default: return i;
    }
}

int64_t token_tasks_next(void *user, int rank)
{
    token_tasks *x = user;
    if (x->phase != TOKENS_UNITS && x->n_ready && (rank != 0 || x->s->j->p.size == 1)) {
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

int64_t token_tasks_left(void *user)
{
    const token_tasks *x = user;
    return x->units_left + (x->phase == TOKENS_UNITS ? 0 : x->gathers_left);
}

static void unit_is_done(token_tasks *x, int64_t unit)
{
    int64_t shard = unit_table_unit(x->s->units, unit)->shard;
    if (--x->units_missing[shard] == 0 && !x->shard_done[shard]) {
        x->ready[x->first_ready + x->n_ready] = shard;
        x->n_ready++;
    }
}

void token_tasks_done(void *user, int64_t task)
{
    token_tasks *x = user;
    if (task < x->n_units)
        unit_is_done(x, task);
    else
        x->shard_done[task - x->n_units] = 1;
}

int token_tasks_check(void *user, const progress_counts *now)
{
    int rc = OK;
    const token_tasks *x = user;
    double limit = x->s->j->run.max_reject_rate * (double)x->n_rows;
    if ((double)now->rejects > limit)
        FAIL(ERR_REJECTS, "%lld of %lld rows are rejected, more than run.max_reject_rate (%g); what is done is kept",
             (long long)now->rejects, (long long)x->n_rows, x->s->j->run.max_reject_rate);
done:
    return rc;
}

/* A part of an earlier life: usable, or away with it. Rejects of pieces are not counted: their row may have several. */
static int look_at_part(token_tasks *x, int64_t unit, int *there, int64_t *rejects)
{
    int rc = OK;
    char *path = NULL;
    part_reader *r = NULL;
    int whole = unit_table_unit(x->s->units, unit)->piece < 0, again = 0;
    *there = 0;
    *rejects = 0;
    TRY(token_tasks_part(x->s, unit, &path));
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
        x->forgot = 1;
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
static int forget_environment(token_tasks *x, int64_t shard)
{
    int rc = OK;
    const stages *s = x->s;
    char *path = NULL, *counts = NULL, mark[64];
    file_mapping map = {0};
    snprintf(mark, sizeof mark, "\"reason\":\"%s\"", status_name(ERR_ENVIRONMENT));
    TRY(stage_numbered_path(s->j, "rejects", shard, ".jsonl", &path));
    TRY(stage_numbered_path(s->j, "shards", shard, ".counts", &counts));
    if (!file_exists(counts) || file_map(path, &map) != OK || !map.n || !memmem(map.bytes, map.n, mark, strlen(mark)))
        goto done;
    LOG_JOB(LOG_INFO, "shard %lld has rows that failed for reasons outside their bytes; it is made anew",
            (long long)shard + 1);
    x->forgot = 1;
    TRY(file_remove(counts));
done:
    file_unmap(&map);
    mem_free(&path);
    mem_free(&counts);
    return rc;
}

/* What earlier lives have committed. */
static int look_back(token_tasks *x, schedule_options *o)
{
    int rc = OK;
    const stages *s = x->s;
    for (int64_t i = 0; i < x->n_shards; i++) {
        const unit_shard *sh = unit_table_shard(s->units, i);
        shard_counts c;
        if (s->j->retry_environment) TRY(forget_environment(x, i));
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

/* What was found of duplicates holds for the rows as they were: with a row more all shards are made anew, as they are
 * when it is lost. */
static int forget_shards(token_tasks *x)
{
    int rc = OK;
    char *path = NULL;
    TRY(stage_duplicates_forget(x->s->j));
    for (int64_t i = 0; i < x->n_shards; i++) {
        mem_free(&path);
        TRY(stage_numbered_path(x->s->j, "shards", i, ".counts", &path));
        TRY(file_remove(path));
    }
done:
    mem_free(&path);
    return rc;
}

static int look_back_again(token_tasks *x, schedule_options *o)
{
    int rc = OK;
    TRY(forget_shards(x));
    x->units_left = x->gathers_left = x->first_ready = x->n_ready = 0;
    o->total = o->before = (progress_counts){0};
    TRY(look_back(x, o));
done:
    return rc;
}

void token_tasks_phase(const token_tasks *x, token_phase phase, schedule_options *o)
{
    int64_t left = x->gathers_left;
    if (phase == TOKENS_UNITS) {
        o->total.units -= x->n_shards;
        o->before.units -= x->n_shards - left;
    } else {
        o->phase = "gather";
        o->total = (progress_counts){.units = x->n_shards, .work = (double)x->n_shards};
        o->before = (progress_counts){.units = x->n_shards - left, .work = (double)(x->n_shards - left)};
    }
}

int token_tasks_open(token_tasks *x, schedule_options *o)
{
    int rc = OK;
    const job *j = x->s->j;
    char *shards = NULL;
    TRY(MEM_ALLOC(x->unit_given, (size_t)x->n_units));
    TRY(MEM_ALLOC(x->shard_done, (size_t)x->n_shards));
    TRY(MEM_ALLOC(x->units_missing, (size_t)x->n_shards));
    TRY(MEM_ALLOC(x->ready, (size_t)x->n_shards));
    TRY(stage_make_folders(j, "parts", x->n_units));
    TRY(stage_make_folders(j, "shards", x->n_shards));
    TRY(stage_make_folders(j, "rejects", x->n_shards));
    TRY(stage_make_folders(j, "filtered", x->n_shards));
    TRY(job_path(j, &shards, "shards"));
    TRY(file_make_folder(shards));
    if (j->filter.duplicates && !stage_duplicates_known(x->s)) TRY(forget_shards(x));
    TRY(look_back(x, o));
    if (j->filter.duplicates && x->forgot) TRY(look_back_again(x, o));
    TRY(token_tasks_check(x, &o->before));
done:
    mem_free(&shards);
    return rc;
}
