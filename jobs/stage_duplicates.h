/* Rows whose decoded content equals that of an earlier row (filter.duplicates): found between the last unit and the
 * first gather, in one exact pass over the hashes of all examples. Rows that are rejected, or filtered by another rule,
 * take no part. */
#pragma once

#include "jobs/duplicate_map.h"
#include "jobs/stages.h"

/* Whether they are found already, with the settings of now. Local. */
int stage_duplicates_known(const stages *s);

/* All parts are there: find duplicates on all ranks, unless they are known. Collective. */
int stage_duplicates(stages *s);

/* What was found. ERR_CORRUPT, ERR_MISSING. Local. Caller: duplicate_map_close. */
int stage_duplicates_open(const stages *s, duplicate_map *out);

/* Rows will be made anew: forget what was found. Rank 0, Local. */
int stage_duplicates_forget(const job *j);
