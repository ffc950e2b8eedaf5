/* What a long phase shows: one redrawn line on a terminal, one plain line every 30 s elsewhere, the same numbers as
 * JSON lines in metrics.jsonl. Fed by whoever knows the totals (rank 0); rates over a sliding window. Local. */
#pragma once

#include <stdint.h>
#include <stdio.h>

typedef struct progress_counts {
    int64_t units, rows, rejects, images;
    double work, hours; /* work: weight of the units done; hours of sound */
} progress_counts;

typedef struct progress progress;

/* `phase` names the work ("tokenize"); totals are of the whole phase; metrics may be NULL. ERR_MEMORY. Caller:
 * progress_free, which ends the line. */
int progress_create(progress **out, const char *phase, const progress_counts *total, FILE *metrics);
void progress_free(progress **g);

/* The state now, of which `before` was done in an earlier life (it counts for the percentage, not for the rate).
 * `slowest` is the rank that has worked longest on one item, for `slowest_s` seconds; -1: none. Prints when it is time.
 */
void progress_update(progress *g, const progress_counts *now, const progress_counts *before, int slowest,
                     double slowest_s);

/* Print the last state now. */
void progress_finish(progress *g);
