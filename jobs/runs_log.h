/* logs/runs.jsonl: one line when a life starts and one when it ends: hosts, ranks, times, run keys. Provenance, not
 * content. Local (rank 0). */
#pragma once

#include "jobs/job.h"

int runs_log_start(const job *j);
void runs_log_end(const job *j, int status);

/* The corpus root and the whole config of the latest start, for verbs that look at media again: new memory (mem_free),
 * "" when unknown. */
int runs_log_corpus(const char *dataset, char **root, char **config_text);

/* An absolute path of the latest start ("audio_encoder", "image_encoder"): new memory (mem_free), "" when there was
 * none.
 */
int runs_log_path(const char *dataset, const char *key, char **path);

/* One line on how the latest life ended, for people: new memory (mem_free). */
int runs_log_last(const char *dataset, char **text);
