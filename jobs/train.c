#include "jobs/stages.h"
#include "jobs/train_matrix.h"
#include "jobs/verbs.h"

int verb_train(job *j)
{
    if (*j->train.data) return train_matrix(j);
    return j->dry_run ? verb_plan(j) : stages_run(j, "train");
}
