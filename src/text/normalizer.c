#include "text/normalizer.h"

#include "base/memory.h"
#include "base/status.h"
#include "text/unicode_class.h"

#include <string.h>
#include <utf8proc.h>

/* ---- Unicode forms ---- */

/* Whether the form of a text is the text itself, as far as that is easy to see. */
static int is_plain(normalizer_kind kind, const char *text, size_t n)
{
    for (size_t at = 0, step; at < n; at += step) {
        if ((unsigned char)text[at] < 0x80) {
            step = 1;
            continue;
        }
        if (kind != NORMAL_NFC || !(unicode_class(utf8_code(text + at, &step)) & CLASS_INERT)) return 0;
    }
    return 1;
}

static int combining_class(int32_t code) { return utf8proc_get_property(code)->combining_class; }

/* Marks in a row in the order of their classes, equal ones as they stand: by counting, so that a long row costs no more
 * than its length. `room` holds n more. */
static void order_marks(int32_t *codes, size_t n, int32_t *room)
{
    size_t first[257] = {0};
    for (size_t i = 0; i < n; i++) first[combining_class(codes[i]) + 1]++;
    for (int c = 0; c < 256; c++) first[c + 1] += first[c];
    for (size_t i = 0; i < n; i++) room[first[combining_class(codes[i])]++] = codes[i];
    memcpy(codes, room, n * sizeof *codes);
}

static void order(int32_t *codes, size_t n, int32_t *room)
{
    for (size_t i = 0, end; i < n; i = end) {
        end = i + 1;
        if (!combining_class(codes[i])) continue;
        while (end < n && combining_class(codes[end])) end++;
        if (end - i > 1) order_marks(codes + i, end - i, room);
    }
}

/* A stretch of known code points: decompose, order, compose; appended to the step's text. */
static int form_known(normalizer *z, normalizer_step *s, const char *text, size_t n, size_t *used)
{
    enum { LONGEST = 32 };
    int rc = OK, compat = s->kind == NORMAL_NFKC || s->kind == NORMAL_NFKD;
    int compose = s->kind == NORMAL_NFC || s->kind == NORMAL_NFKC;
    const utf8proc_option_t how =
        (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_DECOMPOSE | (compat ? UTF8PROC_COMPAT : 0));
    size_t count = 0, most;
    if (!n) return OK;
    for (size_t at = 0, step; at < n; at += step) {
        int boundary = 0;
        int32_t code = (int32_t)utf8_code(text + at, &step);
        TRY(MEM_GROW(z->codes, &z->codes_capacity, count + LONGEST));
        utf8proc_ssize_t got = utf8proc_decompose_char(code, z->codes + count, LONGEST, how, &boundary);
        if (got < 0 || got > LONGEST) FAIL(ERR_INTERNAL, "no decomposition of U+%04X", (unsigned)code);
        count += (size_t)got;
    }
    TRY(MEM_GROW(z->codes, &z->codes_capacity, 2 * count));
    order(z->codes, count, z->codes + count);
    if (compose) {
        const utf8proc_option_t to = (utf8proc_option_t)(UTF8PROC_STABLE | UTF8PROC_COMPOSE);
        utf8proc_ssize_t left = utf8proc_normalize_utf32(z->codes, (utf8proc_ssize_t)count, to);
        if (left < 0) FAIL(ERR_INTERNAL, "%s", utf8proc_errmsg(left));
        count = (size_t)left;
    }
    TRY(size_mul(count, 4, &most));
    TRY(MEM_GROW(s->text, &s->capacity, *used + most));
    for (size_t i = 0; i < count; i++)
        *used += (size_t)utf8proc_encode_char(z->codes[i], (utf8proc_uint8_t *)s->text + *used);
done:
    return rc;
}

/* Code points that the reference does not know part the text: nothing is ordered or composed across them. */
static int form(normalizer *z, normalizer_step *s, const char *text, size_t n, size_t *used)
{
    int rc = OK;
    size_t start = 0, step;
    *used = 0;
    for (size_t at = 0; at < n; at += step) {
        if (!(unicode_class(utf8_code(text + at, &step)) & CLASS_LATE)) continue;
        TRY(form_known(z, s, text + start, at - start, used));
        TRY(MEM_GROW(s->text, &s->capacity, *used + step));
        memcpy(s->text + *used, text + at, step);
        *used += step;
        start = at + step;
    }
    TRY(form_known(z, s, text + start, n - start, used));
done:
    return rc;
}

/* ---- texts ---- */

static int replace(normalizer_step *s, const char *text, size_t n, size_t *used)
{
    int rc = OK;
    *used = 0;
    for (size_t at = 0; at < n;) {
        const char *found = memmem(text + at, n - at, s->from, s->n_from);
        size_t gap = found ? (size_t)(found - (text + at)) : n - at;
        TRY(MEM_GROW(s->text, &s->capacity, *used + gap + s->n_to));
        memcpy(s->text + *used, text + at, gap);
        if (found) memcpy(s->text + *used + gap, s->to, s->n_to);
        *used += gap + (found ? s->n_to : 0);
        at += gap + (found ? s->n_from : 0);
    }
done:
    return rc;
}

static int prepend(normalizer_step *s, const char *text, size_t n, size_t *used)
{
    int rc = OK;
    TRY(MEM_GROW(s->text, &s->capacity, n + s->n_to));
    memcpy(s->text, s->to, s->n_to);
    memcpy(s->text + s->n_to, text, n);
    *used = n + s->n_to;
done:
    return rc;
}

int normalizer_run(normalizer *z, const char *text, size_t n, const char **out, size_t *n_out)
{
    int rc = OK;
    for (int i = 0; i < z->n && n; i++) {
        normalizer_step *s = &z->steps[i];
        size_t used = 0;
        if (s->kind == NORMAL_PREPEND)
            TRY(prepend(s, text, n, &used));
        else if (s->kind == NORMAL_REPLACE)
            TRY(replace(s, text, n, &used));
        else if (is_plain(s->kind, text, n))
            continue;
        else
            TRY(form(z, s, text, n, &used));
        text = s->text;
        n = used;
    }
    *out = text;
    *n_out = n;
done:
    return rc;
}

int normalizer_add(normalizer *z, normalizer_kind kind, const char *from, size_t n_from, const char *to, size_t n_to)
{
    int rc = OK;
    if (z->n == NORMALIZER_STEPS) FAIL(ERR_CONFIG, "more than %d steps of normalizer", NORMALIZER_STEPS);
    normalizer_step *s = &z->steps[z->n++];
    s->kind = kind;
    s->n_from = n_from;
    s->n_to = n_to;
    if (from) TRY(mem_copy(&s->from, from, n_from));
    if (to) TRY(mem_copy(&s->to, to, n_to));
done:
    return rc;
}

void normalizer_free(normalizer *z)
{
    for (int i = 0; i < z->n; i++) {
        mem_free(&z->steps[i].from);
        mem_free(&z->steps[i].to);
        mem_free(&z->steps[i].text);
    }
    mem_free(&z->codes);
    *z = (normalizer){0};
}
