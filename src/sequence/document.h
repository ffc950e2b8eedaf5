/* Documents and the template that makes them token lists. A document is a group of examples of one shard:
 *
 *   BOS  row  SEP row ...  EOS        row: its streams in the order of the layout
 *   image: BOI ids EOI (with image_newline a token after each row of the grid), audio: BOA ids EOA,
 *   sensor: BOSN ids EOSN, text: ids
 *
 * A stream that has no ids in a row leaves nothing, a row without any token leaves no SEP, and a document without any
 * ids is empty: length 0, not even BOS. Local. */
#pragma once

#include "sequence/pack.h"
#include "sequence/span_file.h"

/* sequence.layout and image_newline, looked up. */
typedef struct document_template {
    stream_kind order[N_STREAMS];
    int n_order, image_newline;
    int uses[N_STREAMS];
} document_template;
int document_template_make(document_template *t, const sequence_options *o); /* ERR_CONFIG */

/* One stream of one row: tokens [SEP] [begin] ids [end]. */
typedef struct document_extent {
    int64_t at;            /* first token within the document */
    int64_t start, length; /* ids in the shard's stream */
    int32_t columns;       /* > 0: a newline token after this many ids */
    uint8_t stream, sep;   /* sep: a separator comes first */
} document_extent;

/* Extents of many documents, in chunks so that growing copies nothing. A zeroed list is empty. */
typedef struct document_extents {
    document_extent **chunks;
    size_t n_chunks, chunks_capacity;
    int64_t n;
} document_extents;
void document_extents_free(document_extents *l);

typedef struct document {
    int64_t first_extent; /* in the list */
    int64_t length;       /* tokens; 0: empty, or no document */
    uint32_t n_extents, shard;
} document;

/* Read the layout of the document that starts at example `first` and append its extents to the list.
 *   next   out: the example after the document
 *   ids    NULL, or counters of ids per stream that grow by the document's
 * ERR_CORRUPT, ERR_LIMIT, ERR_MEMORY. */
int document_scan(const document_template *t, shard_reader *r, uint32_t shard, int64_t first, document_extents *l,
                  document *d, int64_t *next, int64_t ids[N_STREAMS]);

/* Whether a document starts at example i: it starts a group, or is the first of its shard. */
int document_starts(const shard_reader *r, int64_t i);

/* Hand tokens from .. from + n - 1 of the document to `sink` as spans, the first with `begins`. Forwards what `sink`
 * returns. */
typedef int (*document_sink)(void *user, const span *s);
int document_spans(const document_extents *l, const document *d, int64_t from, int64_t n, document_sink sink,
                   void *user);
