#include "sequence/locate_faults.h"

#include "base/memory.h"
#include "base/status.h"

#include <inttypes.h>
#include <string.h>

enum { MAX_STREAMS = 8, SPANS = 1 << 15 };

/* How often each id of a stream was seen. */
typedef struct bits {
    uint64_t *once, *more; /* a bit per id */
} bits;

/* One stream of one shard. */
typedef struct marks {
    size_t shard;
    stream_kind stream;
    int vectors; /* of them, not of ids */
    int64_t n;
    bits found, wanted;
} marks;

static void mark(bits *b, int64_t n, int64_t start, int64_t length)
{
    if (start < 0 || start > n || length > n - start) return;
    for (int64_t i = start; i < start + length; i++) {
        uint64_t bit = 1ull << (i & 63);
        if (b->once[i >> 6] & bit) b->more[i >> 6] |= bit;
        b->once[i >> 6] |= bit;
    }
}

static int times(const bits *b, int64_t i)
{
    return (int)(b->once[i >> 6] >> (i & 63) & 1) + (int)(b->more[i >> 6] >> (i & 63) & 1);
}

static int mark_spans(marks *m, span_reader *r)
{
    int rc = OK;
    span *spans = NULL;
    int64_t n = span_reader_spans(r);
    TRY(MEM_ALLOC(spans, SPANS));
    for (int64_t at = 0; at < n; at += SPANS) {
        int64_t k = n - at < SPANS ? n - at : SPANS;
        TRY(span_reader_read(r, at, k, spans));
        for (int64_t i = 0; i < k; i++)
            if (spans[i].shard == m->shard && spans[i].kind == m->stream)
                mark(&m->found, m->n, spans[i].start, spans[i].ids);
    }
done:
    mem_free(&spans);
    return rc;
}

static int mark_vectors(marks *m, span_reader *r)
{
    int rc = OK;
    vector_span *vectors = NULL;
    int64_t n = span_reader_vectors(r);
    TRY(MEM_ALLOC(vectors, SPANS));
    for (int64_t at = 0; at < n; at += SPANS) {
        int64_t k = n - at < SPANS ? n - at : SPANS;
        TRY(span_reader_read_vectors(r, at, k, vectors));
        for (int64_t i = 0; i < k; i++)
            if (vectors[i].shard == m->shard && vectors[i].kind == m->stream)
                mark(&m->found, m->n, vectors[i].start, vectors[i].length);
    }
done:
    mem_free(&vectors);
    return rc;
}

static int mark_index(marks *m, const char *path)
{
    int rc = OK;
    span_reader *r = NULL;
    TRY(span_reader_open(&r, path));
    TRY(m->vectors ? mark_vectors(m, r) : mark_spans(m, r));
done:
    span_reader_close(&r);
    return rc;
}

static int mark_wanted_span(void *user, const span *s, const vector_span *v)
{
    marks *m = user;
    if (v && m->vectors && v->kind == m->stream) mark(&m->wanted, m->n, v->start, v->length);
    if (!v && !m->vectors && s->kind == m->stream) mark(&m->wanted, m->n, s->start, s->ids);
    return OK;
}

static int mark_wanted(sequence_check *c, marks *m, shard_reader *r)
{
    int rc = OK;
    document_set set = {.t = &c->template, .literals = &c->literals};
    document d;
    int64_t length = c->set->options->length;
    for (int64_t at = 0; at < shard_reader_examples(r);) {
        TRY(document_scan(&set, r, (uint32_t)m->shard, at, 0, &d, &at, NULL));
        for (int64_t from = 0, end; !document_is_dropped(&c->template, &d) && from < d.length; from = end) {
            end = document_cut(&set, &d, from, length);
            TRY(document_spans(&set, &d, from, end - from, mark_wanted_span, m));
        }
        document_set_clear(&set);
    }
done:
    document_set_free(&set);
    return rc;
}

static int64_t offset_of(const marks *m, const shard_reader *r, int64_t i)
{
    return m->vectors ? shard_reader_vector_offset(r, m->stream, i) : shard_reader_offset(r, m->stream, i);
}

static int report_examples(const marks *m, shard_reader *r, const char *path, check_report *report)
{
    int rc = OK;
    char *id = NULL;
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    for (int64_t e = 0; e < shard_reader_examples(r); e++) {
        int64_t missing = 0, doubled = 0;
        for (int64_t i = offset_of(m, r, e); i < offset_of(m, r, e + 1); i++) {
            missing += times(&m->found, i) < times(&m->wanted, i);
            doubled += times(&m->found, i) > times(&m->wanted, i);
        }
        if (!missing && !doubled) continue;
        TRY(shard_reader_text(r, EXAMPLE_ID, e, &id));
        check_report_add(report, "%s: example \"%.200s\": %" PRId64 " %s %s are in no sequence, %" PRId64 " too often",
                         name, id, missing, stream_name(m->stream), m->vectors ? "vectors" : "ids", doubled);
        mem_free(&id);
    }
done:
    return rc;
}

static int make_bits(bits *b, int64_t n)
{
    int rc = OK;
    TRY(MEM_ALLOC(b->once, (size_t)n / 64 + 1));
    TRY(MEM_ALLOC(b->more, (size_t)n / 64 + 1));
done:
    return rc;
}

static int locate(sequence_check *c, marks *m, char *const *index_paths, size_t n_index)
{
    int rc = OK;
    shard_reader *r;
    TRY(make_bits(&m->found, m->n));
    TRY(make_bits(&m->wanted, m->n));
    for (size_t i = 0; i < n_index; i++) {
        int file = mark_index(m, index_paths[i]);
        if (file != OK && file != ERR_CORRUPT && file != ERR_MISSING) TRY(file);
    }
    TRY(split_shards_open(&c->shards, m->shard, &r));
    TRY(mark_wanted(c, m, r));
    TRY(report_examples(m, r, c->shards.paths[m->shard], &c->report));
done:
    mem_free(&m->found.once);
    mem_free(&m->found.more);
    mem_free(&m->wanted.once);
    mem_free(&m->wanted.more);
    return rc;
}

int locate_faults(sequence_check *c, char *const *index_paths, size_t n_index)
{
    int rc = OK;
    int64_t n = 0;
    for (size_t i = 0; i < c->shards.n; i++)
        for (stream_kind s = 0; s < N_STREAMS; s++) {
            if (coverage_is_whole(&c->covered, i, s)) continue;
            int vectors = c->template.form[s] != FORM_IDS;
            check_report_add(&c->report, "%s: the %s %s are not in the sequences as often as they should",
                             c->shards.paths[i], stream_name(s), vectors ? "vectors" : "ids");
            marks m = {.shard = i, .stream = s, .vectors = vectors, .n = c->covered.n_ids[i * N_STREAMS + s]};
            if (n++ < MAX_STREAMS && !c->weights.n) TRY(locate(c, &m, index_paths, n_index));
            check_report_part(&c->report, c->shards.paths[i]);
        }
done:
    return rc;
}
