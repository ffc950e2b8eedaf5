#include "corpus/fairseq_lines.h"

#include <string.h>

enum { MAX_DIGITS = 15 }; /* years of samples, and exact as a double */

static text_view take_line(text_view *text)
{
    const char *end = text->n ? memchr(text->bytes, '\n', text->n) : NULL;
    text_view line = {text->bytes, end ? (size_t)(end - text->bytes) : text->n};
    size_t used = line.n + (end != NULL);
    *text = (text_view){text->bytes + used, text->n - used};
    if (line.n && line.bytes[line.n - 1] == '\r') line.n--;
    return line;
}

int fairseq_first_lines(const char *head, size_t n, text_view *first, text_view *second)
{
    text_view text = {head, n};
    *first = *second = (text_view){"", 0};
    if (n >= 3 && !memcmp(head, "\xEF\xBB\xBF", 3)) text = (text_view){head + 3, n - 3};
    if (!text.n || !memchr(text.bytes, '\n', text.n)) return 0;
    *first = take_line(&text);
    *second = take_line(&text);
    return first->n > 0 && !memchr(first->bytes, '\t', first->n) && !memchr(first->bytes, 0, first->n);
}

void fairseq_cut(text_view line, text_view *path, int64_t *frames)
{
    const char *tab = line.n ? memchr(line.bytes, '\t', line.n) : NULL;
    *path = (text_view){line.bytes, tab ? (size_t)(tab - line.bytes) : line.n};
    *frames = -1;
    size_t n = tab ? line.n - path->n - 1 : 0;
    int64_t value = 0;
    if (!n || n > MAX_DIGITS) return;
    for (size_t i = 0; i < n; i++) {
        if (tab[1 + i] < '0' || tab[1 + i] > '9') return;
        value = value * 10 + (tab[1 + i] - '0');
    }
    *frames = value;
}
