#include "corpus/line_reader.h"

#include "base/memory.h"
#include "base/status.h"
#include "base/utf8.h"

#include <string.h>

enum { BLOCK = 1 << 18 };

struct line_reader {
    text_stream *text;
    char *bytes;
    size_t capacity, start, end; /* what is read but not given out: start..end */
    int64_t number;
    int at_end, replace;
    char *replaced; /* the last line that was not UTF-8 */
};

int line_reader_open(line_reader **out, const byte_source *source, const char *path, int replace)
{
    int rc = OK;
    line_reader *r = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(r, 1));
    TRY(text_stream_open(&r->text, source, path));
    r->replace = replace;
    *out = r;
    r = NULL;
done:
    line_reader_close(&r);
    return rc;
}

void line_reader_close(line_reader **r)
{
    if (!*r) return;
    text_stream_close(&(*r)->text);
    mem_free(&(*r)->bytes);
    mem_free(&(*r)->replaced);
    mem_free(r);
}

/* Read one more block behind what is there. */
static int fill(line_reader *r)
{
    int rc = OK;
    size_t got = 0;
    if (r->start) {
        memmove(r->bytes, r->bytes + r->start, r->end - r->start);
        r->end -= r->start;
        r->start = 0;
    }
    TRY(MEM_GROW(r->bytes, &r->capacity, r->end + BLOCK));
    TRY(text_stream_read(r->text, r->bytes + r->end, BLOCK, &got));
    r->end += got;
    r->at_end = got == 0;
done:
    return rc;
}

static int replace(line_reader *r, text_view *line)
{
    int rc = OK;
    if (!r->replace || utf8_valid_prefix(line->bytes, line->n) == line->n) return OK;
    mem_free(&r->replaced);
    TRY(utf8_replace(line->bytes, line->n, &r->replaced, &line->n));
    line->bytes = r->replaced;
done:
    return rc;
}

int line_reader_next(line_reader *r, text_view *line, int64_t *number, line_state *state)
{
    int rc = OK, too_long = 0;
    size_t searched = 0, n;
    const char *newline = NULL;
    *line = (text_view){"", 0};
    *state = LINE_END;
    for (;;) {
        size_t left = r->end - r->start;
        if (left > searched) newline = memchr(r->bytes + r->start + searched, '\n', left - searched);
        if (newline || r->at_end) break;
        searched = left;
        if (searched > LINE_MAX_BYTES) {
            too_long = 1;
            r->start = r->end = searched = 0;
        }
        TRY(fill(r));
    }
    n = newline ? (size_t)(newline - (r->bytes + r->start)) : r->end - r->start;
    if (!newline && !n && !too_long) goto done;
    *number = ++r->number;
    *state = too_long || n > LINE_MAX_BYTES ? LINE_TOO_LONG : LINE_OK;
    if (*state == LINE_OK) *line = (text_view){n ? r->bytes + r->start : "", n};
    r->start += n + (newline != NULL);
    if (r->number == 1 && line->n >= 3 && !memcmp(line->bytes, "\xEF\xBB\xBF", 3)) {
        line->bytes += 3;
        line->n -= 3;
    }
    if (line->n && line->bytes[line->n - 1] == '\r') line->n--;
    TRY(replace(r, line));
done:
    return rc;
}
