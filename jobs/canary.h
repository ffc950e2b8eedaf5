/* Canary rows: a few rows that a leader of every node encodes at each start; all must give what the first life got. */
#pragma once

#include "jobs/stages.h"

#include <jansson.h>

/* Encode and compare; the first life stores. ERR_VERIFY names the node that differs. state/child.yaml must be there.
 * Collective. */
int canary_check(stages *s);

/* The member "canary" of dataset.json: [{"id", "xxh3"}]. Caller: json_decref. Local. */
int canary_describe(const stages *s, json_t **out);

/* Encode the canary rows of a finished dataset again, from the corpus of the latest run or --corpus; differences go to
 * `fault`. A corpus that cannot be reached is said and no fault, unless --corpus was given. Local. */
int canary_verify(job *j, const json_t *d, void (*fault)(void *user, const char *text), void *user);

/* Hash of what the core makes of a row. ERR_ENVIRONMENT when its media cannot be read now, or are not
 * those of the index. Local. */
int canary_hash(core *c, const corpus_row *row, int64_t position, const char *root, uint64_t *hash);
