#include "jobs/stages.h"
#include "jobs/verbs.h"

int verb_tokenize(job *j) { return j->dry_run ? verb_plan(j) : stages_run(j, "tokenize"); }
