/* Tokens that are found in a text as they stand, before it is cut: leftmost, then longest. A zeroed struct is empty and
 * safe to free. All Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct added_token {
    uint32_t id;
    char *content; /* what is looked for: with `normalized` its normal form */
    size_t n;
    int single_word;    /* not beside a word character */
    int lstrip, rstrip; /* takes the white space on its left, right */
    int special;
} added_token;

typedef struct added_tokens {
    added_token *tokens; /* in the order of their bytes after added_tokens_sort */
    size_t n, capacity;
    uint8_t starts[256]; /* whether one starts with this byte */
} added_tokens;

/* Copy a token, with its content; one whose content is empty or there already is left out. ERR_MEMORY. */
int added_tokens_add(added_tokens *a, const added_token *token);

/* Call when all are there. */
void added_tokens_sort(added_tokens *a);

typedef struct added_scan {
    size_t from; /* the text up to here is done */
    size_t at;   /* where the search goes on */
} added_scan;

/* The next token from scan->at on in n bytes of valid UTF-8; without `specials` those that are special are text.
 * *start, *end: with the white space that it takes. scan->from stays, for the caller to take the gap; then it is *end.
 * NULL: no more. */
const added_token *added_tokens_next(const added_tokens *a, const char *text, size_t n, int specials, added_scan *scan,
                                     size_t *start, size_t *end);

void added_tokens_free(added_tokens *a);
