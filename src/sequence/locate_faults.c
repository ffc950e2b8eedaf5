#include "sequence/locate_faults.h"

#include "base/memory.h"
#include "base/status.h"
#include "sequence/document.h"

#include <inttypes.h>
#include <string.h>

enum { MAX_STREAMS = 8, SPANS = 1 << 15 };

/* How often each id of one stream of one shard was seen. */
typedef struct marks {
    size_t shard;
    stream_kind stream;
    int64_t n;
    uint64_t *once, *more; /* a bit per id */
} marks;

static void mark(marks *m, int64_t start, int64_t length)
{
    if (start < 0 || start > m->n || length > m->n - start) return;
    for (int64_t i = start; i < start + length; i++) {
        uint64_t bit = 1ull << (i & 63);
        if (m->once[i >> 6] & bit) m->more[i >> 6] |= bit;
        m->once[i >> 6] |= bit;
    }
}

static int mark_index(marks *m, const char *path)
{
    int rc = OK;
    span_reader *r = NULL;
    span *spans = NULL;
    TRY(MEM_ALLOC(spans, SPANS));
    TRY(span_reader_open(&r, path));
    int64_t n = span_reader_spans(r);
    for (int64_t at = 0; at < n; at += SPANS) {
        int64_t k = n - at < SPANS ? n - at : SPANS;
        TRY(span_reader_read(r, at, k, spans));
        for (int64_t i = 0; i < k; i++)
            if (spans[i].shard == m->shard && spans[i].kind == m->stream) mark(m, spans[i].start, spans[i].length);
    }
done:
    span_reader_close(&r);
    mem_free(&spans);
    return rc;
}

static int mark_span(void *user, const span *s)
{
    marks *m = user;
    if (s->kind == m->stream) mark(m, s->start, s->length);
    return OK;
}

/* Dropped documents count as seen. */
static int mark_dropped(marks *m, const sequence_options *o, shard_reader *r)
{
    int rc = OK;
    document_template t;
    document_extents extents = {0};
    document d;
    TRY(document_template_make(&t, o));
    for (int64_t at = 0; o->overlong == SEQUENCE_DROP && at < shard_reader_examples(r);) {
        TRY(document_scan(&t, r, (uint32_t)m->shard, at, &extents, &d, &at, NULL));
        for (int64_t from = 0; d.length > o->length && from < d.length; from += o->length)
            TRY(document_spans(&extents, &d, from, o->length, mark_span, m));
        extents.n = 0;
    }
done:
    document_extents_free(&extents);
    return rc;
}

static int report_examples(const marks *m, shard_reader *r, const char *path, check_report *report)
{
    int rc = OK;
    char *id = NULL;
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    for (int64_t e = 0; e < shard_reader_examples(r); e++) {
        int64_t missing = 0, doubled = 0;
        for (int64_t i = shard_reader_offset(r, m->stream, e); i < shard_reader_offset(r, m->stream, e + 1); i++) {
            missing += !(m->once[i >> 6] >> (i & 63) & 1);
            doubled += (int)(m->more[i >> 6] >> (i & 63) & 1);
        }
        if (!missing && !doubled) continue;
        TRY(shard_reader_text(r, EXAMPLE_ID, e, &id));
        check_report_add(report,
                         "%s: example \"%.200s\": %" PRId64 " %s ids are in no sequence, %" PRId64 " in more than one",
                         name, id, missing, stream_name(m->stream), doubled);
        mem_free(&id);
    }
done:
    return rc;
}

static int locate(const sequence_options *o, split_shards *shards, marks *m, char *const *index_paths, size_t n_index,
                  check_report *report)
{
    int rc = OK;
    shard_reader *r;
    size_t words = (size_t)m->n / 64 + 1;
    TRY(MEM_ALLOC(m->once, words));
    TRY(MEM_ALLOC(m->more, words));
    for (size_t i = 0; i < n_index; i++) {
        int file = mark_index(m, index_paths[i]);
        if (file != OK && file != ERR_CORRUPT && file != ERR_MISSING) TRY(file);
    }
    TRY(split_shards_open(shards, m->shard, &r));
    TRY(mark_dropped(m, o, r));
    TRY(report_examples(m, r, shards->paths[m->shard], report));
done:
    mem_free(&m->once);
    mem_free(&m->more);
    return rc;
}

int locate_faults(const sequence_options *o, split_shards *shards, const coverage *covered, char *const *index_paths,
                  size_t n_index, check_report *report)
{
    int rc = OK;
    int64_t n = 0;
    for (size_t i = 0; i < shards->n; i++)
        for (stream_kind s = 0; s < N_STREAMS; s++) {
            if (coverage_is_whole(covered, i, s)) continue;
            check_report_add(report, "%s: the %s ids are not in the sequences exactly once", shards->paths[i],
                             stream_name(s));
            marks m = {.shard = i, .stream = s, .n = covered->n_ids[i * N_STREAMS + s]};
            if (n++ < MAX_STREAMS) TRY(locate(o, shards, &m, index_paths, n_index, report));
            check_report_part(report, shards->paths[i]);
        }
done:
    return rc;
}
