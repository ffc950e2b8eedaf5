/* Rows that were in hand when an earlier life died. Each is first done by a child process; one that crashes the child
 * is rejected for good. Verdicts are committed in state/poison, so every rank and every later life rejects the same
 * rows. */
#pragma once

#include "jobs/job.h"

/* Rank 0: collect the notes of dead lives and the verdicts so far. Local. */
int suspects_collect(job *j);

/* All ranks get them. Collective. */
int suspects_share(job *j);
void suspects_free(job *j);

/* Whether the row may be done in this process. ERR_CRASHED: it crashed the child (an item error: reject it).
 * ERR_ENVIRONMENT: the child ran out of time. `arguments` after the program's name, ends with NULL, run only for a
 * suspect without verdict; `tick` while waiting. Local. */
int suspects_check(job *j, int64_t row, char *const *arguments, int (*tick)(void *user), void *user);

/* Whether suspects_check would start a child. Local. */
int suspects_asks(const job *j, int64_t row);
