#include "corpus/caption.h"

#include "base/status.h"
#include "base/utf8.h"

#include <string.h>

int caption_take(corpus_row *row, text_view name, const char *text, size_t n)
{
    int rc = OK;
    size_t good = utf8_valid_prefix(text, n);
    if (good < n) FAIL(ERR_INVALID, "%.*s: not UTF-8 (byte %zu)", (int)name.n, name.bytes, good + 1);
    if (memchr(text, 0, n)) FAIL(ERR_INVALID, "%.*s: has a zero byte", (int)name.n, name.bytes);
    if (n >= 3 && !memcmp(text, "\xEF\xBB\xBF", 3)) {
        text += 3;
        n -= 3;
    }
    while (n && strchr(" \t\r\n\v\f", text[n - 1])) n--;
    row->field[FIELD_TEXT] = (text_view){text, n};
    if (!n && !corpus_row_has(row, MEDIA_AUDIO) && !corpus_row_has(row, MEDIA_IMAGE) &&
        !corpus_row_has(row, MEDIA_SENSOR))
        FAIL(ERR_INVALID, "%.*s: no text in it", (int)name.n, name.bytes);
done:
    return rc;
}
