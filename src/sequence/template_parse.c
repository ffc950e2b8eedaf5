#include "sequence/template_parse.h"

#include "base/memory.h"
#include "base/status.h"

#include <stdio.h>
#include <string.h>

enum { MAX_OPS = 4096, MAX_DEPTH = 8, MAX_NAME = 64 };

typedef struct parser {
    const char *key, *text;
    size_t at, n;
    char *const *specials;
    size_t n_specials;
    template_program *program;
    size_t capacity, parts_capacity;
    char *literal; /* text of the part that is being read */
    size_t literal_n, literal_capacity;
    int in_literal; /* the last op is a literal that may go on */
    size_t open[MAX_DEPTH];
    int depth;
} parser;

static const char *const field_names[N_TEMPLATE_FIELDS] = {
    [FIELD_OF_LANG] = "lang",     [FIELD_OF_TEXT_LANG] = "text_lang", [FIELD_OF_ROLE] = "role",
    [FIELD_OF_SOURCE] = "source", [FIELD_OF_GRID] = "grid",
};

static int add_op(parser *p, template_op op)
{
    int rc = OK;
    if (p->program->n >= MAX_OPS) FAIL(ERR_CONFIG, "%s has more than %d parts", p->key, (int)MAX_OPS);
    TRY(MEM_GROW(p->program->ops, &p->capacity, p->program->n + 1));
    p->program->ops[p->program->n++] = op;
    p->in_literal = 0;
done:
    return rc;
}

static int add_part(parser *p, int field, const char *text, size_t n)
{
    int rc = OK;
    char *copy = NULL;
    if (!p->in_literal) {
        TRY(add_op(p, (template_op){.kind = TEMPLATE_LITERAL}));
        p->in_literal = 1;
        p->parts_capacity = 0;
    }
    template_op *op = &p->program->ops[p->program->n - 1];
    if (field == FIELD_NONE) TRY(mem_copy(&copy, text, n));
    TRY(MEM_GROW(op->parts, &p->parts_capacity, op->n_parts + 1));
    op->parts[op->n_parts++] = (template_part){field, copy};
    copy = NULL;
done:
    mem_free(&copy);
    return rc;
}

static int end_literal(parser *p)
{
    int rc = OK;
    if (!p->literal_n) return OK;
    TRY(add_part(p, FIELD_NONE, p->literal, p->literal_n));
    p->literal_n = 0;
done:
    return rc;
}

static int add_character(parser *p, char c)
{
    int rc = OK;
    TRY(MEM_GROW(p->literal, &p->literal_capacity, p->literal_n + 1));
    p->literal[p->literal_n++] = c;
done:
    return rc;
}

/* The name between the brackets at p->at; p->at goes behind them. */
static int take_name(parser *p, char close, char name[MAX_NAME], size_t *n)
{
    int rc = OK;
    const char *start = p->text + p->at + 1, *end = memchr(start, close, p->n - p->at - 1);
    if (!end || end - start >= MAX_NAME)
        FAIL(ERR_CONFIG, "%s: no %c ends the %c at byte %zu (%c%c stands for the sign itself)", p->key, close,
             p->text[p->at], p->at + 1, p->text[p->at], p->text[p->at]);
    *n = (size_t)(end - start);
    memcpy(name, start, *n);
    name[*n] = 0;
    p->at += *n + 2;
done:
    return rc;
}

static int take_special(parser *p)
{
    int rc = OK, number;
    char name[MAX_NAME];
    size_t n, i = 0;
    TRY(end_literal(p));
    TRY(take_name(p, '>', name, &n));
    number = vocabulary_special_named(name, n);
    while (i < p->n_specials && strcmp(p->specials[i], name)) i++;
    if (number < 0 && i == p->n_specials)
        FAIL(ERR_CONFIG, "%s: <%s> is no special token; name it in sequence.specials, or write << for a plain <",
             p->key, name);
    if (number < 0) number = SPECIAL_CUSTOM + (int)i;
    TRY(add_op(p, (template_op){.kind = TEMPLATE_SPECIAL, .number = number}));
done:
    return rc;
}

static stream_kind find_stream(const char *name)
{
    stream_kind s = 0;
    while (s < N_STREAMS && strcmp(name, stream_name(s))) s++;
    return s;
}

static int take_options(const parser *p, template_op *op, char *options)
{
    int rc = OK;
    char *rest = NULL;
    for (char *o = strtok_r(options, ",", &rest); o; o = strtok_r(NULL, ",", &rest)) {
        if (!strcmp(o, "bare") && op->stream != STREAM_TEXT)
            op->bare = 1;
        else if (!strcmp(o, "newline") && op->stream == STREAM_IMAGE)
            op->newline = NEWLINE_AFTER;
        else if (!strcmp(o, "between") && op->stream == STREAM_IMAGE)
            op->newline = NEWLINE_BETWEEN;
        else if (!strcmp(o, "vectors") && op->stream != STREAM_TEXT)
            op->form = FORM_VECTORS;
        else if (!strcmp(o, "cross") && op->stream != STREAM_TEXT)
            op->form = FORM_CROSS;
        else
            FAIL(ERR_CONFIG,
                 "%s: {%s:...} has no option \"%s\"; there are bare, newline and between (image), vectors, cross",
                 p->key, stream_name(op->stream), o);
    }
    if (op->newline && op->form == FORM_CROSS)
        FAIL(ERR_CONFIG, "%s: {image:cross} is one token, which has no rows for newline or between", p->key);
done:
    return rc;
}

static int take_if(parser *p, const char *name)
{
    int rc = OK;
    stream_kind s = find_stream(name);
    if (s == N_STREAMS) FAIL(ERR_CONFIG, "%s: {?%s}: there are text, image, audio, sensor", p->key, name);
    if (p->depth == MAX_DEPTH) FAIL(ERR_CONFIG, "%s: {?...} more than %d deep", p->key, (int)MAX_DEPTH);
    p->open[p->depth++] = p->program->n;
    TRY(add_op(p, (template_op){.kind = TEMPLATE_IF, .stream = s}));
done:
    return rc;
}

static int end_if(parser *p)
{
    int rc = OK;
    if (!p->depth) FAIL(ERR_CONFIG, "%s: {/} without {?...} before it", p->key);
    p->program->ops[p->open[--p->depth]].number = (int64_t)p->program->n;
    p->in_literal = 0;
done:
    return rc;
}

static int take_rows(parser *p, const char *role)
{
    int rc = OK;
    TRY(add_op(p, (template_op){.kind = TEMPLATE_ROWS}));
    template_op *op = &p->program->ops[p->program->n - 1];
    if (!role) goto done;
    TRY(MEM_ALLOC(op->parts, 1));
    op->n_parts = 1;
    TRY(mem_string(&op->parts[0].text, role));
done:
    return rc;
}

static int take_reference(parser *p)
{
    int rc = OK, field = 1;
    char name[MAX_NAME];
    size_t n;
    TRY(end_literal(p));
    TRY(take_name(p, '}', name, &n));
    if (!strcmp(name, "-") || !strcmp(name, "+")) {
        TRY(add_op(p, (template_op){.kind = TEMPLATE_LOSS, .number = *name == '+'}));
        goto done;
    }
    if (!strcmp(name, "/")) return end_if(p);
    if (*name == '?') return take_if(p, name + 1);
    char *colon = strchr(name, ':');
    if (colon) *colon = 0;
    if (!strcmp(name, "rows")) return take_rows(p, colon ? colon + 1 : NULL);
    while (field < N_TEMPLATE_FIELDS && strcmp(name, field_names[field])) field++;
    if (field < N_TEMPLATE_FIELDS && !colon) return add_part(p, field, NULL, 0);
    template_op op = {.kind = TEMPLATE_STREAM, .stream = find_stream(name)};
    if (op.stream == N_STREAMS)
        FAIL(
            ERR_CONFIG,
            "%s: {%s} is not known; there are {text}, {image}, {audio}, {sensor}, {rows}, {lang}, {text_lang}, {role}, "
            "{source}, {grid}, {?STREAM}, {/}, {-}, {+}, and {{ for a plain {",
            p->key, name);
    if (colon) TRY(take_options(p, &op, colon + 1));
    TRY(add_op(p, op));
done:
    return rc;
}

int template_parse(const char *key, const char *text, char *const *specials, size_t n_specials, template_program *out)
{
    int rc = OK;
    parser p = {.key = key, .text = text, .n = strlen(text), .specials = specials, .n_specials = n_specials};
    *out = (template_program){0};
    p.program = out;
    while (p.at < p.n) {
        char c = text[p.at];
        if ((c == '{' || c == '<') && text[p.at + 1] == c) {
            TRY(add_character(&p, c));
            p.at += 2;
        } else if (c == '{') {
            TRY(take_reference(&p));
        } else if (c == '<') {
            TRY(take_special(&p));
        } else {
            TRY(add_character(&p, c));
            p.at++;
        }
    }
    TRY(end_literal(&p));
    if (p.depth) FAIL(ERR_CONFIG, "%s: {?...} without {/}", key);
done:
    mem_free(&p.literal);
    if (rc != OK) template_program_free(out);
    return rc;
}

void template_program_free(template_program *p)
{
    for (size_t i = 0; i < p->n; i++) {
        for (size_t k = 0; k < p->ops[i].n_parts; k++) mem_free(&p->ops[i].parts[k].text);
        mem_free(&p->ops[i].parts);
    }
    mem_free(&p->ops);
    p->n = 0;
}
