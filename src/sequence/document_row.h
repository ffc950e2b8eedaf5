/* The row of a document, for the files that scan, cut and write documents. Local. */
#pragma once

#include "sequence/document.h"

/* A row or fixed part, unpacked. */
typedef struct document_row {
    int64_t at;   /* first token within the document */
    int64_t word; /* of its first word */
    const template_program *program;
    int sep, no_loss;
} document_row;

enum { ROW_WORDS = 2, ROW_FLAG_BITS = 2, ROW_PROGRAM_BITS = 18 };

void document_row_read(const document_set *s, int64_t row, document_row *out);

/* One part of a row as tokens: what an op gives. */
typedef struct row_part {
    const template_op *op;
    int64_t at;       /* of its first token within the document */
    int64_t length;   /* tokens */
    int64_t start, n; /* ids or vectors of a stream; first id and ids of a literal */
    int32_t columns;  /* > 0: a newline token after this many ids or vectors, as op->newline says */
    int loss;
} row_part;

/* Go through the parts of a row, the separator's first: walk starts zeroed but for set and row. Returns 0 at the end.
 */
typedef struct row_walk {
    const document_set *set;
    const document_row *row;
    size_t op;
    int64_t word, at;
    int in_row, loss; /* in_row: the separator is through */
} row_walk;
row_walk row_walk_start(const document_set *s, const document_row *r);
int row_walk_next(row_walk *w, row_part *part);

/* Tokens that `n` ids or vectors of a stream take with what stands around them. */
int64_t stream_tokens(const template_op *op, int64_t n, int32_t columns);
