/* The output folder of a job: whether it may be used, and one life at a time on it. Local. */
#pragma once

#include "jobs/job.h"

/* Whether OUT/name is there. */
int output_has(const job *j, const char *name);

/* Remove OUT/name, a file or a folder. */
int output_remove(const job *j, const char *name);

/* An output folder holds a dataset of ours, its state, or nothing: never write among somebody's files. ERR_CONFIG. */
int output_check(const job *j);

/* The folders of a life and its owner file (j->owner, j->attempt). ERR_BUSY; ERR_CONFIG: output.path cannot be used. */
int output_take(job *j);

/* Remove what is in the state but the owner file and the entry `keep`. */
int output_empty_state(const job *j, const char *keep);

/* Remove everything that an output folder of ours can hold, but the owner file and the logs. */
int output_wipe(const job *j);

/* The log of this rank, and temporary names that no other life uses. */
int output_start_log(const job *j);
