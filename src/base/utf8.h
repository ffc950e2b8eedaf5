/* UTF-8 from outside (RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF). All Local. */
#pragma once

#include <stddef.h>

/* Bytes of the valid sequence at the beginning of n > 0 bytes, 1 to 4; 0 if there is none. */
size_t utf8_step(const char *bytes, size_t n);

/* Bytes at the start of the text that are valid UTF-8: n if all are. */
size_t utf8_valid_prefix(const char *bytes, size_t n);

/* Copy of a text in which each byte that is not part of valid UTF-8 is written %XX. Caller: mem_free. ERR_MEMORY. */
int utf8_escape(const char *bytes, size_t n, char **out);

/* Copy of a text in which what is not valid UTF-8 is U+FFFD: one for each byte that begins no sequence, and one for the
 * beginning of a sequence that is cut off (as the Unicode standard recommends, and Python and Rust do). Caller:
 * mem_free. ERR_MEMORY. */
int utf8_replace(const char *bytes, size_t n, char **out, size_t *n_out);

/* The same with a text that the caller owns (mem_alloc), unless it is valid: *bytes and *n are then the copy's.
 * ERR_MEMORY. */
int utf8_mend(char **bytes, size_t *n);

/* Make a text fit for one line of a log, in place: bytes outside UTF-8 and control characters become '?'. */
void utf8_clean(char *bytes, size_t n);
