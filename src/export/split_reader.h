/* All sequences of a split, in the order of its index files, a batch at a time. Local. */
#pragma once

#include "export/export.h"
#include "sequence/sequence_batch.h"

typedef struct split_reader {
    const export_split *split;
    int64_t batch_tokens;
    sequence_batch batch; /* at hand */
    int64_t first;        /* number of its first sequence within the split */
    export_counts counts; /* up to here */
    size_t file;          /* the next to open */
    int64_t next;         /* sequence of the open file */
} split_reader;

/* Nothing is opened yet. The caller calls split_reader_close, which is safe on a zeroed one. */
void split_reader_start(split_reader *r, const export_split *s, int64_t batch_tokens);
void split_reader_close(split_reader *r);

/* The next batch; *more 0 at the end. ERR_CORRUPT when the files have another number of sequences than the split. */
int split_reader_next(split_reader *r, int *more);

/* Documents (and pieces) of sequence i of the batch at hand: their number; first token and end of document k. */
static inline int64_t split_reader_documents(const split_reader *r, int64_t i)
{
    return r->batch.start_offsets[i] - (i ? r->batch.start_offsets[i - 1] : 0);
}
void split_reader_document(const split_reader *r, int64_t i, int64_t k, int64_t *start, int64_t *end);

/* Ids that fit, in 16 bits. */
static inline void narrow_ids(const uint32_t *ids, int64_t n, uint16_t *out)
{
    for (int64_t i = 0; i < n; i++) out[i] = (uint16_t)ids[i];
}
