/* The templates of a set of sequences, parsed and checked together: what documents are made of. Local. */
#pragma once

#include "sequence/pack.h"
#include "sequence/template_parse.h"

/* A role's own template of a row. */
typedef struct role_template {
    char *role;
    size_t program;
} role_template;

/* One way to lay out a document: programs in order, where a place for rows stands between them. */
typedef struct document_part {
    int is_rows;
    int no_loss;      /* of rows */
    const char *role; /* of rows: only these; NULL: all. Borrowed from the program */
    size_t program;   /* of fixed parts */
} document_part;

typedef struct document_form {
    document_part *parts;
    size_t n;
} document_form;

typedef struct sequence_template {
    template_program *programs; /* all; numbers below are into it */
    size_t n_programs, capacity;
    document_form *forms;
    size_t n_forms;
    size_t *rows; /* (n_rows) the alternatives of a row without a template of its own */
    size_t n_rows;
    role_template *roles;
    size_t n_roles;
    size_t separator;
    stream_form form[N_STREAMS]; /* of the streams in use */
    int uses[N_STREAMS], reduces[N_STREAMS];
    int needs_texts;      /* of the examples: roles or fields */
    int64_t audio_window; /* ids of a window of sound; 0: not known */
    int64_t length;
    int overlong, long_media;
    uint64_t seed;
} sequence_template;

/* ERR_CONFIG names the key. Caller: sequence_template_free (safe on a zeroed one). */
int sequence_template_make(sequence_template *t, const sequence_set *set);
void sequence_template_free(sequence_template *t);

/* Specials around a stream's ids; 0: text, which has none. */
int stream_marks(stream_kind s, special_id *begin, special_id *end);
