/* A packed sequence of a finished dataset for people. Local. */
#pragma once

#include "jobs/job.h"

#include <jansson.h>

/* When `name` is SET/SPLIT/NUMBER of a set of this dataset, print it and set *done. ERR_CONFIG: no such split or
 * number.
 */
int show_sequence(job *j, const json_t *d, const char *name, int *done);
