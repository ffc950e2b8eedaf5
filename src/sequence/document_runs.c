#include "sequence/document_runs.h"

#include "base/status.h"

enum { BUFFER = 1 << 12 };

/* Call `begin` for the first id of each run, counted from the first id of the stream's n. */
static int visit_runs(shard_reader *r, stream_kind s, int64_t start, int64_t n, int (*begin)(void *user, int64_t id),
                      void *user)
{
    int rc = OK;
    uint32_t ids[BUFFER], last = 0;
    for (int64_t at = 0; at < n; at += BUFFER) {
        int64_t k = n - at < BUFFER ? n - at : BUFFER;
        TRY(shard_reader_read_ids(r, s, start + at, k, ids));
        for (int64_t i = 0; i < k; i++) {
            if (at + i == 0 || ids[i] != last) TRY(begin(user, at + i));
            last = ids[i];
        }
    }
done:
    return rc;
}

static int count_run(void *user, int64_t id)
{
    (void)id;
    ++*(int64_t *)user;
    return OK;
}

/* Going through the tokens of one example: `from` begins the piece at hand. */
typedef struct cutter {
    word_list *words;
    int64_t most, window; /* tokens of a sequence, ids of a window */
    int64_t from, token, id, n_cuts;
    run_cut best; /* the last run that begins a window */
} cutter;

static int cut_before(void *user, int64_t id)
{
    int rc = OK;
    cutter *c = user;
    if (c->window > 0 && id / c->window != c->id / c->window) c->best = (run_cut){c->token, id};
    c->id = id;
    if (c->token - c->from == c->most) {
        run_cut at = c->best.token > c->from ? c->best : (run_cut){c->token, id};
        TRY(word_list_add(c->words, at.token));
        TRY(word_list_add(c->words, at.id));
        c->from = at.token;
        c->n_cuts++;
    }
    c->token++;
done:
    return rc;
}

int document_runs_scan(word_list *words, shard_reader *r, const sequence_template *t, const template_op *op,
                       int64_t start, int64_t n, int64_t *runs)
{
    int rc = OK;
    cutter c = {.words = words,
                .most = t->length,
                .window = op->stream == STREAM_AUDIO ? t->audio_window : 0,
                .token = !op->bare};
    *runs = 0;
    TRY(visit_runs(r, op->stream, start, n, count_run, runs));
    TRY(word_list_add(words, *runs));
    int64_t at = words->n;
    TRY(word_list_add(words, 0));
    if (stream_tokens(op, *runs, 0) > t->length) {
        TRY(visit_runs(r, op->stream, start, n, cut_before, &c));
        if (!op->bare) TRY(cut_before(&c, n)); /* the end special */
        *word_list_at(words, at) = c.n_cuts;
    }
done:
    return rc;
}
