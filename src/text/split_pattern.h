/* Pieces of a text by any regular expression (PCRE2, UTF-8, its own Unicode classes), with limits, so that no text can
 * make it run for ever. create/free pair. All Local. */
#pragma once

#include <stddef.h>

typedef struct split_pattern split_pattern;

/* ERR_CONFIG when the pattern is not valid, with the place; ERR_MEMORY. */
int split_pattern_create(split_pattern **out, const char *pattern);
void split_pattern_free(split_pattern **p);

/* The first match of at least one byte at or after `at` in n bytes of valid UTF-8; *end = 0 when there is none.
 * ERR_LIMIT when it takes too long. */
int split_pattern_find(const split_pattern *p, const char *text, size_t n, size_t at, size_t *start, size_t *end);
