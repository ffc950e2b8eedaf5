/* The ledgers of a dataset, from those of its shards. */
#pragma once

#include "jobs/stages.h"

#include <jansson.h>

/* Join the ledgers of all shards, in order, into one committed file of each kind; count their lines by reason and rule
 * into `accounting` and into each of `shards`, whose counts they must agree with (ERR_CORRUPT). Rank 0, Local. */
int stage_ledgers(const stages *s, json_t *shards, json_t *accounting);
