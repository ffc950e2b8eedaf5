/* One block: the places of its documents in the seeded order are visited shard by shard, so that one shard is open at a
 * time; what is kept of a document is where its ids are. Packing and writing then need no shard. */
#include "sequence/pack.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "sequence/best_fit.h"
#include "sequence/document.h"
#include "sequence/document_weights.h"
#include "sequence/sequence_attributes.h"
#include "sequence/split_shards.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_EXAMPLES = 1, KEY_SEQUENCES = 2 }; /* what random numbers are for */

/* An example of the block, or a copy of one, and its position there. */
typedef struct chosen {
    int64_t example, copy;
    int64_t position;
} chosen;

/* A further piece of a document that is longer than a sequence: all but its last one. */
typedef struct piece {
    int64_t position, from, n;
} piece;

typedef struct block {
    const sequence_set *set;
    sequence_template template;
    document_weights weights;
    literal_table literals;
    document_set layout;
    split_shards shards;
    int64_t number, n;   /* of the block, of its positions */
    document *documents; /* (n) at the position of their first example; length 0: none */
    piece *pieces;       /* in order of position */
    size_t n_pieces, pieces_capacity;
    uint32_t *members; /* documents (their last pieces) and pieces (n + number) of bin 0, of bin 1 ... */
    uint32_t *first;   /* (n_bins + 1) into members */
    size_t n_bins;
    sequence_counts counts;
} block;

static void block_free(block *b)
{
    split_shards_free(&b->shards);
    mem_free(&b->documents);
    document_set_free(&b->layout);
    literal_table_free(&b->literals);
    sequence_template_free(&b->template);
    document_weights_free(&b->weights);
    mem_free(&b->pieces);
    mem_free(&b->members);
    mem_free(&b->first);
}

static int by_example(const void *a, const void *b)
{
    const chosen *x = a, *y = b;
    if (x->example != y->example) return (x->example > y->example) - (x->example < y->example);
    return (x->copy > y->copy) - (x->copy < y->copy);
}

/* The seeded order is one of all examples and all copies that one could have. */
static int choose(const block *b, int64_t n_total, chosen **out)
{
    int rc = OK;
    uint64_t key = rng_bits((uint64_t)b->set->options->seed, KEY_EXAMPLES, 0);
    int64_t n_places = n_total * b->weights.most;
    TRY(mem_alloc((void **)out, (size_t)b->n, sizeof **out));
    for (int64_t i = 0; i < b->n; i++) {
        uint64_t position = (uint64_t)(b->number * b->set->options->block + i);
        int64_t place = (int64_t)rng_unpermute(key, position, (uint64_t)n_places);
        (*out)[i] = (chosen){place % n_total, place / n_total, i};
    }
    qsort(*out, (size_t)b->n, sizeof **out, by_example);
done:
    return rc;
}

static void count_document(block *b, const document *d, int64_t copy, const int64_t ids[N_STREAMS])
{
    sequence_counts *c = &b->counts;
    c->documents++;
    c->repeated_documents += copy > 0;
    c->tokens += d->length;
    for (int s = 0; s < N_STREAMS; s++) c->ids[s] += ids[s];
}

static int check_ranges(const block *b, uint32_t shard, const int64_t ids[N_STREAMS])
{
    int rc = OK;
    for (int s = 0; s < N_STREAMS; s++)
        if (ids[s] && b->template.form[s] == FORM_IDS && vocabulary_offset(b->set->words, (modality)s) < 0)
            FAIL(ERR_MISMATCH, "shard %u has %s ids, but the vocabulary has no range for them", shard,
                 stream_name((stream_kind)s));
done:
    return rc;
}

static int add_document(block *b, shard_reader *r, uint32_t shard, int64_t at, int64_t copy, document *d)
{
    int rc = OK;
    int64_t next, copies, ids[N_STREAMS] = {0};
    TRY(document_copies(&b->weights, (uint64_t)b->set->options->seed, r, at, &copies));
    if (copy >= copies) {
        b->counts.left_out_documents += !copies && !copy;
        goto done;
    }
    TRY(document_scan(&b->layout, r, shard, at, copy, d, &next, ids));
    TRY(check_ranges(b, shard, ids));
    if (!d->length) {
        b->counts.empty_documents += copy == 0;
    } else if (document_is_dropped(&b->template, d)) {
        b->counts.dropped_documents++;
        for (int s = 0; s < N_STREAMS; s++) b->counts.dropped_tokens += ids[s];
        d->length = 0;
    } else {
        count_document(b, d, copy, ids);
    }
done:
    return rc;
}

/* Find the block's documents. */
static int collect(block *b)
{
    int rc = OK;
    chosen *c = NULL;
    shard_reader *r = NULL;
    const int64_t *first = b->shards.first;
    TRY(choose(b, first[b->shards.n], &c));
    TRY(MEM_ALLOC(b->documents, (size_t)b->n));
    for (int64_t i = 0, shard = -1; i < b->n; i++) {
        if (shard < 0 || c[i].example >= first[shard + 1]) {
            do shard++;
            while (c[i].example >= first[shard + 1]);
            TRY(split_shards_open(&b->shards, (size_t)shard, &r));
        }
        int64_t at = c[i].example - first[shard];
        if (document_starts(r, at))
            TRY(add_document(b, r, (uint32_t)shard, at, c[i].copy, &b->documents[c[i].position]));
    }
done:
    mem_free(&c);
    return rc;
}

/* Cut the documents that are longer than a sequence; their last pieces stay with them. */
static int cut(block *b)
{
    int rc = OK;
    int64_t length = b->set->options->length;
    for (int64_t i = 0; i < b->n; i++) {
        const document *d = &b->documents[i];
        b->counts.split_documents += d->length > length;
        for (int64_t from = 0; d->length - from > length;) {
            int64_t end = document_cut(&b->layout, d, from, length);
            TRY(MEM_GROW(b->pieces, &b->pieces_capacity, b->n_pieces + 1));
            b->pieces[b->n_pieces++] = (piece){i, from, end - from};
            from = end;
        }
    }
    if ((uint64_t)b->n + b->n_pieces >= UINT32_MAX) FAIL(ERR_LIMIT, "a block of 2^32 documents and pieces");
done:
    return rc;
}

/* Where the last piece of each document begins goes to `from`, (n). */
static void find_rests(const block *b, int64_t *from)
{
    for (size_t i = 0; i < b->n_pieces; i++) from[b->pieces[i].position] = b->pieces[i].from + b->pieces[i].n;
}

/* Sort the packed pieces by bin; within a bin they keep their order. */
static int sort_by_bin(block *b, const uint32_t *bin, size_t n)
{
    int rc = OK;
    TRY(MEM_ALLOC(b->first, b->n_bins + 2));
    TRY(MEM_ALLOC(b->members, n));
    for (size_t i = 0; i < n; i++)
        if (bin[i] != BEST_FIT_NONE) b->first[bin[i] + 2]++;
    for (size_t k = 2; k < b->n_bins + 2; k++) b->first[k] += b->first[k - 1];
    for (size_t i = 0; i < n; i++)
        if (bin[i] != BEST_FIT_NONE) b->members[b->first[bin[i] + 1]++] = (uint32_t)i;
done:
    return rc;
}

static int plan(block *b)
{
    int rc = OK;
    uint32_t *lengths = NULL, *bin = NULL;
    TRY(cut(b));
    size_t n = (size_t)b->n + b->n_pieces;
    TRY(MEM_ALLOC(lengths, n));
    TRY(MEM_ALLOC(bin, n));
    for (int64_t i = 0; i < b->n; i++)
        if (b->documents[i].length <= b->set->options->length) lengths[i] = (uint32_t)b->documents[i].length;
    for (size_t i = 0; i < b->n_pieces; i++) {
        const piece *p = &b->pieces[i];
        lengths[(size_t)b->n + i] = (uint32_t)p->n;
        lengths[p->position] = (uint32_t)(b->documents[p->position].length - p->from - p->n);
    }
    TRY(best_fit(lengths, n, (uint32_t)b->set->options->length, bin, &b->n_bins));
    TRY(sort_by_bin(b, bin, n));
    b->counts.sequences = (int64_t)b->n_bins;
done:
    mem_free(&lengths);
    mem_free(&bin);
    return rc;
}

/* Hand the spans of one sequence to `sink`. */
static int walk_sequence(const block *b, const int64_t *rests, int64_t sequence, document_sink sink, void *user)
{
    int rc = OK;
    for (uint32_t i = b->first[sequence]; i < b->first[sequence + 1]; i++) {
        int64_t m = b->members[i];
        if (m >= b->n) {
            const piece *p = &b->pieces[m - b->n];
            TRY(document_spans(&b->layout, &b->documents[p->position], p->from, p->n, sink, user));
        } else {
            const document *d = &b->documents[m];
            int64_t from = rests ? rests[m] : 0;
            TRY(document_spans(&b->layout, d, from, d->length - from, sink, user));
        }
    }
done:
    return rc;
}

static int count_span(void *user, const span *s, const vector_span *v)
{
    int64_t *n = user;
    n[0]++;
    n[1] += v != NULL;
    return OK;
}

static int add_span(void *user, const span *s, const vector_span *v) { return span_writer_add(user, s, v); }

static int put_attributes(const block *b, h5_file *f)
{
    int rc = OK;
    const sequence_options *o = b->set->options;
    const sequence_attributes a = {.length = o->length,
                                   .seed = o->seed,
                                   .block = b->number,
                                   .n_blocks = pack_blocks(b->set, b->shards.first[b->shards.n]),
                                   .n_shards = (int64_t)b->shards.n,
                                   .counts = b->counts};
    TRY(sequence_attributes_put(f, &a, b->set->words));
    TRY(sequence_attributes_put_specials(f, o));
    TRY(literal_table_save(&b->literals, f));
done:
    return rc;
}

/* Sequences are written in a seeded order: in order of opening, the long documents would come first. */
static int write_block(const block *b, const char *out_path)
{
    int rc = OK;
    span_writer *w = NULL;
    int64_t n = b->counts.sequences, sizes[2] = {0}, *rests = NULL;
    uint64_t key = rng_bits((uint64_t)b->set->options->seed, KEY_SEQUENCES, (uint64_t)b->number);
    if (b->n_pieces) {
        TRY(MEM_ALLOC(rests, (size_t)b->n));
        find_rests(b, rests);
    }
    for (int64_t s = 0; s < n; s++) TRY(walk_sequence(b, rests, s, count_span, sizes));
    TRY(span_writer_open(&w, out_path, sizes[0], sizes[1], n));
    TRY(put_attributes(b, span_writer_file(w)));
    for (int64_t s = 0; s < n; s++) {
        TRY(walk_sequence(b, rests, (int64_t)rng_unpermute(key, (uint64_t)s, (uint64_t)n), add_span, w));
        TRY(span_writer_end(w));
    }
    TRY(span_writer_commit(&w));
done:
    span_writer_abandon(&w);
    mem_free(&rests);
    return rc;
}

static int start_block(block *b)
{
    int rc = OK;
    const sequence_set *set = b->set;
    TRY(sequence_template_make(&b->template, set));
    b->weights.most = 1;
    if (set->weighted) TRY(document_weights_make(&b->weights, set->options));
    TRY(literal_table_make(&b->literals, set->text));
    b->layout = (document_set){.t = &b->template, .literals = &b->literals};
    TRY(split_shards_make(&b->shards, set->shards, set->n_shards));
    /* a block of a large split has few examples of each shard */
    b->shards.unchecked = !b->template.needs_texts && !b->weights.n;
    int64_t n_total = b->shards.first[set->n_shards], first = b->number * set->options->block;
    int64_t n_blocks = pack_blocks(set, n_total);
    if (n_blocks < 0) FAIL(ERR_LIMIT, "%lld examples with their copies are too many", (long long)n_total);
    if (b->number < 0 || b->number >= n_blocks)
        FAIL(ERR_INTERNAL, "block %lld of a split of %lld examples", (long long)b->number, (long long)n_total);
    int64_t left = n_total * b->weights.most - first;
    b->n = left < set->options->block ? left : set->options->block;
done:
    return rc;
}

int pack_block(const sequence_set *set, int64_t number, const char *out_path, sequence_counts *counts)
{
    int rc = OK;
    block b = {.set = set, .number = number};
    memset(counts, 0, sizeof *counts);
    TRY(start_block(&b));
    TRY(collect(&b));
    TRY(plan(&b));
    TRY(write_block(&b, out_path));
    *counts = b.counts;
done:
    block_free(&b);
    return rc;
}
