/* From ids back to text. Local. */
#pragma once

#include "export/batch_examples.h"
#include "export/export.h"

typedef struct text_buffer {
    char *bytes; /* (n) and a zero byte */
    size_t n, capacity;
} text_buffer;
int text_buffer_add(text_buffer *b, const char *bytes, size_t n); /* ERR_MEMORY */
void text_buffer_free(text_buffer *b);

/* Whether the ids of this tokenizer can be decoded; else texts come whole from the examples or the templates. */
int text_decodes(const sequence_set *set);

/* The exact bytes of a span of text, or of a template's text; `ids` are its joint ids, `example` its reference (NULL of
 * a template). A text that is cut by the end of a sequence may be cut within a character. ERR_UNSUPPORTED: the ids
 * cannot be decoded, and the span is not a whole text. ERR_MEMORY. */
int text_of_span(const sequence_batch *b, const span *s, const uint32_t *ids, const batch_examples *x,
                 const example_reference *example, text_buffer *out);

/* Bytes at both ends of a text that belong to characters which are cut: valid UTF-8 remains between them. */
void text_cut_ends(const char *bytes, size_t n, size_t *before, size_t *behind);

/* The name of a token that is no text: "<boi>"; of ids of a stream as o->token says. ERR_MEMORY. */
int text_of_token(const sequence_set *set, const export_options *o, uint32_t id, text_buffer *out);

/* A pattern for o->token: one %d, and no other %. ERR_USAGE, which names the option. */
int token_pattern_check(const char *option, const char *pattern);
