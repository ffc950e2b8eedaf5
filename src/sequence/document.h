/* Documents: groups of examples of one shard, laid out by the templates. What is kept of a document is where its ids
 * are; its tokens are worked out again whenever they are asked for.
 *
 * A row none of whose streams has anything leaves nothing, not even a literal or a separator, and a document without
 * any row is empty: length 0. Local. */
#pragma once

#include "sequence/literal_table.h"
#include "sequence/sequence_template.h"
#include "sequence/span_file.h"
#include "sequence/vector_span.h"
#include "sequence/word_list.h"

/* Rows and fixed parts of many documents. `rows`: per row two words, the first token within the document with number
 * and flags of its program, and where its words begin; `words`: first id and number of ids of each stream that is
 * there, and numbers of literals, in the order of the program. */
typedef struct document_set {
    const sequence_template *t;
    literal_table *literals;
    word_list rows, words;
} document_set;
void document_set_free(document_set *s); /* the lists */
void document_set_clear(document_set *s);

typedef struct document {
    int64_t first_row; /* in the list */
    int64_t length;    /* tokens; 0: empty, or no document */
    uint32_t n_rows, shard;
    int long_media; /* a picture or sound is longer than a sequence */
} document;

/* Read copy number `copy` of the document that starts at example `first` and append its rows to the set.
 *   next   out: the example after the document
 *   ids    NULL, or counters of ids (as stored) or vectors per stream that grow by the document's
 * The reader must have texts where the template needs them. ERR_CORRUPT, ERR_LIMIT, ERR_MISMATCH (vectors that the
 * shard does not have), ERR_MEMORY. */
int document_scan(document_set *s, shard_reader *r, uint32_t shard, int64_t first, int64_t copy, document *d,
                  int64_t *next, int64_t ids[N_STREAMS]);

/* Whether a document starts at example i: it starts a group, or is the first of its shard. */
int document_starts(const shard_reader *r, int64_t i);

/* Whether the settings leave this document out. */
int document_is_dropped(const sequence_template *t, const document *d);

/* Where the piece that starts at token `from` ends: after at most `length` tokens, not within a picture or sound unless
 * that is longer. */
int64_t document_cut(const document_set *s, const document *d, int64_t from, int64_t length);

/* Hand tokens from .. from + n - 1 of the document to `sink` as spans, the first with `begins`, and the vectors with
 * those tokens that stand for them (else NULL; `at` and `end` of it are not set). Forwards what `sink` returns. Reduced
 * streams can be parted only where document_cut does it (else ERR_INTERNAL). */
typedef int (*document_sink)(void *user, const span *s, const vector_span *v);
int document_spans(const document_set *s, const document *d, int64_t from, int64_t n, document_sink sink, void *user);
