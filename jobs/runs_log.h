/* logs/runs.jsonl: one line when a life starts and one when it ends: hosts, ranks, times, run keys. Provenance, not
 * content. Local (rank 0). */
#pragma once

#include "jobs/job.h"

int runs_log_start(const job *j);
void runs_log_end(const job *j, int status);

/* What the latest start says, for verbs that look at media again: the whole "config", and absolute paths
 * ("corpus_path", "corpus_root", "audio_encoder", "image_encoder"). New memory (mem_free), "" when there is none. */
int runs_log_text(const char *dataset, const char *key, char **path);

/* One line on how the latest life ended, for people: new memory (mem_free). */
int runs_log_last(const char *dataset, char **text);
