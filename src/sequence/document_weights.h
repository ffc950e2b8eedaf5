/* How often a document stands in the sequences, by source and language of its first row. Local. */
#pragma once

#include "sequence/pack.h"

typedef struct document_weight {
    int field; /* example_text, -1: all documents */
    char *value;
    double weight;
} document_weight;

typedef struct document_weights {
    document_weight *entries;
    size_t n;
    int64_t most; /* copies that a document has at most; 1 at least */
} document_weights;

enum { DOCUMENT_COPIES_MAX = 1000 };

/* Read sequence.weights. ERR_CONFIG, ERR_MEMORY. Caller: document_weights_free (safe on a zeroed one). */
int document_weights_make(document_weights *w, const sequence_options *o);
void document_weights_free(document_weights *w);

/* Copies of the document that starts at this example: the whole part of its weight, and one more with the chance of the
 * rest, by a hash of its manifest row. ERR_CORRUPT, ERR_MEMORY. */
int document_copies(const document_weights *w, uint64_t seed, shard_reader *r, int64_t example, int64_t *copies);
