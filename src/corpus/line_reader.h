/* Lines of a text of any size, one after the other, in bounded memory. Local. */
#pragma once

#include "corpus/row.h"
#include "corpus/text_stream.h"

enum { LINE_MAX_BYTES = 64 << 20 };

typedef enum line_state {
    LINE_END, /* no more lines */
    LINE_OK,
    LINE_TOO_LONG, /* more than LINE_MAX_BYTES: passed over */
} line_state;

/* As text_stream_open: gzip is read too. `replace`: what is not UTF-8 in a line is given as U+FFFD (base/utf8.h).
 * Caller: line_reader_close. */
typedef struct line_reader line_reader;
int line_reader_open(line_reader **out, const byte_source *source, const char *path, int replace);
void line_reader_close(line_reader **r);

/* The next line without its end (LF or CR LF) and, in the first one, without a byte order mark. The view lives until
 * the next call; `number` counts from 1. ERR_CONFIG as text_stream_read; ERR_ENVIRONMENT, ERR_MEMORY. */
int line_reader_next(line_reader *r, text_view *line, int64_t *number, line_state *state);
