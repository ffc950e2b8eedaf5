/* Who works on an output folder: a file with job, host, pid, start and attempt, whose modification time is the
 * heartbeat.
 *
 * It keeps two lives of a job apart; correctness never rests on it. Same host: the pid is tested. Other host: an
 * earlier life of the same Slurm job is over, and so is one whose heartbeat is older than 60 s by the file server's
 * clock. Local (rank 0). */
#pragma once

#include <stdint.h>

typedef struct owner owner;

/* Take the folder's owner file. `attempt` counts lives. ERR_BUSY names the other job; ERR_SPACE, ERR_IO. Caller:
 * owner_release. */
int owner_take(owner **out, const char *path, int64_t *attempt);

/* Stop the heartbeat and remove the file; keeps the count of lives for the next one. */
void owner_release(owner **o);

/* The same, and remove the file and its folder: nothing is left to do there. */
void owner_finish(owner **o);

/* Describe the owner for people: "job 17 on n3, pid 812, since ..., alive" in new memory (mem_free); "" when there is
 * none. ERR_IO. */
int owner_describe(const char *path, char **text, int *alive);
