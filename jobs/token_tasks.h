/* The tasks of tokenizing as rank 0 sees them: which units and shards are done, which come next. Numbers: units first,
 * then the gather of each shard. Gathers come before new units, which bounds the parts on disk, unless duplicates are
 * looked for, which takes all parts before the first gather; with more than one rank rank 0 never gathers. Local. */
#pragma once

#include "jobs/stages.h"
#include "work/schedule.h"

typedef enum token_phase {
    TOKENS_ALL,    /* units and gathers */
    TOKENS_UNITS,  /* units alone */
    TOKENS_GATHERS /* gathers, of whose shards all units are there */
} token_phase;

typedef struct token_tasks {
    const stages *s;
    int64_t n_units, n_shards, n_rows;
    token_phase phase;
    /* rank 0 */
    int forgot; /* a row is tried again for which shards or parts were dropped */
    uint8_t *shard_done, *unit_given;
    int64_t *units_missing; /* per shard */
    int64_t *ready;         /* shards to gather, a queue */
    int64_t first_ready, n_ready;
    int64_t next, gathers_left, units_left;
} token_tasks;

/* Sizes alone, on any rank. */
void token_tasks_begin(token_tasks *t, const stages *s);

/* Rank 0: find what earlier lives have committed, and fill in the totals of the phase; makes the folders. ERR_REJECTS
 * when they have rejected too many rows already. ERR_MEMORY, ERR_IO, ERR_SPACE. Caller: token_tasks_free. */
int token_tasks_open(token_tasks *t, schedule_options *o);

/* The options of the phase in hand, when that is not TOKENS_ALL: `o` is what token_tasks_open filled in. Rank 0. */
void token_tasks_phase(const token_tasks *t, token_phase phase, schedule_options *o);
void token_tasks_free(token_tasks *t);

/* The functions of schedule_tasks; `user` is the token_tasks. */
int64_t token_tasks_next(void *user, int rank);
void token_tasks_done(void *user, int64_t task);
int64_t token_tasks_left(void *user);
int token_tasks_check(void *user, const progress_counts *now);

/* Path of a unit's part. Caller: mem_free. */
int token_tasks_part(const stages *s, int64_t unit, char **path);
