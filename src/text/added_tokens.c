#include "text/added_tokens.h"

#include "base/memory.h"
#include "base/status.h"
#include "text/unicode_class.h"

#include <stdlib.h>
#include <string.h>

int added_tokens_add(added_tokens *a, const added_token *token)
{
    int rc = OK;
    if (!token->n) return OK;
    for (size_t i = 0; i < a->n; i++)
        if (a->tokens[i].n == token->n && !memcmp(a->tokens[i].content, token->content, token->n)) return OK;
    TRY(MEM_GROW(a->tokens, &a->capacity, a->n + 1));
    a->tokens[a->n] = *token;
    TRY(mem_copy(&a->tokens[a->n].content, token->content, token->n));
    a->n++;
done:
    return rc;
}

static int by_content(const void *x, const void *y)
{
    const added_token *a = x, *b = y;
    int order = memcmp(a->content, b->content, a->n < b->n ? a->n : b->n);
    return order ? order : (a->n > b->n) - (a->n < b->n);
}

void added_tokens_sort(added_tokens *a)
{
    if (a->n) qsort(a->tokens, a->n, sizeof *a->tokens, by_content);
    for (size_t i = 0; i < a->n; i++) a->starts[(unsigned char)a->tokens[i].content[0]] = 1;
}

/* First of the tokens lo .. hi - 1, equal up to byte `at`, whose byte there is `byte` or more; shorter ones come first.
 */
static size_t lower(const added_tokens *a, size_t lo, size_t hi, size_t at, int byte)
{
    while (lo < hi) {
        size_t middle = lo + (hi - lo) / 2;
        const added_token *t = &a->tokens[middle];
        if (t->n > at && (unsigned char)t->content[at] >= byte)
            hi = middle;
        else
            lo = middle + 1;
    }
    return lo;
}

/* The longest token at the beginning of these bytes. */
static const added_token *longest(const added_tokens *a, const char *text, size_t n)
{
    const added_token *found = NULL;
    size_t lo = 0, hi = a->n;
    for (size_t at = 0; at < n; at++) {
        int byte = (unsigned char)text[at];
        lo = lower(a, lo, hi, at, byte);
        hi = lower(a, lo, hi, at, byte + 1);
        if (lo == hi) break;
        if (a->tokens[lo].n == at + 1) found = &a->tokens[lo];
    }
    return found;
}

/* Start of the character before `at` > 0. */
static size_t before(const char *text, size_t at)
{
    do at--;
    while (at && ((unsigned char)text[at] & 0xC0) == 0x80);
    return at;
}

static unsigned class_at(const char *text, size_t at, size_t *step)
{
    return unicode_class(utf8_code(text + at, step));
}

static int is_alone(const char *text, size_t n, size_t start, size_t end)
{
    size_t step;
    if (start && class_at(text, before(text, start), &step) & CLASS_WORD) return 0;
    return end == n || !(class_at(text, end, &step) & CLASS_WORD);
}

static size_t spaces_left(const char *text, size_t start, size_t least)
{
    size_t step;
    while (start > least) {
        size_t at = before(text, start);
        if ((class_at(text, at, &step) & CLASS_MASK) != CLASS_SPACE) break;
        start = at;
    }
    return start > least ? start : least;
}

static size_t spaces_right(const char *text, size_t n, size_t end)
{
    size_t step;
    while (end < n && (class_at(text, end, &step) & CLASS_MASK) == CLASS_SPACE) end += step;
    return end;
}

const added_token *added_tokens_next(const added_tokens *a, const char *text, size_t n, int specials, added_scan *scan,
                                     size_t *start, size_t *end)
{
    if (!a->n) return NULL;
    for (size_t at = scan->at; at < n;) {
        const added_token *t = a->starts[(unsigned char)text[at]] ? longest(a, text + at, n - at) : NULL;
        if (!t) {
            at++;
            continue;
        }
        /* the search goes on behind the token as it stands, also when it is not taken */
        *start = at;
        *end = scan->at = at += t->n;
        if (t->special && !specials) continue;
        if (t->single_word && !is_alone(text, n, *start, *end)) continue;
        if (t->lstrip) *start = spaces_left(text, *start, scan->from);
        if (t->rstrip) *end = spaces_right(text, n, *end);
        return t;
    }
    return NULL;
}

void added_tokens_free(added_tokens *a)
{
    for (size_t i = 0; i < a->n; i++) mem_free(&a->tokens[i].content);
    mem_free(&a->tokens);
    *a = (added_tokens){0};
}
