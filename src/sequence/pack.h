/* Sequences: an index over the shards that says which tokens stand where. Documents (groups) are laid out by templates
 * (sequence/template_parse.h), put in a seeded order and packed best-fit into sequences of a fixed length. Packing
 * works in fixed blocks of examples of one split, so it does not depend on ranks.
 *
 * A sequence is a list of spans; a span is a run of tokens:
 *   kind    modality of ids of one stream of one shard (tokens/vocabulary.h), MODALITY_SPECIAL or SPAN_LITERAL
 *   shard   number of the shard within its split (0 for specials and literals)
 *   start   first id in /STREAM/ids; number within the special range; first id in /literals/ids
 *   ids     of the stream; more than `length` where a run of equal ids is one token. Of all else `length`
 *   length  tokens; of a special: how often it stands there
 *   loss    1: these tokens bear loss
 *   begins  1: first span of a document, or of the continued piece of one
 * joint id = local id + offset of the modality's range. Vectors that stand in a sequence, or are attended to from it,
 * are in a table of their own (sequence/vector_span.h). All functions are Local. */
#pragma once

#include "config/options.h"
#include "shards/shard.h"
#include "text/tokenizer.h"
#include "tokens/vocabulary.h"

typedef struct sequence_options {
    int64_t length;       /* tokens per sequence */
    int64_t seed;         /* of the order of documents */
    char *name;           /* sequences/NAME */
    option_list document; /* templates, of which a seeded coin picks one for each document */
    option_list row;      /* likewise */
    option_list roles;    /* "ROLE: TEMPLATE": rows of this role */
    char *separator;      /* template between rows */
    option_list specials; /* names of special tokens of this set */
    option_list weights;  /* "source=NAME: 2": how often documents stand in the first split */
    int overlong;         /* split | drop: documents longer than a sequence */
    int long_media;       /* split | drop: documents with a picture or sound longer than a sequence */
    int64_t block;        /* examples per block */
} sequence_options;
extern const option_table sequence_options_table;
enum { SEQUENCE_SPLIT, SEQUENCE_DROP };

/* What the table cannot say: letters of the name, the templates, weights. ERR_CONFIG. */
int sequence_options_check(const sequence_options *o);

/* What sequences are made from. Everything is borrowed. */
typedef struct sequence_set {
    const sequence_options *options;
    const vocabulary *words;
    text_tokenizer *text; /* for literals of the templates; NULL: only those that index files have */
    char *const *shards;  /* (n_shards) paths of one split, in order */
    size_t n_shards;
    int weighted;         /* the weights hold for this split */
    int64_t audio_window; /* ids of a window of sound, at whose ends long sound is cut; 0: anywhere */
} sequence_set;

enum { SPAN_LITERAL = N_MODALITIES, SEQUENCE_FORMAT_VERSION = 3 };

typedef struct sequence_counts {
    int64_t sequences, documents, tokens; /* tokens without padding; documents with their copies */
    int64_t split_documents;              /* of the documents: those in more than one piece */
    int64_t dropped_documents;            /* too long (sequence.overlong, sequence.long_media) */
    int64_t dropped_tokens;               /* ids and vectors of their streams, without specials */
    int64_t empty_documents;              /* groups without any id in the streams of the templates; in no sequence */
    int64_t repeated_documents;           /* of the documents: second and further copies */
    int64_t left_out_documents;           /* by their weight */
    int64_t ids[N_STREAMS];               /* ids (as stored) or vectors in the sequences */
} sequence_counts;

/* Number of blocks of a split with this many examples; -1: the weights are wrong (ERR_CONFIG). */
int64_t pack_blocks(const sequence_set *set, int64_t n_examples);

/* Pack block `block` into one committed file (fault points "sequence.*"). */
int pack_block(const sequence_set *set, int64_t block, const char *out_path, sequence_counts *counts);

/* Write the joint ids of one index file for direct reading, its sequences in its order, which is a seeded one. Memory
 * is bounded. Fault points "materialise.*". ERR_MISMATCH when length, seed, shards or vocabulary are not those of the
 * index file, ERR_MISSING, ERR_CORRUPT, ERR_SPACE, ERR_IO, ERR_MEMORY.
 *
 *   /input_ids u16 or u32 (as vocabulary.id_bits), /loss_mask u8, /position_ids i32 (from 0 in each document or piece),
 *   /modality u8                       (n_sequences, length); padding: PAD, 0, 0, SEQUENCE_PADDING
 *   /tokens u32                        (n_sequences) without padding
 *   /vectors                           as in the index file
 *   /document_offsets i64              (n_sequences + 1) into
 *   /document_starts i64               first token, within its sequence, of each document or piece */
enum { SEQUENCE_PADDING = 255 };
int pack_materialise(const sequence_set *set, const char *index_path, const char *out_path);

/* Check the index files of a split against its shards: ranges, lengths, literals, vectors, every token of every stream
 * as often as it should be there, or recorded as dropped. Every fault goes to `fault`; ERR_VERIFY if there was any. */
int pack_check(const sequence_set *set, char *const *index_paths, size_t n_index,
               void (*fault)(void *user, const char *text), void *user, sequence_counts *counts);

/* File name of a block: "train-00000-of-00003.h5", in new memory. */
int pack_name(char **out, const char *split, int64_t block, int64_t n_blocks);
