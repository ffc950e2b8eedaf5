#include "export/document_lengths.h"

#include "base/memory.h"
#include "base/status.h"
#include "sequence/span_file.h"

enum { SPANS = 1 << 16 }; /* at a time */

static int walk_file(const char *path, span *spans, int (*each)(void *user, int64_t tokens), void *user)
{
    int rc = OK;
    span_reader *r = NULL;
    int64_t tokens = 0;
    TRY(span_reader_open(&r, path));
    for (int64_t at = 0, n = span_reader_spans(r); at < n; at += SPANS) {
        int64_t k = n - at < SPANS ? n - at : SPANS;
        TRY(span_reader_read(r, at, k, spans));
        for (int64_t i = 0; i < k; i++) {
            if (spans[i].begins && tokens) TRY(each(user, tokens));
            tokens = (spans[i].begins ? 0 : tokens) + spans[i].length;
        }
    }
    if (tokens) TRY(each(user, tokens));
done:
    span_reader_close(&r);
    return rc;
}

int document_lengths(const export_split *s, int (*each)(void *user, int64_t tokens), void *user)
{
    int rc = OK;
    span *spans = NULL;
    TRY(MEM_ALLOC(spans, SPANS));
    for (size_t i = 0; i < s->n_index; i++) TRY(walk_file(s->index_paths[i], spans, each, user));
done:
    mem_free(&spans);
    return rc;
}
