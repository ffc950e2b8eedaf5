/* Parts to one shard. The parts are read three times: a survey of the pieces (which rows they belong to, and whether
 * one of them is a reject), a pass that counts and writes the reject ledger, and a pass that writes. At any time one
 * part of whole rows and one piece are mapped. */
#include "shards/shard.h"

#include "base/fault.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/status.h"
#include "shards/part.h"
#include "shards/reject_line.h"
#include "shards/shard_builder.h"

#include <stdio.h>
#include <string.h>

/* What the survey keeps of a part. */
typedef struct part_note {
    int64_t position; /* row of a piece; -1: a part of whole rows */
    int64_t first, last;
    int rejected;
    uint64_t xxh3;
    sound_content sound;
} part_note;

typedef struct gather {
    shard_parts parts;
    const shard_options *options;
    shard_judge judge;
    int (*take)(void *user, const example *e); /* not NULL: examples are visited only */
    void *user;
    part_note *notes;
    shard_builder builder;
    file_writer *rejects, *filtered; /* first pass */
    int writing;                     /* second pass */
    int group_starts;                /* the row that starts the group in hand was left out */
    int64_t rows, n_rejects, n_filtered;
    size_t pieces, pieces_used;
} gather;

static int open_part(const gather *g, size_t i, part_reader **out)
{
    return part_reader_open(out, g->parts.paths[i], g->options->tokens_hash, g->parts.units[i]);
}

/* The one row of a piece; its views last as long as the reader. */
static int read_piece(const gather *g, size_t i, part_reader **r, example *e)
{
    int rc = OK;
    TRY(open_part(g, i, r));
    if (part_reader_rows(*r) != 1) FAIL(ERR_CORRUPT, "%s is a piece of more than one row", g->parts.paths[i]);
    TRY(part_reader_row(*r, 0, e));
    if (e->position != part_reader_header(*r)->piece_position)
        FAIL(ERR_CORRUPT, "%s is a piece of another row than it says", g->parts.paths[i]);
done:
    return rc;
}

static int survey(gather *g)
{
    int rc = OK;
    part_reader *r = NULL;
    example e;
    TRY(MEM_ALLOC(g->notes, g->parts.n));
    for (size_t i = 0; i < g->parts.n; i++) {
        part_note *note = &g->notes[i];
        part_reader_close(&r);
        TRY(open_part(g, i, &r));
        const part_header *h = part_reader_header(r);
        *note = (part_note){.position = h->piece_position, .first = h->piece_first, .last = h->piece_last};
        if (note->position < 0) continue;
        if (i == 0) FAIL(ERR_CORRUPT, "%s is a piece without its row", g->parts.paths[i]);
        part_reader_close(&r);
        TRY(read_piece(g, i, &r, &e));
        note->rejected = e.outcome != OUTCOME_EXAMPLE;
        note->xxh3 = e.stream[STREAM_AUDIO].xxh3;
        note->sound = e.sound;
        g->pieces++;
    }
done:
    part_reader_close(&r);
    return rc;
}

/* Turn a row into the reject that one of its pieces is. */
static int take_reject(const gather *g, size_t piece, example *e)
{
    int rc = OK;
    part_reader *r = NULL;
    example p;
    TRY(read_piece(g, piece, &r, &p));
    e->outcome = p.outcome;
    e->status = p.status;
    memcpy(e->stage, p.stage, sizeof e->stage);
    memcpy(e->rule, p.rule, sizeof e->rule);
    memcpy(e->message, p.message, sizeof e->message);
done:
    part_reader_close(&r);
    return rc;
}

/* Find the pieces of a row among parts from .. to - 1, test their order, and see what they and the judge make of the
 * row. */
static int judge_row(gather *g, size_t from, size_t to, example *e)
{
    int rc = OK;
    const part_note *before = NULL;
    uint64_t xxh3 = e->stream[STREAM_AUDIO].used ? e->stream[STREAM_AUDIO].xxh3 : 0;
    for (size_t i = from; i < to; i++) {
        const part_note *note = &g->notes[i];
        if (note->position != e->position) continue;
        if (before && note->first != before->last + 1)
            FAIL(ERR_CORRUPT, "%s: windows from %lld follow windows to %lld", g->parts.paths[i], (long long)note->first,
                 (long long)before->last);
        before = note;
        g->pieces_used++;
        if (e->outcome != OUTCOME_EXAMPLE) continue;
        sound_content_add(&e->sound, &note->sound);
        if (note->rejected) TRY(take_reject(g, i, e));
        if (e->outcome == OUTCOME_EXAMPLE && xxh3 && note->xxh3 != xxh3) {
            e->outcome = OUTCOME_REJECT;
            e->status = ERR_CHANGED;
            strcpy(e->stage, "audio");
            strcpy(e->message, "the file changed between two of its pieces");
        }
        xxh3 = note->xxh3;
    }
    if (e->outcome == OUTCOME_EXAMPLE && g->judge.row) TRY(g->judge.row(g->judge.user, e, before != NULL));
done:
    return rc;
}

static int leave_out(gather *g, const example *e)
{
    if (e->outcome == OUTCOME_REJECT)
        g->n_rejects++;
    else
        g->n_filtered++;
    if (g->writing || g->take) return OK;
    return reject_line_write(e->outcome == OUTCOME_REJECT ? g->rejects : g->filtered, e);
}

static int add_pieces(gather *g, size_t from, size_t to, int64_t position)
{
    int rc = OK;
    part_reader *r = NULL;
    example e;
    for (size_t i = from; i < to; i++) {
        if (g->notes[i].position != position) continue;
        part_reader_close(&r);
        TRY(read_piece(g, i, &r, &e));
        TRY(shard_builder_stream(&g->builder, STREAM_AUDIO, &e.stream[STREAM_AUDIO]));
    }
done:
    part_reader_close(&r);
    return rc;
}

static int visit_row(gather *g, size_t from, size_t to, example *e)
{
    static const stream_kind order[] = {STREAM_TEXT, STREAM_IMAGE, STREAM_SENSOR, STREAM_AUDIO};
    int rc = OK;
    g->rows++;
    g->group_starts |= e->starts_group;
    TRY(judge_row(g, from, to, e));
    if (e->outcome != OUTCOME_EXAMPLE) return leave_out(g, e);
    if (g->take) return g->take(g->user, e);
    TRY(shard_builder_begin(&g->builder, e, g->group_starts));
    g->group_starts = 0;
    for (size_t k = 0; k < N_STREAMS; k++)
        if (e->stream[order[k]].used) TRY(shard_builder_stream(&g->builder, order[k], &e->stream[order[k]]));
    TRY(add_pieces(g, from, to, e->position));
    TRY(shard_builder_end(&g->builder));
done:
    return rc;
}

static int visit_part(gather *g, size_t i)
{
    int rc = OK;
    size_t to = i + 1;
    part_reader *r = NULL;
    example e;
    while (to < g->parts.n && g->notes[to].position >= 0) to++;
    TRY(open_part(g, i, &r));
    for (int64_t k = 0; k < part_reader_rows(r); k++) {
        TRY(part_reader_row(r, k, &e));
        TRY(visit_row(g, i + 1, to, &e));
    }
done:
    part_reader_close(&r);
    return rc;
}

/* One pass over all rows. */
static int visit(gather *g)
{
    int rc = OK;
    g->rows = g->n_rejects = g->n_filtered = 0;
    g->pieces_used = 0;
    g->group_starts = 1;
    for (size_t i = 0; i < g->parts.n; i++) {
        int err = g->writing && i == g->parts.n / 2 ? fault_point("shard.mid-gather") : 0;
        if (err) FAIL(status_from_errno(err), "cannot gather: %s", strerror(err));
        if (g->notes[i].position < 0) TRY(visit_part(g, i));
    }
    if (g->pieces_used != g->pieces) FAIL(ERR_CORRUPT, "%s: a piece does not follow its row", g->parts.paths[0]);
done:
    return rc;
}

static int write_ledgers(gather *g, const shard_files *files)
{
    int rc = OK;
    TRY(file_writer_open(&g->rejects, files->rejects, "rejects"));
    TRY(file_writer_open(&g->filtered, files->filtered, "filtered"));
    TRY(visit(g));
    TRY(file_writer_commit(&g->rejects));
    TRY(file_writer_commit(&g->filtered));
done:
    file_writer_abandon(&g->rejects);
    file_writer_abandon(&g->filtered);
    return rc;
}

static int write_shard(gather *g, const char *path)
{
    int rc = OK;
    h5_file *f = NULL;
    TRY(h5_create(&f, path, "shard"));
    TRY(shard_builder_create(&g->builder, f));
    g->writing = 1;
    TRY(visit(g));
    TRY(shard_builder_finish(&g->builder));
    TRY(h5_commit(&f));
done:
    h5_abandon(&f);
    return rc;
}

static int begin(gather **out, const shard_parts *parts, const shard_options *o, const shard_judge *judge)
{
    int rc = OK;
    TRY(MEM_ALLOC(*out, 1));
    (*out)->parts = *parts;
    (*out)->options = o;
    if (judge) (*out)->judge = *judge;
    TRY(survey(*out));
done:
    return rc;
}

static void end(gather **g)
{
    if (*g) {
        shard_builder_free(&(*g)->builder);
        mem_free(&(*g)->notes);
    }
    mem_free(g);
}

int shard_gather(const shard_files *files, const shard_parts *parts, const shard_options *o, const shard_judge *judge,
                 shard_counts *counts)
{
    int rc = OK;
    gather *g = NULL;
    memset(counts, 0, sizeof *counts);
    TRY(begin(&g, parts, o, judge));
    TRY(shard_builder_open(&g->builder, o));
    TRY(write_ledgers(g, files));
    TRY(write_shard(g, files->shard));
    *counts = g->builder.counts;
    counts->rows = g->rows;
    counts->rejects = g->n_rejects;
    counts->filtered = g->n_filtered;
    TRY(file_stat(files->shard, &counts->bytes, NULL));
    TRY(sha256_file(files->shard, counts->sha256));
done:
    end(&g);
    return rc;
}

int shard_visit(const shard_parts *parts, const shard_options *o, const shard_judge *judge,
                int (*take)(void *user, const example *e), void *user)
{
    int rc = OK;
    gather *g = NULL;
    TRY(begin(&g, parts, o, judge));
    g->take = take;
    g->user = user;
    TRY(visit(g));
done:
    end(&g);
    return rc;
}
