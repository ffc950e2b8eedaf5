#include "sequence/sequence_print.h"

#include "base/memory.h"
#include "base/status.h"
#include "sequence/id_reader.h"
#include "sequence/sequence_attributes.h"
#include "sequence/split_shards.h"

#include <inttypes.h>
#include <string.h>

enum { SHOWN = 8 }; /* ids of a run of media that are shown */

/* Example that holds this id: the last one whose ids begin at or before it. */
static int64_t example_of(const shard_reader *r, stream_kind s, int64_t id)
{
    int64_t low = 0, high = shard_reader_examples(r);
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (shard_reader_offset(r, s, middle) <= id)
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void print_names(FILE *out, const vocabulary *v, const span *s, const uint32_t *ids)
{
    char name[64];
    uint32_t n = s->kind == MODALITY_TEXT || s->length <= SHOWN ? s->length : SHOWN;
    for (uint32_t i = 0; i < n; i++) {
        vocabulary_name(v, ids[i], name, sizeof name);
        fputs(name, out);
    }
    if (n < s->length) fputs(" ...", out);
}

static int print_span(FILE *out, const vocabulary *v, split_shards *shards, const span *s, int64_t at,
                      const uint32_t *ids)
{
    int rc = OK;
    char *id = NULL;
    fprintf(out, "%7" PRId64 " %6u  %-8s%s", at, s->length, modality_name((modality)s->kind),
            s->loss ? "      " : "no loss");
    fputs("  ", out);
    print_names(out, v, s, ids);
    if (s->kind < N_STREAMS) {
        shard_reader *r;
        TRY(split_shards_open(shards, s->shard, &r));
        TRY(shard_reader_text(r, EXAMPLE_ID, example_of(r, (stream_kind)s->kind, s->start), &id));
        fprintf(out, "   (%s)", id);
    }
    fputc('\n', out);
done:
    mem_free(&id);
    return rc;
}

/* Joint ids of the spans of one sequence into `ids`, (tokens). */
static int fill(const vocabulary *v, const split_shards *shards, const span *spans, int64_t n, uint32_t *ids,
                uint32_t tokens)
{
    int rc = OK;
    id_request *requests = NULL;
    size_t n_requests = 0;
    int64_t at = 0;
    TRY(MEM_ALLOC(requests, (size_t)n));
    for (int64_t i = 0; i < n; i++) {
        if (spans[i].length > tokens - at) FAIL(ERR_CORRUPT, "spans are longer than their sequence");
        if (spans[i].kind != MODALITY_SPECIAL) {
            requests[n_requests++] = (id_request){spans[i], at};
        } else {
            if (spans[i].start < 0 || spans[i].start >= N_SPECIALS || spans[i].length != 1)
                FAIL(ERR_CORRUPT, "special %" PRId64 " is not known", spans[i].start);
            ids[at] = (uint32_t)vocabulary_special(v, (special_id)spans[i].start);
        }
        at += spans[i].length;
    }
    TRY(id_reader_fill(shards->paths, shards->n, v, requests, n_requests, ids, tokens));
done:
    mem_free(&requests);
    return rc;
}

static int print_spans(FILE *out, const vocabulary *v, split_shards *shards, span_reader *r, int64_t sequence)
{
    int rc = OK;
    span *spans = NULL;
    uint32_t *ids = NULL, tokens = 0;
    int64_t offsets[2], at = 0;
    TRY(span_reader_bounds(r, sequence, 1, offsets, &tokens));
    int64_t n = offsets[1] - offsets[0];
    TRY(MEM_ALLOC(spans, (size_t)n));
    TRY(MEM_ALLOC(ids, tokens));
    TRY(span_reader_read(r, offsets[0], n, spans));
    TRY(fill(v, shards, spans, n, ids, tokens));
    fprintf(out, "sequence %" PRId64 ": %u tokens\n", sequence, tokens);
    for (int64_t i = 0; i < n; at += spans[i++].length) {
        if (spans[i].begins) fputc('\n', out);
        TRY(print_span(out, v, shards, &spans[i], at, ids + at));
    }
done:
    mem_free(&spans);
    mem_free(&ids);
    return rc;
}

int sequence_print(FILE *out, const vocabulary *v, char *const *shard_paths, size_t n_shards, const char *index_path,
                   int64_t sequence)
{
    int rc = OK;
    split_shards shards = {0};
    span_reader *r = NULL;
    sequence_attributes a;
    TRY(span_reader_open(&r, index_path));
    TRY(sequence_attributes_get(span_reader_file(r), v, &a));
    int64_t n = span_reader_sequences(r);
    if (sequence < 0 || sequence >= n)
        FAIL(ERR_USAGE, "%s has sequences 0 to %" PRId64 ", not %" PRId64, index_path, n - 1, sequence);
    TRY(split_shards_make(&shards, shard_paths, n_shards));
    TRY(print_spans(out, v, &shards, r, sequence));
done:
    split_shards_free(&shards);
    span_reader_close(&r);
    return rc;
}
