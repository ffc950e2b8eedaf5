/* The entry function of each verb; jobs/VERB.c holds it. Collective (except those that begin with "_" on the command
 * line); a status. */
#pragma once

#include "jobs/job.h"

int verb_run(job *j);
int verb_plan(job *j);
int verb_index(job *j);
int verb_train(job *j);
int verb_tokenize(job *j);
int verb_pack(job *j);
int verb_verify(job *j);
int verb_show(job *j);
int verb_export(job *j);
int verb_status(job *j);
int verb_encode(job *j);
int verb_codebook(job *j);
int verb_assign(job *j);
int verb_bench(job *j);
int verb_isolated_row(job *j);
int verb_isolated_probe(job *j);
