/* Checks of texts that come from outside. All Local. */
#pragma once

#include <stddef.h>

/* Bytes at the start of the text that are valid UTF-8 (RFC 3629: no overlong forms, no surrogates): n if all are. */
size_t utf8_valid_prefix(const char *bytes, size_t n);

/* Copy of a text in which each byte that is not part of valid UTF-8 is written %XX. Caller: mem_free. ERR_MEMORY. */
int utf8_escape(const char *bytes, size_t n, char **out);

/* Make a text fit for one line of a log, in place: bytes outside UTF-8 and control characters become '?'. */
void utf8_clean(char *bytes, size_t n);
