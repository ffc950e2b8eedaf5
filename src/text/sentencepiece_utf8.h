/* Steps over UTF-8. Local. */
#pragma once

#include <stddef.h>

/* Bytes of the character at p by its first byte alone, at most n (n > 0). */
static inline size_t spm_char_bytes(const char *p, size_t n)
{
    static const unsigned char by_lead[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4};
    size_t step = by_lead[(unsigned char)*p >> 4];
    return step < n ? step : n;
}
