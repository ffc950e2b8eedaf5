/* Canary rows: a few rows that a leader of every node encodes at each start; all must give what the first life got. */
#pragma once

#include "stages.h"

/* Encode and compare; the first life stores. ERR_VERIFY names the node that differs. Collective. */
int canary_check(stages *s);

/* Hash of what the core makes of a row. Local. */
int canary_hash(core *c, const corpus_row *row, int64_t position, const char *root, uint64_t *hash);
