/* First the shards are walked, document by document, for what there should be; then the index files for what there is.
 * Only sums are kept (sequence/coverage.h); streams whose sums differ are looked at once more, id by id. */
#include "sequence/pack.h"

#include "base/memory.h"
#include "base/status.h"
#include "sequence/check_report.h"
#include "sequence/coverage.h"
#include "sequence/document.h"
#include "sequence/locate_faults.h"
#include "sequence/sequence_attributes.h"

#include <inttypes.h>
#include <string.h>

enum { SEQUENCES = 1 << 12, WINDOW = 1 << 30 };

/* What is there, and what should be there. */
typedef struct tally {
    sequence_counts counts;
    int64_t pieces;
    int64_t specials[N_SPECIALS];
} tally;

typedef struct check {
    const sequence_options *o;
    const vocabulary *v;
    document_template template;
    split_shards shards;
    coverage covered;
    tally wanted, found;
    sequence_counts said; /* by the attributes of the index files */
    check_report report;
} check;

/* Faults of files are for the report, all others end the check. */
static int is_fault(int rc) { return rc == ERR_MISSING || rc == ERR_CORRUPT || rc == ERR_MISMATCH; }

static int count_special(void *user, const span *s)
{
    if (s->kind == MODALITY_SPECIAL) ((tally *)user)->specials[s->start]++;
    return OK;
}

static int cover_dropped(void *user, const span *s)
{
    check *c = user;
    if (s->kind != MODALITY_SPECIAL) {
        coverage_add(&c->covered, s->shard, (stream_kind)s->kind, s->start, s->length);
        c->wanted.counts.dropped_tokens += s->length;
    }
    return OK;
}

static int want_document(check *c, const document_extents *l, const document *d)
{
    int rc = OK;
    int64_t length = c->o->length;
    int drop = d->length > length && c->o->overlong == SEQUENCE_DROP;
    for (int64_t from = 0; from < d->length; from += WINDOW) { /* a span has no more than 2^32 tokens */
        int64_t n = d->length - from < WINDOW ? d->length - from : WINDOW;
        TRY(document_spans(l, d, from, n, drop ? cover_dropped : count_special, drop ? (void *)c : &c->wanted));
    }
    if (!d->length) {
        c->wanted.counts.empty_documents++;
    } else if (drop) {
        c->wanted.counts.dropped_documents++;
    } else {
        c->wanted.counts.documents++;
        c->wanted.counts.split_documents += d->length > length;
        c->wanted.counts.tokens += d->length;
        c->wanted.pieces += d->length / length + (d->length % length > 0);
    }
done:
    return rc;
}

static int walk_shards(check *c)
{
    int rc = OK;
    document_extents extents = {0};
    for (size_t i = 0; i < c->shards.n; i++) {
        shard_reader *r;
        document d;
        TRY(split_shards_open(&c->shards, i, &r));
        for (stream_kind s = 0; s < N_STREAMS; s++)
            if (c->template.uses[s] && shard_reader_has(r, s))
                coverage_expect(&c->covered, i, s, shard_reader_ids(r, s));
        for (int64_t at = 0; at < shard_reader_examples(r);) {
            TRY(document_scan(&c->template, r, (uint32_t)i, at, &extents, &d, &at, NULL));
            TRY(want_document(c, &extents, &d));
            extents.n = 0;
        }
    }
done:
    document_extents_free(&extents);
    return rc;
}

/* One span; `owner` is the shard of the document at hand, -1: not known yet. */
static void check_span(check *c, const char *file, int64_t sequence, const span *s, int64_t *owner)
{
    check_report *r = &c->report;
    if (s->begins) *owner = -1;
    c->found.pieces += s->begins != 0;
    if (s->loss > 1 || s->begins > 1) check_report_add(r, "%s: sequence %" PRId64 ": a flag above 1", file, sequence);
    if (s->kind == MODALITY_SPECIAL) {
        if (s->start < 0 || s->start >= N_SPECIALS || s->length != 1 || s->shard)
            check_report_add(r, "%s: sequence %" PRId64 ": not a special: %" PRId64 " + %u", file, sequence, s->start,
                             s->length);
        else
            c->found.specials[s->start]++;
        return;
    }
    if (s->kind >= N_STREAMS || !c->template.uses[s->kind] || s->shard >= c->shards.n) {
        check_report_add(r, "%s: sequence %" PRId64 ": no stream %u of shard %u", file, sequence, s->kind, s->shard);
        return;
    }
    const char *name = stream_name((stream_kind)s->kind);
    if (!coverage_add(&c->covered, s->shard, (stream_kind)s->kind, s->start, s->length))
        check_report_add(r, "%s: sequence %" PRId64 ": %s ids %" PRId64 " + %u are outside shard %u", file, sequence,
                         name, s->start, s->length, s->shard);
    else
        c->found.counts.ids[s->kind] += s->length;
    if (*owner >= 0 && *owner != s->shard)
        check_report_add(r, "%s: sequence %" PRId64 ": a document in shards %" PRId64 " and %u", file, sequence, *owner,
                         s->shard);
    *owner = s->shard;
}

static void check_sequence(check *c, const char *file, int64_t sequence, const span *spans, int64_t n, uint32_t tokens)
{
    int64_t sum = 0, owner = -1;
    if (!n || !spans[0].begins)
        check_report_add(&c->report, "%s: sequence %" PRId64 " does not begin with a document", file, sequence);
    for (int64_t i = 0; i < n; i++) {
        check_span(c, file, sequence, &spans[i], &owner);
        sum += spans[i].length;
    }
    if (sum != tokens || sum > c->o->length)
        check_report_add(&c->report,
                         "%s: sequence %" PRId64 ": spans of %" PRId64 " tokens, said to be %u of at most %" PRId64,
                         file, sequence, sum, tokens, c->o->length);
    c->found.counts.sequences++;
    c->found.counts.tokens += sum;
}

static int check_sequences(check *c, const char *file, span_reader *r)
{
    int rc = OK;
    int64_t *offsets = NULL, n = span_reader_sequences(r);
    uint32_t *tokens = NULL;
    span *spans = NULL;
    size_t capacity = 0;
    TRY(MEM_ALLOC(offsets, SEQUENCES + 1));
    TRY(MEM_ALLOC(tokens, SEQUENCES));
    for (int64_t at = 0; at < n; at += SEQUENCES) {
        int64_t k = n - at < SEQUENCES ? n - at : SEQUENCES;
        TRY(span_reader_bounds(r, at, k, offsets, tokens));
        for (int64_t i = 0; i < k; i++) {
            int64_t n_spans = offsets[i + 1] - offsets[i];
            if (n_spans > c->o->length) FAIL(ERR_CORRUPT, "a sequence of %" PRId64 " spans", n_spans);
            TRY(MEM_GROW(spans, &capacity, (size_t)n_spans));
            TRY(span_reader_read(r, offsets[i], n_spans, spans));
            check_sequence(c, file, at + i, spans, n_spans, tokens[i]);
        }
    }
done:
    mem_free(&offsets);
    mem_free(&tokens);
    mem_free(&spans);
    return rc;
}

static void compare(check *c, const char *where, const char *what, int64_t found, int64_t wanted)
{
    if (found != wanted)
        check_report_add(&c->report, "%s: %s: %" PRId64 ", should be %" PRId64, where, what, found, wanted);
}

static int check_file(check *c, const char *path, int64_t i, int64_t n_files)
{
    int rc = OK;
    span_reader *r = NULL;
    sequence_attributes a;
    const sequence_counts before = c->found.counts;
    TRY(span_reader_open(&r, path));
    TRY(sequence_attributes_get(span_reader_file(r), c->v, &a));
    compare(c, path, "length", a.length, c->o->length);
    compare(c, path, "seed", a.seed, c->o->seed);
    compare(c, path, "block", a.block, i);
    compare(c, path, "n_blocks", a.n_blocks, n_files);
    compare(c, path, "n_shards", a.n_shards, (int64_t)c->shards.n);
    c->said.documents += a.counts.documents;
    c->said.split_documents += a.counts.split_documents;
    c->said.dropped_documents += a.counts.dropped_documents;
    c->said.dropped_tokens += a.counts.dropped_tokens;
    c->said.empty_documents += a.counts.empty_documents;
    TRY(check_sequences(c, path, r));
    compare(c, path, "n_sequences", a.counts.sequences, c->found.counts.sequences - before.sequences);
    compare(c, path, "n_tokens", a.counts.tokens, c->found.counts.tokens - before.tokens);
    for (int s = 0; s < N_STREAMS; s++)
        compare(c, path, stream_name((stream_kind)s), a.counts.ids[s], c->found.counts.ids[s] - before.ids[s]);
done:
    span_reader_close(&r);
    return rc;
}

/* The sums over all files against what the shards want. */
static void compare_totals(check *c, int64_t n_files)
{
    const sequence_counts *w = &c->wanted.counts;
    const char *where = "sequences";
    compare(c, where, "index files", n_files, pack_blocks(c->o, c->shards.first[c->shards.n]));
    compare(c, where, "documents, as recorded", c->said.documents, w->documents);
    compare(c, where, "split documents, as recorded", c->said.split_documents, w->split_documents);
    compare(c, where, "dropped documents, as recorded", c->said.dropped_documents, w->dropped_documents);
    compare(c, where, "dropped tokens, as recorded", c->said.dropped_tokens, w->dropped_tokens);
    compare(c, where, "empty documents, as recorded", c->said.empty_documents, w->empty_documents);
    compare(c, where, "tokens", c->found.counts.tokens, w->tokens);
    compare(c, where, "documents and pieces", c->found.pieces, c->wanted.pieces);
    for (int s = 0; s < N_SPECIALS; s++) {
        char name[64];
        vocabulary_name(c->v, vocabulary_special(c->v, (special_id)s), name, sizeof name);
        compare(c, where, name, c->found.specials[s], c->wanted.specials[s]);
    }
    check_report_part(&c->report, where);
}

static int check_all(check *c, char *const *index_paths, size_t n_index)
{
    int rc = OK;
    TRY(walk_shards(c));
    for (size_t i = 0; i < n_index; i++) {
        int file = check_file(c, index_paths[i], (int64_t)i, (int64_t)n_index);
        if (file != OK && !is_fault(file)) TRY(file);
        if (file != OK) check_report_add(&c->report, "%s: %s", index_paths[i], status_message());
        check_report_part(&c->report, index_paths[i]);
    }
    compare_totals(c, (int64_t)n_index);
    TRY(locate_faults(c->o, &c->shards, &c->covered, index_paths, n_index, &c->report));
done:
    return rc;
}

int pack_check(const sequence_options *o, const vocabulary *v, char *const *shard_paths, size_t n_shards,
               char *const *index_paths, size_t n_index, void (*fault)(void *user, const char *text), void *user,
               sequence_counts *counts)
{
    int rc = OK;
    check c = {.o = o, .v = v, .report = {.fault = fault, .user = user}};
    memset(counts, 0, sizeof *counts);
    TRY(document_template_make(&c.template, o));
    rc = split_shards_make(&c.shards, shard_paths, n_shards);
    if (rc == OK) TRY(coverage_make(&c.covered, n_shards));
    if (rc == OK) rc = check_all(&c, index_paths, n_index);
    if (is_fault(rc)) {
        check_report_add(&c.report, "%s", status_message());
        rc = OK;
    }
    if (rc != OK) goto done;
    *counts = c.found.counts;
    counts->documents = c.found.specials[SPECIAL_BOS];
    counts->split_documents = c.said.split_documents;
    counts->dropped_documents = c.said.dropped_documents;
    counts->dropped_tokens = c.said.dropped_tokens;
    counts->empty_documents = c.said.empty_documents;
    if (c.report.n_faults) FAIL(ERR_VERIFY, "%" PRId64 " faults in the sequences", c.report.n_faults);
done:
    split_shards_free(&c.shards);
    coverage_free(&c.covered);
    return rc;
}
