/* The ledgers of rejected and of filtered rows, line by line. Local. */
#pragma once

#include <jansson.h>

/* The two in a dataset, and the member of a line by which they are counted. */
typedef struct ledger_kind {
    const char *file;   /* below the dataset: "rejects.jsonl" */
    const char *folder; /* of its parts below the state */
    const char *by;     /* "reason" */
    const char *count;  /* how many, in the accounting: "rejects" */
    const char *counts; /* how many by each, there: "reasons" */
} ledger_kind;
enum { LEDGER_REJECTS, LEDGER_FILTERED, N_LEDGERS };
extern const ledger_kind ledger_kinds[N_LEDGERS];

/* Call `line` for each line of a file (NULL: not JSON) until it fails. ERR_MISSING, ERR_IO, what `line` gives. */
int ledger_each(const char *path, int (*line)(void *user, const json_t *line), void *user);

/* One more line of this kind in {"damaged": 5, ...}. */
void ledger_count(json_t *counts, const ledger_kind *kind, const json_t *line);

/* Add the counts of `more`; the sum of all. */
void ledger_add(json_t *counts, const json_t *more);
int64_t ledger_sum(const json_t *counts);
