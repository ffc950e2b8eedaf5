#include "sequence/document_row.h"

#include <string.h>

void document_row_read(const document_set *s, int64_t row, document_row *out)
{
    uint64_t packed = (uint64_t)*word_list_at(&s->rows, ROW_WORDS * row);
    out->word = *word_list_at(&s->rows, ROW_WORDS * row + 1);
    out->sep = (int)(packed & 1);
    out->no_loss = (int)(packed >> 1 & 1);
    out->program = &s->t->programs[packed >> ROW_FLAG_BITS & ((1u << ROW_PROGRAM_BITS) - 1)];
    out->at = (int64_t)(packed >> (ROW_FLAG_BITS + ROW_PROGRAM_BITS));
}

int64_t stream_tokens(const template_op *op, int64_t n, int32_t columns)
{
    int marked = op->stream != STREAM_TEXT && !op->bare;
    int64_t newlines = columns > 0 ? n / columns - (op->newline == NEWLINE_BETWEEN) : 0;
    if (op->form == FORM_CROSS) return 1;
    return n + newlines + 2 * marked;
}

row_walk row_walk_start(const document_set *s, const document_row *r)
{
    return (row_walk){.set = s, .row = r, .word = r->word, .at = r->at, .in_row = !r->sep, .loss = 1};
}

static int64_t next_word(row_walk *w) { return *word_list_at(&w->set->words, w->word++); }

/* A stream's words: first id, number (0: the row lacks it), and of pictures with newlines the columns. */
static void walk_stream(row_walk *w, const template_op *op, row_part *part)
{
    part->start = next_word(w);
    part->n = next_word(w);
    part->columns = op->newline ? (int32_t)next_word(w) : 0;
    part->length = part->n ? stream_tokens(op, part->n, part->columns) : 0;
}

static void walk_op(row_walk *w, const template_op *op, row_part *part)
{
    switch (op->kind) {
    case TEMPLATE_SPECIAL: part->length = 1; break;
    case TEMPLATE_LOSS: w->loss = op->number != 0; break;
    case TEMPLATE_STREAM: walk_stream(w, op, part); break;
    case TEMPLATE_LITERAL: {
        int64_t number = next_word(w);
        part->start = w->set->literals->offsets[number];
        part->n = part->length = literal_table_length(w->set->literals, number);
        break;
    }
    case TEMPLATE_IF:
        if (!next_word(w)) w->op = (size_t)op->number;
        break;
    case TEMPLATE_ROWS: break;
    }
}

int row_walk_next(row_walk *w, row_part *part)
{
    for (;;) {
        const template_program *p = w->in_row ? w->row->program : &w->set->t->programs[w->set->t->separator];
        if (w->op == p->n) {
            if (w->in_row) return 0;
            w->in_row = 1;
            w->op = 0;
            w->loss = 1;
            continue;
        }
        const template_op *op = &p->ops[w->op++];
        *part = (row_part){.op = op, .at = w->at};
        walk_op(w, op, part);
        if (!part->length) continue;
        part->loss = w->loss && !w->row->no_loss;
        w->at += part->length;
        return 1;
    }
}
