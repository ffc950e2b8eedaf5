/* Hand-out of numbered tasks by rank 0 to all ranks.
 *
 * A rank asks early, so that it always has its next task; near the end early requests wait, so that no rank sits on a
 * task while others idle. Idle ranks probe and sleep. Rank 0 works too below `root_works_below` ranks and answers
 * between items (schedule_tick).
 *
 * Why it ends, and leaves no message behind: rank 0 sends END to every rank exactly once, when all tasks are done or
 * the job stops; after END it assigns nothing. A rank answers END with LEAVE exactly once, after the task in hand, and
 * sends nothing afterwards; rank 0 leaves when it has every LEAVE. Messages between two ranks keep their order, so
 * nothing can arrive after LEAVE or END. */
#pragma once

#include "par/par.h"
#include "par/progress.h"

typedef struct schedule schedule;

typedef struct schedule_options {
    int64_t root_works_below;      /* ranks */
    const char *phase;             /* for progress */
    progress_counts total, before; /* whole phase; done in earlier lives */
    void *metrics;                 /* FILE * or NULL */
} schedule_options;

typedef struct schedule_tasks {
    /* Rank 0: the next task for this rank, or -1: none now (but maybe after a task in hand is done). */
    int64_t (*next)(void *user, int rank);
    /* Rank 0, may be NULL: this task is committed. */
    void (*done)(void *user, int64_t task);
    /* Rank 0: tasks not handed out yet; early requests wait below the number of ranks, and 0 with none in hand is the
     * end. */
    int64_t (*left)(void *user);
    /* Rank 0, may be NULL: after each report; not OK stops the job with this status (too many rejects). */
    int (*check)(void *user, const progress_counts *now);
    /* Any rank: do the task and commit its result. `final`: an earlier attempt failed with ERR_ENVIRONMENT, this is the
     * last. Adds what was done to *counts. ERR_ENVIRONMENT: tried again, on another rank if there is one. */
    int (*perform)(void *user, schedule *s, int64_t task, int final, progress_counts *counts);
    /* Any rank, may be NULL: this task comes next. */
    void (*upcoming)(void *user, int64_t task);
    void *user;
} schedule_tasks;

/* Work until all tasks are done. The same status on all ranks: OK, ERR_STOPPED, or the worst error of any. Collective.
 */
int schedule_run(par *p, const schedule_options *o, const schedule_tasks *tasks);

/* To be called between items: rank 0 answers requests, the others look whether the job stops. ERR_STOPPED: drop the
 * task. Local. */
int schedule_tick(schedule *s);
