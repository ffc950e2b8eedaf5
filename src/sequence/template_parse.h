/* The grammar of sequence templates: a text that says what a row, or a whole document, becomes.
 *
 *   plain text          a literal, tokenised as text; {{ and << stand for { and <
 *   <name>              a special token: one of the vocabulary's (bos, eos, sep, boi ...) or of sequence.specials
 *   {text} {image} {audio} {sensor}
 *                       the ids of the row's stream; all but text stand between their begin and end specials.
 *                       Nothing where the row lacks it. After a colon, joined by commas:
 *                         bare      without begin and end
 *                         newline   of pictures: <image_newline> after each row of the grid
 *                         between   of pictures: <image_newline> between two rows of the grid
 *                         vectors   one <vector> for each vector that is kept, in place of ids
 *                         cross     one <image> (<audio>, <sensor>): the vectors are a stream of their own
 *   {lang} {text_lang} {role} {source} {grid}
 *                       what the example says, as part of the literal around it; grid: "16*16" of a picture
 *   {?audio}...{/}      only for rows that have the stream
 *   {-} {+}             from here on no loss; loss again
 *   {rows} {rows:ROLE}  of documents: the rows in their order, or those with this role
 *
 * Local. */
#pragma once

#include "shards/example.h"
#include "tokens/vocabulary.h"

typedef enum template_op_kind {
    TEMPLATE_SPECIAL, /* token `number` of the special range */
    TEMPLATE_LITERAL, /* `parts` */
    TEMPLATE_STREAM,  /* `stream` in `form` */
    TEMPLATE_IF,      /* without `stream` go on at op `number` */
    TEMPLATE_LOSS,    /* `number`: 1 on, 0 off */
    TEMPLATE_ROWS     /* with the role of `parts`, or all (NULL) */
} template_op_kind;

typedef enum stream_form { FORM_IDS, FORM_VECTORS, FORM_CROSS } stream_form;

/* Where <image_newline> stands in a picture: nowhere, after each row of the grid, between two rows. */
typedef enum stream_newline { NEWLINE_NONE, NEWLINE_AFTER, NEWLINE_BETWEEN } stream_newline;

/* A piece of a literal: text, or a field of the example. */
enum {
    FIELD_NONE,
    FIELD_OF_LANG,
    FIELD_OF_TEXT_LANG,
    FIELD_OF_ROLE,
    FIELD_OF_SOURCE,
    FIELD_OF_GRID,
    N_TEMPLATE_FIELDS
};
typedef struct template_part {
    int field;
    char *text; /* owned; NULL for a field */
} template_part;

typedef struct template_op {
    template_op_kind kind;
    int64_t number;
    stream_kind stream;
    stream_form form;
    stream_newline newline;
    int bare;
    template_part *parts;
    size_t n_parts;
} template_op;

typedef struct template_program {
    template_op *ops;
    size_t n;
} template_program;

/* `key` stands for the text in messages ("sequence.row"). `specials`: names from SPECIAL_CUSTOM on. ERR_CONFIG says
 * what is wrong and where. Caller: template_program_free (safe on a zeroed one). */
int template_parse(const char *key, const char *text, char *const *specials, size_t n_specials, template_program *out);
void template_program_free(template_program *p);
