/* The vectors of the sequence that is being written: where they stand, and in which range they are attended to. Local.
 */
#pragma once

#include "sequence/vector_span.h"

#include <stddef.h>

typedef struct sequence_vectors {
    vector_span *list;
    size_t n, capacity;
    size_t document; /* first of the document at hand */
    uint32_t *starts, *ends;
    size_t *which;
    size_t scratch;
} sequence_vectors;

void sequence_vectors_free(sequence_vectors *s);
void sequence_vectors_clear(sequence_vectors *s);

/* Vectors of the tokens that begin at `at`. ERR_MEMORY. */
int sequence_vectors_add(sequence_vectors *s, const vector_span *v, uint32_t at);

/* The document ends before token `end`: the ranges of its markers are settled. ERR_MEMORY. */
int sequence_vectors_end_document(sequence_vectors *s, uint32_t end);
