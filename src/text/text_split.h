/* The steps that cut a text into the pieces that byte-pair encoding gets, as the pre-tokenizers of tokenizer.json do.
 * A zeroed struct has no step and is safe to free. All Local. */
#pragma once

#include "text/split_pattern.h"
#include "text/split_rule.h"

typedef enum split_step_kind {
    STEP_RULE,    /* one of the known patterns; its matches cover any text */
    STEP_PATTERN, /* any pattern */
    STEP_DIGITS,  /* single digits, or runs of them, apart */
    STEP_SPACE,   /* a space before a text that has none */
    STEP_METASPACE
} split_step_kind;

typedef enum split_prefix { PREFIX_NEVER, PREFIX_FIRST, PREFIX_ALWAYS } split_prefix;

typedef struct split_step {
    split_step_kind kind;
    split_rule rule;
    split_pattern *pattern;
    int keep_matches, keep_gaps; /* STEP_PATTERN: what becomes pieces */
    int single;                  /* STEP_DIGITS: each digit a piece */
    char mark[8];                /* STEP_METASPACE: what stands for a space */
    split_prefix prefix;         /* a mark before a text that has none */
    int cut;                     /* a piece begins at each mark */
    char *text;                  /* of steps that change it */
    size_t capacity;
} split_step;

enum { SPLIT_STEPS = 8 };
typedef struct text_split {
    split_step steps[SPLIT_STEPS];
    int n;
} text_split;

/* A step at the end, zeroed. ERR_CONFIG with too many. */
int text_split_add(text_split *s, split_step **out);

typedef struct split_sink {
    int (*take)(void *user, const char *piece, size_t n); /* a status */
    void *user;
} split_sink;

/* Hand over the pieces of n bytes of valid UTF-8, in order. `is_first`: it is the beginning of the whole text.
 * ERR_LIMIT, ERR_MEMORY, and what the sink returns. */
int text_split_run(text_split *s, const char *text, size_t n, int is_first, const split_sink *sink);

void text_split_free(text_split *s);
