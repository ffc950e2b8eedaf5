/* First the shards are walked, document by document, for what there should be; then the index files for what there is.
 * Only sums are kept (sequence/coverage.h); streams whose sums differ are looked at once more, id by id. */
#include "sequence/pack.h"

#include "base/memory.h"
#include "base/status.h"
#include "sequence/check_sequence.h"
#include "sequence/locate_faults.h"
#include "sequence/sequence_attributes.h"

#include <inttypes.h>
#include <string.h>

/* Faults of files are for the report, all others end the check. */
static int is_fault(int rc) { return rc == ERR_MISSING || rc == ERR_CORRUPT || rc == ERR_MISMATCH; }

typedef struct wanting {
    sequence_check *c;
    int dropped;
} wanting;

static int want_span(void *user, const span *s, const vector_span *v)
{
    wanting *w = user;
    sequence_check *c = w->c;
    tally *t = &c->wanted;
    uint8_t kind = v ? v->kind : s->kind;
    int64_t start = v ? v->start : s->start, n = v ? v->length : s->ids;
    int counts = kind < N_STREAMS;
    if (w->dropped) {
        if (counts) t->counts.dropped_tokens += n;
        return OK;
    }
    if (!s->loss) t->no_loss += s->length;
    if (s->kind == MODALITY_SPECIAL) t->specials[s->start] += s->length;
    if (s->kind == SPAN_LITERAL) tally_literals(t, &c->literals, s->start, s->length);
    if (!v && counts && c->template.reduces[kind]) tally_runs(t, s);
    if (counts) coverage_want(&c->covered, v ? v->shard : s->shard, (stream_kind)kind, start, n);
    return OK;
}

static int want_document(sequence_check *c, const document_set *s, const document *d, int64_t copy)
{
    int rc = OK;
    sequence_counts *n = &c->wanted.counts;
    int64_t pieces = 0;
    wanting w = {c, document_is_dropped(&c->template, d)};
    for (int64_t from = 0, end; from < d->length; from = end, pieces++) {
        end = document_cut(s, d, from, c->set->options->length);
        TRY(document_spans(s, d, from, end - from, want_span, &w));
    }
    if (!d->length) {
        n->empty_documents += copy == 0;
    } else if (w.dropped) {
        n->dropped_documents++;
    } else {
        n->documents++;
        n->repeated_documents += copy > 0;
        n->split_documents += d->length > c->set->options->length;
        n->tokens += d->length;
        c->wanted.pieces += pieces;
    }
done:
    return rc;
}

static int want_copies(sequence_check *c, document_set *s, shard_reader *r, uint32_t shard, int64_t at, int64_t *next)
{
    int rc = OK;
    int64_t copies;
    document d;
    TRY(document_copies(&c->weights, (uint64_t)c->set->options->seed, r, at, &copies));
    if (!copies) {
        c->wanted.counts.left_out_documents++;
        while (++at < shard_reader_examples(r) && !document_starts(r, at)) {
        }
        *next = at;
    }
    for (int64_t k = 0; k < copies; k++) {
        TRY(document_scan(s, r, shard, at, k, &d, next, NULL));
        TRY(want_document(c, s, &d, k));
        document_set_clear(s);
    }
done:
    return rc;
}

static int walk_shards(sequence_check *c)
{
    int rc = OK;
    document_set set = {.t = &c->template, .literals = &c->literals};
    for (size_t i = 0; i < c->shards.n; i++) {
        shard_reader *r;
        TRY(split_shards_open(&c->shards, i, &r));
        for (stream_kind s = 0; s < N_STREAMS; s++)
            if (c->template.uses[s] && shard_reader_has(r, s))
                coverage_expect(&c->covered, i, s,
                                c->template.form[s] == FORM_IDS ? shard_reader_ids(r, s) : shard_reader_vectors(r, s));
        for (int64_t at = 0; at < shard_reader_examples(r);) TRY(want_copies(c, &set, r, (uint32_t)i, at, &at));
    }
done:
    document_set_free(&set);
    return rc;
}

static void compare(sequence_check *c, const char *where, const char *what, int64_t found, int64_t wanted)
{
    if (found != wanted)
        check_report_add(&c->report, "%s: %s: %" PRId64 ", should be %" PRId64, where, what, found, wanted);
}

static int check_file(sequence_check *c, const char *path, int64_t i, int64_t n_files)
{
    int rc = OK;
    span_reader *r = NULL;
    sequence_attributes a;
    const sequence_counts before = c->found.counts;
    TRY(span_reader_open(&r, path));
    TRY(sequence_attributes_get(span_reader_file(r), c->set->words, &a));
    compare(c, path, "length", a.length, c->set->options->length);
    compare(c, path, "seed", a.seed, c->set->options->seed);
    compare(c, path, "block", a.block, i);
    compare(c, path, "n_blocks", a.n_blocks, n_files);
    compare(c, path, "n_shards", a.n_shards, (int64_t)c->shards.n);
    c->said.documents += a.counts.documents;
    c->said.split_documents += a.counts.split_documents;
    c->said.dropped_documents += a.counts.dropped_documents;
    c->said.dropped_tokens += a.counts.dropped_tokens;
    c->said.empty_documents += a.counts.empty_documents;
    c->said.repeated_documents += a.counts.repeated_documents;
    c->said.left_out_documents += a.counts.left_out_documents;
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
static void compare_totals(sequence_check *c, int64_t n_files)
{
    const sequence_counts *w = &c->wanted.counts;
    const char *where = "sequences";
    compare(c, where, "index files", n_files, pack_blocks(c->set, c->shards.first[c->shards.n]));
    compare(c, where, "documents, as recorded", c->said.documents, w->documents);
    compare(c, where, "split documents, as recorded", c->said.split_documents, w->split_documents);
    compare(c, where, "dropped documents, as recorded", c->said.dropped_documents, w->dropped_documents);
    compare(c, where, "dropped tokens, as recorded", c->said.dropped_tokens, w->dropped_tokens);
    compare(c, where, "empty documents, as recorded", c->said.empty_documents, w->empty_documents);
    compare(c, where, "repeated documents, as recorded", c->said.repeated_documents, w->repeated_documents);
    compare(c, where, "documents left out, as recorded", c->said.left_out_documents, w->left_out_documents);
    compare(c, where, "tokens", c->found.counts.tokens, w->tokens);
    compare(c, where, "documents and pieces", c->found.pieces, c->wanted.pieces);
    compare(c, where, "tokens without loss", c->found.no_loss, c->wanted.no_loss);
    compare(c, where, "tokens of literals", c->found.literals, c->wanted.literals);
    if (c->found.literal_sum != c->wanted.literal_sum)
        check_report_add(&c->report, "%s: ids of literals are not those of the templates", where);
    if (c->found.run_sum != c->wanted.run_sum)
        check_report_add(&c->report, "%s: spans of reduced ids have other ids or lengths than the shards say", where);
    for (int s = 0; s < N_SPECIALS; s++) {
        char name[64];
        vocabulary_name(c->set->words, vocabulary_special(c->set->words, (special_id)s), name, sizeof name);
        compare(c, where, name, c->found.specials[s], c->wanted.specials[s]);
    }
    check_report_part(&c->report, where);
}

/* Without a tokenizer the literals of the templates are those that the index files say they are. */
static int load_literals(sequence_check *c, char *const *index_paths, size_t n_index)
{
    int rc = OK;
    span_reader *r = NULL;
    TRY(literal_table_make(&c->literals, c->set->text));
    for (size_t i = 0; i < n_index && !c->set->text; i++) {
        int there = span_reader_open(&r, index_paths[i]);
        if (there == OK) there = literal_table_load(&c->literals, span_reader_file(r));
        span_reader_close(&r);
        if (there != OK && !is_fault(there)) TRY(there);
    }
done:
    return rc;
}

static int check_all(sequence_check *c, char *const *index_paths, size_t n_index)
{
    int rc = OK;
    TRY(load_literals(c, index_paths, n_index));
    TRY(walk_shards(c));
    for (size_t i = 0; i < n_index; i++) {
        int file = check_file(c, index_paths[i], (int64_t)i, (int64_t)n_index);
        if (file != OK && !is_fault(file)) TRY(file);
        if (file != OK) check_report_add(&c->report, "%s: %s", index_paths[i], status_message());
        check_report_part(&c->report, index_paths[i]);
    }
    compare_totals(c, (int64_t)n_index);
    TRY(locate_faults(c, index_paths, n_index));
done:
    return rc;
}

int pack_check(const sequence_set *set, char *const *index_paths, size_t n_index,
               void (*fault)(void *user, const char *text), void *user, sequence_counts *counts)
{
    int rc = OK;
    sequence_check c = {.set = set, .weights.most = 1, .report = {.fault = fault, .user = user}};
    memset(counts, 0, sizeof *counts);
    TRY(sequence_template_make(&c.template, set));
    if (set->weighted) TRY(document_weights_make(&c.weights, set->options));
    rc = split_shards_make(&c.shards, set->shards, set->n_shards);
    if (rc == OK) TRY(coverage_make(&c.covered, set->n_shards));
    if (rc == OK) rc = check_all(&c, index_paths, n_index);
    if (is_fault(rc)) {
        check_report_add(&c.report, "%s", status_message());
        rc = OK;
    }
    if (rc != OK) goto done;
    *counts = c.said;
    counts->sequences = c.found.counts.sequences;
    counts->tokens = c.found.counts.tokens;
    memcpy(counts->ids, c.found.counts.ids, sizeof counts->ids);
    if (c.report.n_faults) FAIL(ERR_VERIFY, "%" PRId64 " faults in the sequences", c.report.n_faults);
done:
    split_shards_free(&c.shards);
    coverage_free(&c.covered);
    sequence_template_free(&c.template);
    document_weights_free(&c.weights);
    literal_table_free(&c.literals);
    return rc;
}
