/* Which example each span and each vector of a batch is of. The references are looked up in the order of the shards, so
 * that each shard is opened once a batch. Local. */
#pragma once

#include "sequence/sequence_batch.h"

typedef struct example_reference {
    size_t id, group, text; /* into the texts; text: the whole text of the example, where it was asked for */
    int64_t from;           /* ids (or vectors) of the example before those of the span */
    int whole_text;         /* `text` is there, and the span covers it */
} example_reference;

typedef struct batch_examples {
    example_reference *spans;   /* as b->spans; of spans that are no ids of a stream nothing is known */
    example_reference *vectors; /* as b->vectors */
    char *texts;                /* with a zero byte behind each */
    size_t spans_capacity, vectors_capacity, texts_capacity, n_texts;
    struct lookup *lookups;
    size_t lookups_capacity, n_lookups;
} batch_examples;

/* Look up all of a batch; with_text: also the texts of the examples whose text ids a span has all of. ERR_CORRUPT,
 * ERR_MISSING, ERR_MEMORY. The caller calls batch_examples_free, which is safe on a zeroed one. */
int batch_examples_find(batch_examples *x, const sequence_batch *b, int with_text);
void batch_examples_free(batch_examples *x);
