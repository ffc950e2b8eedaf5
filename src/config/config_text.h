/* Layout of keys as nested YAML, and of comments. All Local. */
#pragma once

#include <stddef.h>
#include <stdio.h>

enum { CONFIG_WIDTH = 100 };

/* Write the headings of the maps that `key` lies in and `previous` (NULL: none) does not; returns the depth of key's
 * line. */
size_t config_text_headings(FILE *out, const char *previous, const char *key);

/* Last component of a key. */
const char *config_text_name(const char *key);

/* Write `text` broken at spaces into lines of at most CONFIG_WIDTH columns that all start with n spaces and `mark`. */
void config_text_wrap(FILE *out, size_t n, const char *mark, const char *text);
