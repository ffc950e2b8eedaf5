/* Sequences: an index over the shards that says which tokens stand where. Documents (groups) are laid out by a
 * template, put in a seeded order and packed best-fit into sequences of a fixed length. Packing works in fixed blocks
 * of examples of one split, so it does not depend on ranks.
 *
 * A sequence is a list of spans; a span is a run of ids of one stream of one shard, or one special token:
 *   kind    modality (tokens/vocabulary.h)
 *   shard   number of the shard within its split (0 for specials)
 *   start   first id in /STREAM/ids, or the special's number within the special range
 *   length  ids (1 for a special)
 *   loss    1: these tokens bear loss
 *   begins  1: first span of a document, or of the continued piece of one
 * joint id = local id + offset of the modality's range. All functions are Local. */
#pragma once

#include "config/options.h"
#include "shards/shard.h"
#include "tokens/vocabulary.h"

typedef struct sequence_options {
    int64_t length;     /* tokens per sequence */
    int64_t seed;       /* of the order of documents */
    char *name;         /* sequences/NAME */
    option_list layout; /* order of streams in a row: [image, audio, text] */
    int overlong;       /* split | drop: documents longer than a sequence */
    int image_newline;  /* a token after each row of the image grid */
    int64_t block;      /* examples per block */
} sequence_options;
extern const option_table sequence_options_table;
enum { SEQUENCE_SPLIT, SEQUENCE_DROP };

/* What the table cannot say: letters of the name, streams of the layout. ERR_CONFIG. */
int sequence_options_check(const sequence_options *o);

typedef struct sequence_counts {
    int64_t sequences, documents, tokens; /* tokens without padding */
    int64_t split_documents;              /* of the documents: those in more than one piece */
    int64_t dropped_documents;            /* too long, with sequence.overlong: drop */
    int64_t dropped_tokens;               /* ids of their streams, without specials */
    int64_t empty_documents;              /* groups without any id in the streams of the layout; in no sequence */
    int64_t ids[N_STREAMS];               /* in the sequences */
} sequence_counts;

/* Number of blocks of a split with this many examples. */
int64_t pack_blocks(const sequence_options *o, int64_t n_examples);

/* Pack block `block` of a split whose shards are `shard_paths` (in order) into one committed file (fault points
 * "sequence.*"). */
int pack_block(const sequence_options *o, const vocabulary *v, char *const *shard_paths, size_t n_shards, int64_t block,
               const char *out_path, sequence_counts *counts);

/* Write the joint ids of one index file for direct reading, its sequences in its order, which is a seeded one. Memory
 * is bounded. Fault points "materialise.*". ERR_MISMATCH when length, seed, shards or vocabulary are not those of the
 * index file, ERR_MISSING, ERR_CORRUPT, ERR_SPACE, ERR_IO, ERR_MEMORY.
 *
 *   /input_ids u16 or u32 (as vocabulary.id_bits), /loss_mask u8, /position_ids i32 (from 0 in each document or piece),
 *   /modality u8                       (n_sequences, length); padding: PAD, 0, 0, SEQUENCE_PADDING
 *   /tokens u32                        (n_sequences) without padding
 *   /document_offsets i64              (n_sequences + 1) into
 *   /document_starts i64               first token, within its sequence, of each document or piece */
enum { SEQUENCE_PADDING = 255 };
int pack_materialise(const sequence_options *o, const vocabulary *v, char *const *shard_paths, size_t n_shards,
                     const char *index_path, const char *out_path);

/* Check the index files of a split against its shards: ranges, lengths, every token of every stream exactly once or
 * recorded as dropped. Every fault goes to `fault`; ERR_VERIFY if there was any. */
int pack_check(const sequence_options *o, const vocabulary *v, char *const *shard_paths, size_t n_shards,
               char *const *index_paths, size_t n_index, void (*fault)(void *user, const char *text), void *user,
               sequence_counts *counts);

/* File name of a block: "train-00000-of-00003.h5", in new memory. */
int pack_name(char **out, const char *split, int64_t block, int64_t n_blocks);
