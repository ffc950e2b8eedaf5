#include "text/byte_alphabet.h"

#include "text/unicode_class.h"

/* The byte of a character: the printable ones of Latin-1 stand for themselves, U+0100 on for the other 68 in order. */
static int byte_of(uint32_t code)
{
    if ((code >= 0x21 && code <= 0x7E) || (code >= 0xA1 && code <= 0xAC) || (code >= 0xAE && code <= 0xFF))
        return (int)code;
    if (code < 0x100 || code > 0x143) return -1;
    code -= 0x100;
    if (code <= 0x20) return (int)code;
    return code == 67 ? 0xAD : (int)code - 33 + 0x7F;
}

int byte_alphabet_read(const char *text, size_t n, char *out, size_t *n_out)
{
    *n_out = 0;
    for (size_t at = 0, step; at < n; at += step) {
        int byte = byte_of(utf8_code(text + at, &step));
        if (byte < 0) return 0;
        out[(*n_out)++] = (char)byte;
    }
    return 1;
}
