/* The characters that stand for bytes in the vocabularies of byte-level tokenizers. All Local. */
#pragma once

#include <stddef.h>

/* Bytes that n bytes of UTF-8 stand for; `out` has room for n. 0: a character is none of the alphabet. */
int byte_alphabet_read(const char *text, size_t n, char *out, size_t *n_out);
