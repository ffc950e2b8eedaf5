#include "stages.h"
#include "verbs.h"

int verb_tokenize(job *j) { return j->dry_run ? verb_plan(j) : stages_run(j, "tokenize"); }
