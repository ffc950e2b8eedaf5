/* The lines of a fairseq TSV: a folder, then PATH<TAB>FRAMES in each. Local. */
#pragma once

#include "corpus/row.h"

/* The first two lines of a text of which n bytes are given, without their ends and a byte order mark. 0 when the first
 * has no end or has a tab; `second` may be cut or empty. */
int fairseq_first_lines(const char *head, size_t n, text_view *first, text_view *second);

/* Cut a line in two. *frames is -1 when there is no tab or what follows is no whole number. */
void fairseq_cut(text_view line, text_view *path, int64_t *frames);
