#include "text/sentencepiece_utf8.h"

#include <utf8proc.h>

size_t spm_valid_char(const char *p, size_t n)
{
    utf8proc_int32_t code;
    if ((unsigned char)*p < 0x80) return 1;
    utf8proc_ssize_t step = utf8proc_iterate((const utf8proc_uint8_t *)p, n < 4 ? (utf8proc_ssize_t)n : 4, &code);
    return step < 1 ? 0 : (size_t)step;
}
