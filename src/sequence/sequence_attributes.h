/* Attributes of an index file: what a reader needs besides the spans, and the counts. Local.
 *
 *   format "tessera-sequences", format_version, created_by
 *   length, seed, block, n_blocks, n_shards
 *   n_sequences, n_documents, n_tokens, split_documents, dropped_documents, dropped_tokens, empty_documents,
 *   repeated_documents, left_out_documents, ids_text, ids_image, ids_audio, ids_sensor
 *   vocab_size, offset_text, offset_image, offset_audio, offset_sensor, offset_special (-1: no such range), pad_id */
#pragma once

#include "sequence/pack.h"

typedef struct sequence_attributes {
    int64_t length, seed, block, n_blocks, n_shards;
    sequence_counts counts;
} sequence_attributes;

int sequence_attributes_put(h5_file *f, const sequence_attributes *a, const vocabulary *v);

/* `specials`: the names of the set's own special tokens, from SPECIAL_CUSTOM on, with a blank between them. */
int sequence_attributes_put_specials(h5_file *f, const sequence_options *o);

/* ERR_CORRUPT (not an index file, or one of another version), ERR_MISMATCH (made with another vocabulary). */
int sequence_attributes_get(h5_file *f, const vocabulary *v, sequence_attributes *a);

/* The attributes that say what ids mean: vocab_size, offset_*, pad_id. */
int sequence_attributes_put_vocabulary(h5_file *f, const vocabulary *v);
