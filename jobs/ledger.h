/* rejects.jsonl, line by line. Local. */
#pragma once

#include <jansson.h>

/* Call `line` for each line of DATASET/rejects.jsonl (NULL: not JSON) until it fails. ERR_MISSING, ERR_IO, what `line`
 * gives. */
int ledger_each(const char *dataset, int (*line)(void *user, const json_t *line), void *user);
