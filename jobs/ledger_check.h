/* The ledgers of a dataset against what dataset.json counts. Local. */
#pragma once

#include <jansson.h>
#include <stdint.h>

typedef struct ledger_checker {
    void (*fault)(void *user, const char *file, const char *text);
    void (*row)(void *user, const char *file, int64_t row); /* of each line */
    void *user;
} ledger_checker;

/* Lines against counts, in all and by reason and rule, of the dataset and of each shard; and the counts of the shards
 * against those of the dataset. A ledger that is missing is left to others. ERR_IO, ERR_MEMORY. */
int ledger_check(const char *dataset, const json_t *d, const ledger_checker *c);

/* The rows of all lines, without checking; a missing ledger has none. */
int ledger_rows(const char *dataset, const ledger_checker *c);
