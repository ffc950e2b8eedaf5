#include "jobs/shard_work.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "jobs/token_tasks.h"

#include <unistd.h>

row_filter job_filter(const job *j) { return (row_filter){&j->filter, j->audio.use, j->image.use}; }

/* A part is announced by message before a network file system may show it here: look again, longer each time. */
static int wait_for(const char *path, schedule *schedule)
{
    int rc = OK;
    for (useconds_t wait = 1000; !file_exists(path) && wait < 8000000; wait *= 2) {
        usleep(wait);
        if (schedule) TRY(schedule_tick(schedule));
    }
done:
    return rc;
}

int shard_work_parts(const stages *s, schedule *schedule, int64_t shard, shard_parts *out)
{
    int rc = OK;
    const unit_shard *sh = unit_table_shard(s->units, shard);
    char **paths = NULL;
    int64_t *units = NULL;
    *out = (shard_parts){0};
    TRY(MEM_ALLOC(paths, (size_t)sh->n_units));
    *out = (shard_parts){.paths = paths, .n = (size_t)sh->n_units};
    TRY(MEM_ALLOC(units, (size_t)sh->n_units));
    out->units = units;
    for (int64_t i = 0; i < sh->n_units; i++) {
        units[i] = sh->first_unit + i;
        TRY(token_tasks_part(s, units[i], &paths[i]));
    }
    for (int64_t i = 0; i < sh->n_units; i++) TRY(wait_for(paths[i], schedule));
done:
    return rc;
}

void shard_work_free(shard_parts *parts)
{
    char **paths = (char **)parts->paths;
    for (size_t i = 0; paths && i < parts->n; i++) mem_free(&paths[i]);
    mem_free_at((void **)&parts->paths);
    mem_free_at((void **)&parts->units);
    parts->n = 0;
}

int row_judge_row(void *user, example *e, int pieces)
{
    int rc = OK;
    const row_judge *x = user;
    filter_hit hit;
    corpus_row row;
    int64_t first = -1;
    if (pieces && row_filter_decoded(&x->filter, &e->sound, &e->picture, &hit)) {
        filter_hit_take(&hit, e);
        goto done;
    }
    if (!x->map) goto done;
    TRY(duplicate_map_first(x->map, e->position, &first));
    if (first < 0) goto done;
    TRY(corpus_index_row(x->s->index, first, &row));
    filter_hit_duplicate(row.field[FIELD_ID], &hit);
    filter_hit_take(&hit, e);
done:
    return rc;
}
