#include "text/text_split.h"

#include "base/memory.h"
#include "base/status.h"
#include "text/unicode_class.h"

#include <string.h>

typedef struct walk {
    text_split *split;
    const split_sink *sink;
    int is_first;
} walk;

static int step_run(walk *w, int at, const char *text, size_t n);

static int pass(walk *w, int at, const char *text, size_t n)
{
    if (!n) return OK;
    return at == w->split->n ? w->sink->take(w->sink->user, text, n) : step_run(w, at, text, n);
}

static int run_rule(walk *w, int at, const char *text, size_t n)
{
    int rc = OK;
    split_rule rule = w->split->steps[at].rule;
    for (size_t piece; n; text += piece, n -= piece) {
        piece = split_rule_next(rule, text, n);
        TRY(pass(w, at + 1, text, piece));
    }
done:
    return rc;
}

static int run_pattern(walk *w, int at, const char *text, size_t n)
{
    int rc = OK;
    const split_step *s = &w->split->steps[at];
    for (size_t from = 0, start, end; from < n; from = end) {
        TRY(split_pattern_find(s->pattern, text, n, from, &start, &end));
        if (!end) start = end = n;
        if (s->keep_gaps) TRY(pass(w, at + 1, text + from, start - from));
        if (s->keep_matches) TRY(pass(w, at + 1, text + start, end - start));
    }
done:
    return rc;
}

static int run_digits(walk *w, int at, const char *text, size_t n)
{
    int rc = OK, was = 0;
    size_t start = 0, step;
    for (size_t i = 0; i < n; i += step) {
        int is = (unicode_class(utf8_code(text + i, &step)) & CLASS_NUMERIC) != 0;
        if (i == start || (is == was && !(is && w->split->steps[at].single))) {
            was = is;
            continue;
        }
        TRY(pass(w, at + 1, text + start, i - start));
        start = i;
        was = is;
    }
    TRY(pass(w, at + 1, text + start, n - start));
done:
    return rc;
}

static int run_space(walk *w, int at, const char *text, size_t n)
{
    int rc = OK;
    split_step *s = &w->split->steps[at];
    if (*text == ' ') return pass(w, at + 1, text, n);
    TRY(MEM_GROW(s->text, &s->capacity, n + 1));
    s->text[0] = ' ';
    memcpy(s->text + 1, text, n);
    TRY(pass(w, at + 1, s->text, n + 1));
done:
    return rc;
}

/* Spaces as marks, perhaps one in front. */
static int mark_spaces(split_step *s, const char *text, size_t n, int is_first, size_t *n_out)
{
    int rc = OK;
    size_t length = strlen(s->mark), most, to = 0;
    int has_mark = *text == ' ' || (n >= length && !memcmp(text, s->mark, length));
    TRY(size_mul(n, length, &most));
    TRY(MEM_GROW(s->text, &s->capacity, most + length));
    if (!has_mark && (s->prefix == PREFIX_ALWAYS || (s->prefix == PREFIX_FIRST && is_first))) {
        memcpy(s->text, s->mark, length);
        to = length;
    }
    for (size_t i = 0; i < n; i++) {
        size_t step = text[i] == ' ' ? length : 1;
        memcpy(s->text + to, text[i] == ' ' ? s->mark : text + i, step);
        to += step;
    }
    *n_out = to;
done:
    return rc;
}

static int run_metaspace(walk *w, int at, const char *text, size_t n)
{
    int rc = OK;
    split_step *s = &w->split->steps[at];
    size_t length = strlen(s->mark), start = 0;
    TRY(mark_spaces(s, text, n, w->is_first, &n));
    for (size_t i = 1; s->cut && i + length <= n; i++) {
        if (memcmp(s->text + i, s->mark, length)) continue;
        TRY(pass(w, at + 1, s->text + start, i - start));
        start = i;
    }
    TRY(pass(w, at + 1, s->text + start, n - start));
done:
    return rc;
}

static int step_run(walk *w, int at, const char *text, size_t n)
{
    switch (w->split->steps[at].kind) {
    case STEP_RULE: return run_rule(w, at, text, n);
    case STEP_PATTERN: return run_pattern(w, at, text, n);
    case STEP_DIGITS: return run_digits(w, at, text, n);
    case STEP_SPACE: return run_space(w, at, text, n);
    default: return run_metaspace(w, at, text, n);
    }
}

int text_split_run(text_split *s, const char *text, size_t n, int is_first, const split_sink *sink)
{
    walk w = {s, sink, is_first};
    return pass(&w, 0, text, n);
}

int text_split_add(text_split *s, split_step **out)
{
    int rc = OK;
    if (s->n == SPLIT_STEPS) FAIL(ERR_CONFIG, "more than %d steps of pre_tokenizer", SPLIT_STEPS);
    *out = &s->steps[s->n++];
done:
    return rc;
}

void text_split_free(text_split *s)
{
    for (int i = 0; i < s->n; i++) {
        split_pattern_free(&s->steps[i].pattern);
        mem_free(&s->steps[i].text);
    }
    *s = (text_split){0};
}
