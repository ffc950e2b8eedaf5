/* What a check finds in sequences, and what there should be. Shared by the files of pack_check. Local. */
#pragma once

#include "sequence/check_report.h"
#include "sequence/coverage.h"
#include "sequence/document.h"
#include "sequence/document_weights.h"
#include "sequence/split_shards.h"

typedef struct tally {
    sequence_counts counts;
    int64_t pieces;
    int64_t specials[N_SPECIALS];
    int64_t literals;     /* tokens */
    uint64_t literal_sum; /* of a random number for each of their ids */
    int64_t no_loss;      /* tokens */
    uint64_t run_sum;     /* of a random number for each span of a reduced stream */
} tally;

typedef struct sequence_check {
    const sequence_set *set;
    sequence_template template;
    document_weights weights;
    literal_table literals; /* of the set: known from all index files, or tokenised */
    split_shards shards;
    coverage covered;
    tally wanted, found;
    sequence_counts said; /* by the attributes of the index files */
    check_report report;
} sequence_check;

/* Count one span of literals: ids start .. start + length - 1 of the table. */
void tally_literals(tally *t, const literal_table *l, int64_t start, int64_t length);

/* Count a span of a reduced stream: which ids are how many tokens. */
void tally_runs(tally *t, const span *s);

/* The sequences of one index file. Faults go to the report. ERR_CORRUPT, ERR_MEMORY. */
int check_sequences(sequence_check *c, const char *file, span_reader *r);
