/* The parts of a shard, and what becomes of its rows when these are joined. Local. */
#pragma once

#include "core/row_filter.h"
#include "jobs/duplicate_map.h"
#include "jobs/stages.h"
#include "work/schedule.h"

/* The filters of the job, of rows that are tokenised. */
row_filter job_filter(const job *j);

/* The parts of a shard, once they can be seen here (`schedule` may be NULL). ERR_STOPPED, ERR_MEMORY. Caller:
 * shard_work_free. */
int shard_work_parts(const stages *s, schedule *schedule, int64_t shard, shard_parts *out);
void shard_work_free(shard_parts *parts);

/* Filters that need the whole row: of sound in pieces, and duplicates when `map` is not NULL. For shard_judge; user is
 * the row_judge. */
typedef struct row_judge {
    const stages *s;
    row_filter filter;
    const duplicate_map *map;
} row_judge;
int row_judge_row(void *user, example *e, int pieces);
