/* The splits: which group goes where. A hash of the group alone decides, so a row keeps its split when others come or
 * go. All Local. */
#pragma once

#include "corpus/index.h"

typedef struct split_table {
    char **names;
    double *ends; /* (n) upper ends of the shares in [0, 1]; the last is 1 */
    size_t n;
    uint64_t seed;
} split_table;

/* Read corpus.splits. Caller: split_table_free. ERR_CONFIG: not of the form, names that are not [A-Za-z0-9_-]+ or not
 * unique, shares that are negative or do not sum to 1; ERR_MEMORY. */
int split_table_make(const corpus_options *o, split_table *out);
void split_table_free(split_table *t);

/* Index of the split of this group. */
int split_of(const split_table *t, text_view group);
