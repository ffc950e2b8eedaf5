/* The text in a file from front to back: its bytes, or what they hold where they begin like gzip (RFC 1952; any number
 * of members). Local. */
#pragma once

#include "base/source.h"

/* `source` is copied; what it refers to and `path`, which is for messages, must outlive the stream. Caller:
 * text_stream_close. ERR_ENVIRONMENT, ERR_MEMORY. */
typedef struct text_stream text_stream;
int text_stream_open(text_stream **out, const byte_source *source, const char *path);
void text_stream_close(text_stream **s);

/* The next up to n bytes; *got < n only at the end. ERR_CONFIG: gzip data that are damaged or cut, or something behind
 * them: rows must not be missed. ERR_ENVIRONMENT. */
int text_stream_read(text_stream *s, void *out, size_t n, size_t *got);

/* The first up to `size` bytes of the text. Errors as above. */
int text_head(const byte_source *source, const char *path, char *head, size_t size, size_t *n);

/* Whether the source begins like gzip. ERR_ENVIRONMENT. */
int text_is_gzip(const byte_source *source, int *is);
