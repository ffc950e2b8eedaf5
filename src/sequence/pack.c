/* One block: the examples at its positions of the seeded order are visited shard by shard, so that one shard is open at
 * a time; what is kept of a document is where its ids are. Packing and writing then need no shard. */
#include "sequence/pack.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"
#include "sequence/best_fit.h"
#include "sequence/document.h"
#include "sequence/sequence_attributes.h"
#include "sequence/span_file.h"
#include "sequence/split_shards.h"

#include <stdlib.h>
#include <string.h>

enum { KEY_EXAMPLES = 1, KEY_SEQUENCES = 2 }; /* what random numbers are for */

/* An example of the block, and its position there. */
typedef struct chosen {
    int64_t example;
    int64_t position;
} chosen;

/* A document of more than one piece: its first pieces fill whole sequences. */
typedef struct long_document {
    int64_t position;
    int64_t first_piece, n_pieces; /* full ones; numbered through the block */
} long_document;

typedef struct block {
    const sequence_options *o;
    const vocabulary *v;
    document_template template;
    split_shards shards;
    int64_t number, n;   /* of the block, of its positions */
    document *documents; /* (n) at the position of their first example; length 0: none */
    document_extents extents;
    long_document *long_documents;
    size_t n_long, long_capacity;
    int64_t n_pieces;  /* full ones */
    uint32_t *members; /* positions of the documents of bin 0, of bin 1 ... in order of position */
    uint32_t *first;   /* (n_bins + 1) into members */
    size_t n_bins;
    sequence_counts counts;
} block;

static void block_free(block *b)
{
    split_shards_free(&b->shards);
    mem_free(&b->documents);
    document_extents_free(&b->extents);
    mem_free(&b->long_documents);
    mem_free(&b->members);
    mem_free(&b->first);
}

static int by_example(const void *a, const void *b)
{
    int64_t x = ((const chosen *)a)->example, y = ((const chosen *)b)->example;
    return (x > y) - (x < y);
}

static int choose(const block *b, int64_t n_total, chosen **out)
{
    int rc = OK;
    uint64_t key = rng_bits((uint64_t)b->o->seed, KEY_EXAMPLES, 0);
    TRY(mem_alloc((void **)out, (size_t)b->n, sizeof **out));
    for (int64_t i = 0; i < b->n; i++) {
        uint64_t position = (uint64_t)(b->number * b->o->block + i);
        (*out)[i] = (chosen){(int64_t)rng_unpermute(key, position, (uint64_t)n_total), i};
    }
    qsort(*out, (size_t)b->n, sizeof **out, by_example);
done:
    return rc;
}

static int add_document(block *b, shard_reader *r, uint32_t shard, int64_t at, document *d)
{
    int rc = OK;
    int64_t next, ids[N_STREAMS] = {0}, total = 0;
    TRY(document_scan(&b->template, r, shard, at, &b->extents, d, &next, ids));
    for (int s = 0; s < N_STREAMS; s++) {
        total += ids[s];
        if (ids[s] && vocabulary_offset(b->v, (modality)s) < 0)
            FAIL(ERR_MISMATCH, "shard %u has %s ids, but the vocabulary has no range for them", shard,
                 stream_name((stream_kind)s));
    }
    if (!d->length) {
        b->counts.empty_documents++;
    } else if (d->length > b->o->length && b->o->overlong == SEQUENCE_DROP) {
        b->counts.dropped_documents++;
        b->counts.dropped_tokens += total;
        b->extents.n = d->first_extent;
        d->length = 0;
    } else {
        b->counts.documents++;
        b->counts.split_documents += d->length > b->o->length;
        b->counts.tokens += d->length;
        for (int s = 0; s < N_STREAMS; s++) b->counts.ids[s] += ids[s];
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
        if (document_starts(r, at)) TRY(add_document(b, r, (uint32_t)shard, at, &b->documents[c[i].position]));
    }
done:
    mem_free(&c);
    return rc;
}

/* Cut full pieces off the documents that are longer than a sequence; what is to be packed of each goes to `lengths`. */
static int cut(block *b, uint32_t *lengths)
{
    int rc = OK;
    int64_t length = b->o->length;
    for (int64_t i = 0; i < b->n; i++) {
        int64_t pieces = b->documents[i].length > length ? b->documents[i].length / length : 0;
        lengths[i] = (uint32_t)(b->documents[i].length - pieces * length);
        if (!pieces) continue;
        TRY(MEM_GROW(b->long_documents, &b->long_capacity, b->n_long + 1));
        b->long_documents[b->n_long++] = (long_document){i, b->n_pieces, pieces};
        b->n_pieces += pieces;
    }
done:
    return rc;
}

/* Sort the packed documents by bin; within a bin they keep the order of their positions. */
static int sort_by_bin(block *b, const uint32_t *bin)
{
    int rc = OK;
    TRY(MEM_ALLOC(b->first, b->n_bins + 2));
    TRY(MEM_ALLOC(b->members, (size_t)b->n));
    for (int64_t i = 0; i < b->n; i++)
        if (bin[i] != BEST_FIT_NONE) b->first[bin[i] + 2]++;
    for (size_t k = 2; k < b->n_bins + 2; k++) b->first[k] += b->first[k - 1];
    for (int64_t i = 0; i < b->n; i++)
        if (bin[i] != BEST_FIT_NONE) b->members[b->first[bin[i] + 1]++] = (uint32_t)i;
done:
    return rc;
}

static int plan(block *b)
{
    int rc = OK;
    uint32_t *lengths = NULL, *bin = NULL;
    TRY(MEM_ALLOC(lengths, (size_t)b->n));
    TRY(MEM_ALLOC(bin, (size_t)b->n));
    TRY(cut(b, lengths));
    TRY(best_fit(lengths, (size_t)b->n, (uint32_t)b->o->length, bin, &b->n_bins));
    TRY(sort_by_bin(b, bin));
    b->counts.sequences = (int64_t)b->n_bins + b->n_pieces;
done:
    mem_free(&lengths);
    mem_free(&bin);
    return rc;
}

/* The long document that full piece `piece` belongs to. */
static const long_document *long_document_of(const block *b, int64_t piece)
{
    size_t low = 0, high = b->n_long;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        if (b->long_documents[middle].first_piece <= piece)
            low = middle;
        else
            high = middle;
    }
    return &b->long_documents[low];
}

/* Hand the spans of one sequence to `sink`: a bin, or after all bins a full piece. */
static int walk_sequence(const block *b, int64_t sequence, document_sink sink, void *user)
{
    int rc = OK;
    int64_t length = b->o->length;
    if (sequence >= (int64_t)b->n_bins) {
        int64_t piece = sequence - (int64_t)b->n_bins;
        const long_document *l = long_document_of(b, piece);
        int64_t from = (piece - l->first_piece) * length;
        return document_spans(&b->extents, &b->documents[l->position], from, length, sink, user);
    }
    for (uint32_t i = b->first[sequence]; i < b->first[sequence + 1]; i++) {
        const document *d = &b->documents[b->members[i]];
        int64_t from = d->length > length ? d->length / length * length : 0;
        TRY(document_spans(&b->extents, d, from, d->length - from, sink, user));
    }
done:
    return rc;
}

static int count_span(void *user, const span *s)
{
    (*(int64_t *)user)++;
    return OK;
}

static int add_span(void *user, const span *s) { return span_writer_add(user, s); }

static int put_attributes(const block *b, h5_file *f)
{
    int rc = OK;
    const sequence_attributes a = {.length = b->o->length,
                                   .seed = b->o->seed,
                                   .block = b->number,
                                   .n_blocks = pack_blocks(b->o, b->shards.first[b->shards.n]),
                                   .n_shards = (int64_t)b->shards.n,
                                   .counts = b->counts};
    TRY(sequence_attributes_put(f, &a, b->v));
done:
    return rc;
}

/* Sequences are written in a seeded order: in order of opening, the long documents would come first. */
static int write_block(const block *b, const char *out_path)
{
    int rc = OK;
    span_writer *w = NULL;
    int64_t n = b->counts.sequences, n_spans = 0;
    uint64_t key = rng_bits((uint64_t)b->o->seed, KEY_SEQUENCES, (uint64_t)b->number);
    for (int64_t s = 0; s < n; s++) TRY(walk_sequence(b, s, count_span, &n_spans));
    TRY(span_writer_open(&w, out_path, n_spans, n));
    TRY(put_attributes(b, span_writer_file(w)));
    for (int64_t s = 0; s < n; s++) {
        TRY(walk_sequence(b, (int64_t)rng_unpermute(key, (uint64_t)s, (uint64_t)n), add_span, w));
        TRY(span_writer_end(w));
    }
    TRY(span_writer_commit(&w));
done:
    span_writer_abandon(&w);
    return rc;
}

int pack_block(const sequence_options *o, const vocabulary *v, char *const *shard_paths, size_t n_shards,
               int64_t number, const char *out_path, sequence_counts *counts)
{
    int rc = OK;
    block b = {.o = o, .v = v, .number = number};
    memset(counts, 0, sizeof *counts);
    TRY(document_template_make(&b.template, o));
    TRY(split_shards_make(&b.shards, shard_paths, n_shards));
    b.shards.unchecked = 1; /* a block of a large split has few examples of each shard */
    int64_t n_total = b.shards.first[n_shards], first = number * o->block;
    if (number < 0 || number >= pack_blocks(o, n_total))
        FAIL(ERR_INTERNAL, "block %lld of a split of %lld examples", (long long)number, (long long)n_total);
    b.n = n_total - first < o->block ? n_total - first : o->block;
    TRY(collect(&b));
    TRY(plan(&b));
    TRY(write_block(&b, out_path));
    *counts = b.counts;
done:
    block_free(&b);
    return rc;
}
