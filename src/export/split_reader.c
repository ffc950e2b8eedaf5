#include "export/split_reader.h"

#include "base/status.h"

void split_reader_start(split_reader *r, const export_split *s, int64_t batch_tokens)
{
    *r = (split_reader){.split = s, .batch_tokens = batch_tokens};
}

void split_reader_close(split_reader *r)
{
    sequence_batch_close(&r->batch);
    *r = (split_reader){0};
}

/* Sequences that the open file still has; opens the next one where it has none. 0: that was all. */
static int find_more(split_reader *r, int64_t *left)
{
    int rc = OK;
    const export_split *s = r->split;
    for (*left = 0;;) {
        if (r->batch.reader) *left = sequence_batch_total(&r->batch) - r->next;
        if (*left || r->file == s->n_index) break;
        sequence_batch_close(&r->batch);
        TRY(sequence_batch_open(&r->batch, &s->sources, s->index_paths[r->file], r->batch_tokens));
        r->file++;
        r->next = 0;
    }
done:
    return rc;
}

int split_reader_next(split_reader *r, int *more)
{
    int rc = OK;
    int64_t n;
    *more = 0;
    if (r->split->go_on) TRY(r->split->go_on());
    TRY(find_more(r, &n));
    int64_t left = r->split->n_sequences - r->counts.sequences;
    if (n > left || (!n && left))
        FAIL(ERR_CORRUPT, "split %s of set %s should have %lld sequences, its files have %s", r->split->name,
             r->split->set, (long long)r->split->n_sequences, n ? "more" : "fewer");
    if (!n) goto done;
    if (n > r->batch.capacity) n = r->batch.capacity;
    TRY(sequence_batch_read(&r->batch, r->next, n));
    r->first = r->counts.sequences;
    r->next += n;
    r->counts.sequences += n;
    r->counts.documents += (int64_t)r->batch.n_starts;
    for (int64_t i = 0; i < n; i++) r->counts.tokens += r->batch.tokens[i];
    *more = 1;
done:
    return rc;
}

void split_reader_document(const split_reader *r, int64_t i, int64_t k, int64_t *start, int64_t *end)
{
    const sequence_batch *b = &r->batch;
    int64_t first = i ? b->start_offsets[i - 1] : 0;
    *start = b->starts[first + k];
    *end = first + k + 1 < b->start_offsets[i] ? b->starts[first + k + 1] : b->tokens[i];
}
