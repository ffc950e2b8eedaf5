/* Sequences of an index file as tables of tokens, some at a time. The spans of a batch are sorted by shard, so that
 * each shard is opened once a batch and read in ascending order, however the documents are scattered. Local. */
#pragma once

#include "sequence/literal_table.h"
#include "sequence/pack.h"
#include "sequence/sequence_attributes.h"
#include "sequence/span_file.h"

typedef struct sequence_batch {
    const sequence_set *set;
    span_reader *reader;
    sequence_attributes attributes;
    literal_table literals;
    int64_t length, capacity; /* tokens of a sequence; sequences of a batch */
    int64_t n;                /* sequences at hand */
    int64_t *offsets;         /* (capacity + 1) spans */
    int64_t *vector_offsets;  /* (capacity + 1) */
    uint32_t *tokens;         /* (capacity) without padding */
    span *spans;              /* from offsets[0] on */
    vector_span *vectors;     /* from vector_offsets[0] on */
    uint32_t *ids;            /* (capacity, length) joint ids, and so are the next three; padding: PAD, 0, 255, 0 */
    uint8_t *loss, *kind;     /* kind: modality, of <vector> tokens that of the vectors */
    int32_t *positions;
    int64_t *starts; /* first tokens of documents and pieces */
    size_t n_starts;
    int64_t *start_offsets; /* (capacity) ends of each sequence's starts */
    struct id_request *requests;
    size_t n_requests, spans_capacity, vectors_capacity, starts_capacity, requests_capacity;
} sequence_batch;

/* Open an index file for batches of about `tokens` tokens, one sequence at least. ERR_MISMATCH when length, seed,
 * shards or vocabulary are not those of the set, ERR_MISSING, ERR_CORRUPT, ERR_MEMORY. Caller: sequence_batch_close,
 * safe on a zeroed one. */
int sequence_batch_open(sequence_batch *b, const sequence_set *set, const char *index_path, int64_t tokens);
void sequence_batch_close(sequence_batch *b);
int64_t sequence_batch_total(const sequence_batch *b); /* sequences of the file */

/* Read sequences first .. first + n - 1, n <= capacity. ERR_CORRUPT, ERR_MISSING, ERR_IO, ERR_MEMORY. */
int sequence_batch_read(sequence_batch *b, int64_t first, int64_t n);
