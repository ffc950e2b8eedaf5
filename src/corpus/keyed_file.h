/* Files of Kaldi: a key, white space, a value in each line, sorted by the bytes of the keys (LC_ALL=C sort). Read from
 * front to back, joined with another such file, or searched; nothing is held per line. Local. */
#pragma once

#include "corpus/line_reader.h"

typedef struct keyed_line {
    text_view text;       /* the whole line */
    text_view key, value; /* without the white space around them; the value may be empty */
    int64_t number;
    line_state state; /* LINE_TOO_LONG: no key and no value */
} keyed_line;

/* White space at both ends goes; the first word of `text` is taken off it. */
text_view text_trim(text_view text);
text_view text_take_word(text_view *text);

/* A file of a folder; its bytes are given as they are, UTF-8 or not: keys are compared by them. *out is NULL when there
 * is none. Caller: keyed_file_close. ERR_CONFIG: it cannot be opened. */
typedef struct keyed_file keyed_file;
int keyed_file_open(keyed_file **out, const char *path);
void keyed_file_close(keyed_file **f);
const char *keyed_file_path(const keyed_file *f);
byte_source keyed_file_source(const keyed_file *f); /* its bytes, while it is open */

/* The next line that is not blank; the views live until the next call. */
int keyed_file_next(keyed_file *f, keyed_line *line);

/* The value of a key, where the keys asked for never go down; *found = 0 when there is none. Lines with keys that
 * nobody asks for are passed over and counted (keyed_file_unused). ERR_CONFIG: the file is not sorted, has a key twice,
 * or a line that is too long. */
int keyed_file_join(keyed_file *f, text_view key, text_view *value, int *found);

/* Read the rest without looking; the lines that no key asked for. */
int keyed_file_unused(keyed_file *f, int64_t *n);

/* Check that the whole file is sorted, without a key twice, a blank line, or a line above 16 KiB, and is not
 * compressed; then keyed_file_search finds the value of any key. */
int keyed_file_check(keyed_file *f);
int keyed_file_search(keyed_file *f, text_view key, text_view *value, int *found);

/* <0, 0, >0 by bytes. */
int text_compare(text_view a, text_view b);
