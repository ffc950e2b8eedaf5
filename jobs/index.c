#include "jobs/stages.h"
#include "jobs/verbs.h"

int verb_index(job *j) { return j->dry_run ? verb_plan(j) : stages_run(j, "index"); }
