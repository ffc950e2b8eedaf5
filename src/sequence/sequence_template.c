#include "sequence/sequence_template.h"

#include "base/memory.h"
#include "base/status.h"

#include <string.h>

static const struct {
    special_id begin, end;
} marks[N_STREAMS] = {
    [STREAM_IMAGE] = {SPECIAL_BOI, SPECIAL_EOI},
    [STREAM_AUDIO] = {SPECIAL_BOA, SPECIAL_EOA},
    [STREAM_SENSOR] = {SPECIAL_BOSN, SPECIAL_EOSN},
};

int stream_marks(stream_kind s, special_id *begin, special_id *end)
{
    *begin = marks[s].begin;
    *end = marks[s].end;
    return s != STREAM_TEXT;
}

static int add_program(sequence_template *t, template_program *p, size_t *number)
{
    int rc = OK;
    TRY(MEM_GROW(t->programs, &t->capacity, t->n_programs + 1));
    t->programs[t->n_programs] = *p;
    *number = t->n_programs++;
    *p = (template_program){0};
done:
    return rc;
}

/* A stream has one form in a set: it is either ids or vectors that the sequences cover. */
static int note_uses(sequence_template *t, const char *key, const template_program *p)
{
    int rc = OK;
    for (size_t i = 0; i < p->n; i++) {
        const template_op *op = &p->ops[i];
        for (size_t k = 0; k < op->n_parts && op->kind == TEMPLATE_LITERAL; k++)
            t->needs_texts |= op->parts[k].field != FIELD_NONE && op->parts[k].field != FIELD_OF_GRID;
        if (op->kind != TEMPLATE_STREAM) continue;
        if (t->uses[op->stream] && t->form[op->stream] != op->form)
            FAIL(ERR_CONFIG, "%s: %s stands in two forms in the templates of one set; use one of ids, vectors, cross",
                 key, stream_name(op->stream));
        t->uses[op->stream] = 1;
        t->reduces[op->stream] |= op->reduced;
        t->form[op->stream] = op->form;
    }
done:
    return rc;
}

static int parse_row(sequence_template *t, const sequence_options *o, const char *key, const char *text, size_t *number)
{
    int rc = OK;
    template_program p = {0};
    TRY(template_parse(key, text, o->specials.texts, o->specials.n, &p));
    for (size_t i = 0; i < p.n; i++)
        if (p.ops[i].kind == TEMPLATE_ROWS) FAIL(ERR_CONFIG, "%s: {rows} belongs to sequence.document", key);
    TRY(note_uses(t, key, &p));
    TRY(add_program(t, &p, number));
done:
    template_program_free(&p);
    return rc;
}

static int check_fixed(const char *key, const template_op *op)
{
    int rc = OK, field = 0;
    for (size_t k = 0; k < op->n_parts; k++) field |= op->parts[k].field != FIELD_NONE;
    if (op->kind == TEMPLATE_STREAM || op->kind == TEMPLATE_IF || (op->kind == TEMPLATE_LITERAL && field))
        FAIL(ERR_CONFIG, "%s: streams and fields of an example belong to sequence.row or sequence.roles", key);
done:
    return rc;
}

/* Cut a document's program at its places for rows. */
static int split_form(sequence_template *t, template_program *p, document_form *f)
{
    int rc = OK, loss = 1;
    size_t capacity = 0, program_capacity = 0;
    template_program fixed = {0};
    for (size_t i = 0; i <= p->n; i++) {
        template_op *op = i < p->n ? &p->ops[i] : NULL;
        if (op && op->kind != TEMPLATE_ROWS) {
            TRY(check_fixed("sequence.document", op));
            if (!fixed.n && !loss && op->kind != TEMPLATE_LOSS) {
                TRY(MEM_GROW(fixed.ops, &program_capacity, 1));
                fixed.ops[fixed.n++] = (template_op){.kind = TEMPLATE_LOSS};
            }
            TRY(MEM_GROW(fixed.ops, &program_capacity, fixed.n + 1));
            fixed.ops[fixed.n++] = *op;
            if (op->kind == TEMPLATE_LOSS) loss = op->number != 0;
            *op = (template_op){.kind = TEMPLATE_LOSS}; /* its parts have gone */
            continue;
        }
        TRY(MEM_GROW(f->parts, &capacity, f->n + 2));
        if (fixed.n) {
            size_t number;
            TRY(add_program(t, &fixed, &number));
            program_capacity = 0;
            f->parts[f->n++] = (document_part){.program = number};
        }
        if (!op) break;
        f->parts[f->n++] = (document_part){.is_rows = 1, .no_loss = !loss};
        if (op->n_parts) {
            f->parts[f->n - 1].role = op->parts[0].text;
            t->needs_texts = 1;
        }
    }
done:
    template_program_free(&fixed);
    return rc;
}

static int make_forms(sequence_template *t, const sequence_options *o)
{
    int rc = OK;
    TRY(MEM_ALLOC(t->forms, o->document.n));
    for (size_t i = 0; i < o->document.n; i++) {
        template_program p = {0};
        size_t number;
        int any = 0;
        TRY(template_parse("sequence.document", o->document.texts[i], o->specials.texts, o->specials.n, &p));
        for (size_t k = 0; k < p.n; k++) any |= p.ops[k].kind == TEMPLATE_ROWS;
        rc = any ? split_form(t, &p, &t->forms[t->n_forms++])
                 : status_set(ERR_CONFIG, __FILE__, __LINE__, "sequence.document has no {rows} in it: \"%.100s\"",
                              o->document.texts[i]);
        if (rc == OK) rc = add_program(t, &p, &number); /* keeps the names of roles */
        template_program_free(&p);
        if (rc != OK) goto done;
    }
done:
    return rc;
}

/* "ROLE: TEMPLATE", as a map in the file gives it. */
static int add_role(sequence_template *t, const sequence_options *o, const char *entry)
{
    int rc = OK;
    char *key = NULL;
    const char *colon = strstr(entry, ": ");
    role_template *r = &t->roles[t->n_roles];
    if (!colon || colon == entry)
        FAIL(ERR_CONFIG, "sequence.roles: \"%.100s\" is not of the form ROLE: TEMPLATE", entry);
    TRY(mem_copy(&r->role, entry, (size_t)(colon - entry)));
    t->n_roles++;
    for (size_t i = 0; i + 1 < t->n_roles; i++)
        if (!strcmp(t->roles[i].role, r->role)) FAIL(ERR_CONFIG, "sequence.roles has %s twice", r->role);
    TRY(mem_format(&key, "sequence.roles.%s", r->role));
    TRY(parse_row(t, o, key, colon + 2, &r->program));
    t->needs_texts = 1;
done:
    mem_free(&key);
    return rc;
}

static int make_rows(sequence_template *t, const sequence_options *o)
{
    int rc = OK;
    TRY(MEM_ALLOC(t->rows, o->row.n));
    for (; t->n_rows < o->row.n; t->n_rows++)
        TRY(parse_row(t, o, "sequence.row", o->row.texts[t->n_rows], &t->rows[t->n_rows]));
    TRY(MEM_ALLOC(t->roles, o->roles.n));
    for (size_t i = 0; i < o->roles.n; i++) TRY(add_role(t, o, o->roles.texts[i]));
done:
    return rc;
}

static int make_separator(sequence_template *t, const sequence_options *o)
{
    int rc = OK;
    template_program p = {0};
    TRY(template_parse("sequence.separator", o->separator, o->specials.texts, o->specials.n, &p));
    for (size_t i = 0; i < p.n; i++) {
        if (p.ops[i].kind == TEMPLATE_ROWS) FAIL(ERR_CONFIG, "sequence.separator: {rows} belongs to sequence.document");
        TRY(check_fixed("sequence.separator", &p.ops[i]));
    }
    TRY(add_program(t, &p, &t->separator));
done:
    template_program_free(&p);
    return rc;
}

int sequence_template_make(sequence_template *t, const sequence_set *set)
{
    int rc = OK;
    const sequence_options *o = set->options;
    *t = (sequence_template){.audio_window = set->audio_window,
                             .length = o->length,
                             .overlong = o->overlong,
                             .long_media = o->long_media,
                             .seed = (uint64_t)o->seed};
    if (!o->document.n || !o->row.n) FAIL(ERR_CONFIG, "%s is empty", o->row.n ? "sequence.document" : "sequence.row");
    TRY(make_forms(t, o));
    TRY(make_rows(t, o));
    TRY(make_separator(t, o));
done:
    if (rc != OK) sequence_template_free(t);
    return rc;
}

void sequence_template_free(sequence_template *t)
{
    for (size_t i = 0; i < t->n_programs; i++) template_program_free(&t->programs[i]);
    for (size_t i = 0; t->forms && i < t->n_forms; i++) mem_free(&t->forms[i].parts);
    for (size_t i = 0; t->roles && i < t->n_roles; i++) mem_free(&t->roles[i].role);
    mem_free(&t->programs);
    mem_free(&t->forms);
    mem_free(&t->rows);
    mem_free(&t->roles);
    *t = (sequence_template){0};
}
