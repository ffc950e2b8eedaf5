/* Any rank: the examples of a shard become a sorted run of (hash of content, position). Rank 0 merges the runs into the
 * map of duplicates, whose commit ends the pass. */
#include "jobs/stage_duplicates.h"

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/status.h"
#include "jobs/content_run.h"
#include "jobs/output_folder.h"
#include "jobs/shard_work.h"
#include "work/stop.h"

#include <string.h>
#include <unistd.h>

enum { MOST_ENTRIES = 1 << 20 }; /* of a run in memory: 24 MB */

static const char FOLDER[] = "state/duplicates", MAP[] = "state/duplicates.map";

typedef struct comparing {
    stages *s;
    row_judge judge;
    char *folder, stem[64];
    int64_t n_shards, next;
    content_run *run;
    schedule *schedule;
} comparing;

int stage_duplicates_open(const stages *s, duplicate_map *out)
{
    int rc = OK;
    char *path = NULL;
    TRY(job_path(s->j, &path, "%s", MAP));
    rc = duplicate_map_open(out, path, s->tokens_hash);
    /* it is announced by message before a network file system may show it here */
    for (useconds_t wait = 1000; rc == ERR_MISSING && s->j->p.rank != 0 && wait < 8000000; wait *= 2) {
        usleep(wait);
        rc = duplicate_map_open(out, path, s->tokens_hash);
    }
    if (rc == OK && out->n != corpus_index_rows(s->index)) FAIL(ERR_CORRUPT, "%s is of another corpus", path);
done:
    if (rc != OK) duplicate_map_close(out);
    mem_free(&path);
    return rc;
}

int stage_duplicates_known(const stages *s)
{
    duplicate_map map;
    int known = stage_duplicates_open(s, &map) == OK;
    duplicate_map_close(&map);
    return known;
}

int stage_duplicates_forget(const job *j)
{
    int rc = output_remove(j, MAP);
    return rc == OK ? output_remove(j, FOLDER) : rc;
}

/* ---- any rank: a shard ---- */

static int has_run(const comparing *x, int64_t shard)
{
    char *path = NULL;
    int there = run_path(&path, x->folder, x->stem, shard) == OK && file_exists(path);
    mem_free(&path);
    return there;
}

static int take_example(void *user, const example *e)
{
    comparing *x = user;
    hash128 key;
    return row_filter_key(&x->judge.filter, e, &key) ? content_run_add(x->run, key, e->position) : OK;
}

static int judge_row(void *user, example *e, int pieces)
{
    comparing *x = user;
    int rc = x->schedule ? schedule_tick(x->schedule) : OK;
    return rc == OK ? row_judge_row(&x->judge, e, pieces) : rc;
}

static int compare_shard(void *user, schedule *schedule, int64_t shard, int final, progress_counts *counts)
{
    int rc = OK;
    comparing *x = user;
    shard_parts parts = {0};
    const shard_judge judge = {judge_row, x};
    (void) final;
    x->schedule = schedule;
    TRY(shard_work_parts(x->s, schedule, shard, &parts));
    TRY(content_run_open(&x->run, x->folder, x->stem, shard, MOST_ENTRIES));
    TRY(shard_visit(&parts, &x->s->shard, &judge, take_example, x));
    TRY(content_run_commit(x->run));
    counts->work = 1;
done:
    content_run_free(&x->run);
    shard_work_free(&parts);
    return rc;
}

/* ---- rank 0 ---- */

static int64_t next_shard(void *user, int rank)
{
    (void)rank;
    comparing *x = user;
    while (x->next < x->n_shards && has_run(x, x->next)) x->next++;
    return x->next < x->n_shards ? x->next++ : -1;
}

static int64_t shards_left(void *user)
{
    const comparing *x = user;
    return x->n_shards - x->next;
}

static int tick(void *user)
{
    (void)user;
    return stop_asked() ? status_set(ERR_STOPPED, __FILE__, __LINE__, "%s", stop_reason()) : OK;
}

static int row_at(void *user, int64_t position, int64_t *number)
{
    int rc = OK;
    const comparing *x = user;
    corpus_row row;
    TRY(corpus_index_row(x->s->index, position, &row));
    *number = row.row;
done:
    return rc;
}

static int merge(comparing *x)
{
    int rc = OK;
    const job *j = x->s->j;
    char *path = NULL;
    int64_t n;
    duplicate_map_job job = {.keys = {.folder = x->folder,
                                      .stem = x->stem,
                                      .kind = RUN_IDS,
                                      .n_runs = x->n_shards,
                                      .width = j->corpus.merge_width,
                                      .tick = tick},
                             .n_positions = corpus_index_rows(x->s->index),
                             .hash = x->s->tokens_hash,
                             .row = row_at,
                             .user = x};
    TRY(job_path(j, &path, "%s", MAP));
    TRY(duplicate_map_make(path, &job, &n));
    LOG_JOB(LOG_INFO, "duplicates: %lld rows equal an earlier one once decoded", (long long)n);
done:
    mem_free(&path);
    return rc;
}

static int compare(comparing *x)
{
    int rc = OK;
    job *j = x->s->j;
    schedule_options o = {.root_works_below = j->run.root_works_below, .phase = "compare", .metrics = j->metrics};
    schedule_tasks tasks = {.next = next_shard, .left = shards_left, .perform = compare_shard, .user = x};
    o.total.units = x->n_shards;
    o.total.work = (double)x->n_shards;
    TRY(par_agree(&j->p, j->p.rank == 0 ? file_make_folder(x->folder) : OK));
    for (int64_t i = 0; j->p.rank == 0 && i < x->n_shards; i++) o.before.units += has_run(x, i);
    o.before.work = (double)o.before.units;
    TRY(schedule_run(&j->p, &o, &tasks));
    TRY(par_agree(&j->p, j->p.rank == 0 ? merge(x) : OK));
done:
    return rc;
}

int stage_duplicates(stages *s)
{
    int rc = OK;
    job *j = s->j;
    comparing x = {.s = s, .judge = {.s = s, .filter = job_filter(j)}, .n_shards = unit_table_shards(s->units)};
    int64_t known = j->p.rank == 0 ? stage_duplicates_known(s) : 0;
    par_broadcast(&j->p, &known, sizeof known);
    snprintf(x.stem, sizeof x.stem, "content-%016llx", (unsigned long long)s->tokens_hash);
    TRY(par_agree(&j->p, job_path(j, &x.folder, "%s", FOLDER)));
    if (!known) TRY(compare(&x));
    TRY(par_agree(&j->p, j->p.rank == 0 ? output_remove(j, FOLDER) : OK));
done:
    mem_free(&x.folder);
    return rc;
}
