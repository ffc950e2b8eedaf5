/* What the tasks of a unit share: rows in order, their media read ahead, suspects tried on their own, the row in hand
 * noted. */
#pragma once

#include "jobs/stages.h"

#include "core/prefetch.h"
#include "work/schedule.h"

typedef struct row_work {
    stages *s;
    prefetch *prefetch;
    schedule *schedule; /* of the task in hand; NULL: none */
    char *config_path;  /* of the config as a child of ours reads it */
} row_work;

/* ERR_MEMORY, ERR_IO. Collective. Caller: row_work_close. */
int row_work_open(row_work *w, stages *s);
void row_work_close(row_work *w);

/* The rows of a unit come next: read ahead. Local. */
void row_work_announce(row_work *w, int64_t unit);

/* The unit in hand is dropped: what was read ahead goes. Local. */
void row_work_forget(row_work *w);

/* Begin a row: its description, its media (none of a row that is filtered before decoding), whether it starts a group.
 * A row that is not to be tried gives ERR_CRASHED (an item error) with media closed. End with row_work_end. ERR_STOPPED
 * when the job stops; ERR_ENVIRONMENT when a row that is tried on its own takes too long. Local. */
int row_work_begin(row_work *w, int64_t position, corpus_row *row, media m[N_MEDIA], int *starts_group);
void row_work_end(row_work *w, media m[N_MEDIA]);

/* For callbacks: schedule_tick of the task in hand, or without one ERR_STOPPED when this rank was asked to stop; user
 * is the row_work. */
int row_work_tick(void *user);
