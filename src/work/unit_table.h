/* The table of units and shards: fixed by corpus and content settings, never by ranks; made once, then mapped
 * read-only. Local.
 *
 * A unit is a run of index rows of one split up to a weight, never cutting a group, or one piece (a range of windows)
 * of one long row; pieces follow the unit that holds their row. A shard is a run of units of one split, never
 * separating pieces from their row. */
#pragma once

#include <stdint.h>

typedef struct unit {
    int64_t first, count; /* index rows; of a piece: the row, 1 */
    int64_t piece;        /* number of the piece; -1: whole rows */
    int64_t window_first,
        window_last; /* of a piece: its windows, both included; the last piece ends at the largest number */
    int64_t shard;
    double weight, seconds;  /* estimated work; seconds of sound */
    int64_t images, rejects; /* pictures; rows that the index rejects */
} unit;

typedef struct unit_shard {
    int64_t first_unit, n_units;
    int64_t split, number, of; /* train-00003-of-00012: number 3 of 12 */
    int64_t rows;
} unit_shard;

typedef struct unit_row {
    int split, starts_group;
    double weight, seconds; /* without what its pieces carry, when there are any */
    double piece_weight;    /* of one full piece */
    double piece_seconds;
    double bytes; /* estimated output */
    int64_t images, rejected;
    int64_t n_pieces;      /* 0: not cut */
    int64_t piece_windows; /* windows per piece */
} unit_row;

typedef struct unit_options {
    double unit_weight; /* close a unit at the first group border at or beyond this */
    double shard_bytes; /* close a shard likewise */
    uint64_t hash;      /* of what the table depends on; a table with another hash is made anew */
} unit_options;

/* Make the table: rows 0 .. n_rows-1 come from `row`. Committed (fault points "units.*"). */
int unit_table_make(const char *path, int64_t n_rows, const unit_options *o,
                    int (*row)(void *user, int64_t i, unit_row *out), void *user);

typedef struct unit_table unit_table;

/* ERR_MISSING (no file, or made for another hash), ERR_CORRUPT. Caller: unit_table_close. */
int unit_table_open(unit_table **out, const char *path, uint64_t hash);
void unit_table_close(unit_table **t);
int64_t unit_table_units(const unit_table *t);
int64_t unit_table_shards(const unit_table *t);
const unit *unit_table_unit(const unit_table *t, int64_t i);
const unit_shard *unit_table_shard(const unit_table *t, int64_t i);
