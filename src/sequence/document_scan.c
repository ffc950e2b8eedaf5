/* From the examples of a shard to the rows of documents. */
#include "sequence/document_runs.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"

#include <stdio.h>
#include <string.h>

_Static_assert((int)STREAM_TEXT == MODALITY_TEXT && (int)STREAM_IMAGE == MODALITY_IMAGE &&
                   (int)STREAM_AUDIO == MODALITY_AUDIO && (int)STREAM_SENSOR == MODALITY_SENSOR,
               "the kind of a span of ids is its stream's modality");

enum { KEY_FORM = 6 }; /* what random numbers are for */

void document_set_free(document_set *s)
{
    word_list_free(&s->rows);
    word_list_free(&s->words);
}

void document_set_clear(document_set *s) { s->rows.n = s->words.n = 0; }

int document_starts(const shard_reader *r, int64_t i) { return i == 0 || shard_reader_starts_group(r, i); }

int document_is_dropped(const sequence_template *t, const document *d)
{
    return (t->overlong == SEQUENCE_DROP && d->length > t->length) || (t->long_media == SEQUENCE_DROP && d->long_media);
}

typedef struct scan {
    document_set *set;
    shard_reader *r;
    uint32_t shard;
    document *d;
    int64_t at; /* tokens so far */
    int64_t *ids;
    int any; /* the row at hand has ids or vectors */
} scan;

/* Ids or vectors of the example in a stream. */
static int find_range(const scan *x, stream_kind s, int64_t i, int64_t *start, int64_t *n)
{
    int rc = OK, vectors = x->set->t->uses[s] && x->set->t->form[s] != FORM_IDS;
    *start = *n = 0;
    if (!shard_reader_has(x->r, s)) return OK;
    if (vectors && !shard_reader_has_vectors(x->r, s))
        FAIL(ERR_MISMATCH,
             "the templates want vectors of %s, but shard %u has none: tokenise with %s.keep: vectors or both",
             stream_name(s), x->shard, stream_name(s));
    int64_t first = vectors ? shard_reader_vector_offset(x->r, s, i) : shard_reader_offset(x->r, s, i);
    int64_t end = vectors ? shard_reader_vector_offset(x->r, s, i + 1) : shard_reader_offset(x->r, s, i + 1);
    int64_t total = vectors ? shard_reader_vectors(x->r, s) : shard_reader_ids(x->r, s);
    if (first < 0 || end < first || end > total)
        FAIL(ERR_CORRUPT, "shard %u: the %s offsets of example %lld are wrong", x->shard, stream_name(s), (long long)i);
    *start = first;
    *n = end - first;
done:
    return rc;
}

static int scan_stream(scan *x, const template_op *op, int64_t i, int64_t *tokens)
{
    int rc = OK;
    int64_t start, n, runs;
    int32_t rows, columns = 0;
    TRY(find_range(x, op->stream, i, &start, &n));
    if (n > UINT32_MAX)
        FAIL(ERR_LIMIT, "example %lld has %lld of %s", (long long)i, (long long)n, stream_name(op->stream));
    TRY(word_list_add(&x->set->words, start));
    TRY(word_list_add(&x->set->words, n));
    if (op->newline) {
        TRY(shard_reader_grid(x->r, i, &rows, &columns));
        if (columns < 1 || n % columns) columns = 0; /* only where whole rows of the grid make up the ids */
        TRY(word_list_add(&x->set->words, columns));
    }
    if (op->reduced) TRY(document_runs_scan(&x->set->words, x->r, x->set->t, op, start, n, &runs));
    if (!n) goto done;
    x->any = 1;
    if (x->ids) x->ids[op->stream] += n;
    *tokens = stream_tokens(op, op->reduced ? runs : n, columns);
    x->d->long_media |= op->stream != STREAM_TEXT && *tokens > x->set->t->length;
done:
    return rc;
}

static int field_text(const scan *x, int field, int64_t i, char **text)
{
    static const example_text texts[N_TEMPLATE_FIELDS] = {[FIELD_OF_LANG] = EXAMPLE_LANG,
                                                          [FIELD_OF_TEXT_LANG] = EXAMPLE_TEXT_LANG,
                                                          [FIELD_OF_ROLE] = EXAMPLE_ROLE,
                                                          [FIELD_OF_SOURCE] = EXAMPLE_SOURCE};
    int32_t rows, columns;
    if (field != FIELD_OF_GRID) return shard_reader_text(x->r, texts[field], i, text);
    shard_reader_grid(x->r, i, &rows, &columns);
    return mem_format(text, "%d*%d", rows, columns);
}

static int scan_literal(scan *x, const template_op *op, int64_t i, int64_t *tokens)
{
    int rc = OK;
    char *all = NULL, *one = NULL, *joined = NULL;
    int64_t number;
    for (size_t k = 0; k < op->n_parts; k++) {
        const template_part *p = &op->parts[k];
        mem_free(&one);
        if (p->field != FIELD_NONE) TRY(field_text(x, p->field, i, &one));
        TRY(mem_format(&joined, "%s%s", all ? all : "", one ? one : p->text));
        mem_free(&all);
        all = joined;
        joined = NULL;
    }
    TRY(literal_table_find(x->set->literals, all, strlen(all), &number));
    TRY(word_list_add(&x->set->words, number));
    *tokens = literal_table_length(x->set->literals, number);
done:
    mem_free(&all);
    mem_free(&one);
    return rc;
}

/* Words of one program for example i (-1: a fixed part); *tokens: what it makes. */
static int scan_program(scan *x, const template_program *p, int64_t i, int64_t *tokens)
{
    int rc = OK;
    *tokens = 0;
    for (size_t k = 0; k < p->n; k++) {
        const template_op *op = &p->ops[k];
        int64_t n = 0, start;
        switch (op->kind) {
        case TEMPLATE_SPECIAL: n = 1; break;
        case TEMPLATE_STREAM: TRY(scan_stream(x, op, i, &n)); break;
        case TEMPLATE_LITERAL: TRY(scan_literal(x, op, i, &n)); break;
        case TEMPLATE_IF:
            TRY(find_range(x, op->stream, i, &start, &n));
            TRY(word_list_add(&x->set->words, n > 0));
            if (!n) k = (size_t)op->number - 1;
            n = 0;
            break;
        case TEMPLATE_LOSS:
        case TEMPLATE_ROWS: break;
        }
        *tokens += n;
    }
done:
    return rc;
}

static int add_row(scan *x, size_t program, int sep, int no_loss, int64_t word)
{
    int rc = OK;
    if (x->at >= (int64_t)1 << (63 - ROW_FLAG_BITS - ROW_PROGRAM_BITS) || program >> ROW_PROGRAM_BITS)
        FAIL(ERR_LIMIT, "a document of %lld tokens is too long", (long long)x->at);
    uint64_t packed =
        ((uint64_t)x->at << ROW_PROGRAM_BITS | program) << ROW_FLAG_BITS | (uint64_t)no_loss << 1 | (uint64_t)sep;
    TRY(word_list_add(&x->set->rows, (int64_t)packed));
    TRY(word_list_add(&x->set->rows, word));
    if (++x->d->n_rows == UINT32_MAX) FAIL(ERR_LIMIT, "a document of more than 2^32 rows");
done:
    return rc;
}

static int scan_fixed(scan *x, size_t program)
{
    int rc = OK;
    int64_t tokens, word = x->set->words.n;
    TRY(scan_program(x, &x->set->t->programs[program], -1, &tokens));
    if (!tokens) goto done;
    TRY(add_row(x, program, 0, 0, word));
    x->at += tokens;
done:
    return rc;
}

/* The separator has words of its own (its literals), before those of the row. */
static int scan_row(scan *x, size_t program, int no_loss, int64_t i, int *n_rows)
{
    int rc = OK, sep = *n_rows > 0;
    int64_t tokens, before = 0, word = x->set->words.n;
    x->any = 0;
    if (sep) TRY(scan_program(x, &x->set->t->programs[x->set->t->separator], -1, &before));
    TRY(scan_program(x, &x->set->t->programs[program], i, &tokens));
    if (!x->any) {
        x->set->words.n = word;
        goto done;
    }
    TRY(add_row(x, program, sep, no_loss, word));
    x->at += before + tokens;
    ++*n_rows;
done:
    return rc;
}

/* The program of a row, unless it is not wanted here. */
static int choose_program(const scan *x, const document_part *part, size_t usual, int64_t i, size_t *program,
                          int *wanted)
{
    int rc = OK;
    char *role = NULL;
    const sequence_template *t = x->set->t;
    *program = usual;
    *wanted = 1;
    if (!part->role && !t->n_roles) return OK;
    TRY(shard_reader_text(x->r, EXAMPLE_ROLE, i, &role));
    *wanted = !part->role || !strcmp(part->role, role);
    for (size_t k = 0; k < t->n_roles; k++)
        if (!strcmp(t->roles[k].role, role)) *program = t->roles[k].program;
done:
    mem_free(&role);
    return rc;
}

static int scan_rows(scan *x, const document_part *part, size_t usual, int64_t first, int64_t end, int *n_rows)
{
    int rc = OK, wanted;
    size_t program;
    for (int64_t i = first; i < end; i++) {
        TRY(choose_program(x, part, usual, i, &program, &wanted));
        if (wanted) TRY(scan_row(x, program, part->no_loss, i, n_rows));
    }
done:
    return rc;
}

int document_scan(document_set *s, shard_reader *r, uint32_t shard, int64_t first, int64_t copy, document *d,
                  int64_t *next, int64_t ids[N_STREAMS])
{
    int rc = OK, n_rows = 0;
    const sequence_template *t = s->t;
    scan x = {.set = s, .r = r, .shard = shard, .d = d, .ids = ids};
    int64_t n = shard_reader_examples(r), end = first + 1, rows_before = s->rows.n, words_before = s->words.n;
    while (end < n && !document_starts(r, end)) end++;
    *next = end;
    *d = (document){.first_row = rows_before / ROW_WORDS, .shard = shard};
    uint64_t choice = t->n_forms * t->n_rows == 1
                          ? 0
                          : rng_bits(t->seed, KEY_FORM, (uint64_t)shard_reader_row(r, first)) + (uint64_t)copy;
    const document_form *f = &t->forms[choice % t->n_forms];
    size_t usual = t->rows[choice / t->n_forms % t->n_rows];
    for (size_t i = 0; i < f->n; i++)
        TRY(f->parts[i].is_rows ? scan_rows(&x, &f->parts[i], usual, first, end, &n_rows)
                                : scan_fixed(&x, f->parts[i].program));
    d->length = x.at;
    if (n_rows) goto done;
    s->rows.n = rows_before;
    s->words.n = words_before;
    *d = (document){.first_row = rows_before / ROW_WORDS, .shard = shard};
done:
    return rc;
}
