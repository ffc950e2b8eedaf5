/* Captions: texts that come from files. Local. */
#pragma once

#include "corpus/row.h"

enum { CAPTION_MAX_BYTES = 16 << 20 };

/* Make n bytes the text of the row, without a byte order mark and blanks at the end. `name` is that of the file, for
 * messages. ERR_INVALID: not UTF-8, a zero byte, or no text in a row without media. */
int caption_take(corpus_row *row, text_view name, const char *text, size_t n);
