#include "corpus/flat_json.h"

#include "base/memory.h"
#include "base/status.h"
#include "base/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WHOLE_DIGITS = 18, NUMBER_BYTES = 64 };

typedef struct cursor {
    const char *at, *end;
} cursor;

static void skip_space(cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r')) c->at++;
}

static int take(cursor *c, char wanted)
{
    skip_space(c);
    if (c->at == c->end || *c->at != wanted) return 0;
    c->at++;
    return 1;
}

static int take_word(cursor *c, const char *word)
{
    size_t n = strlen(word);
    if ((size_t)(c->end - c->at) < n || memcmp(c->at, word, n) != 0) return 0;
    c->at += n;
    return 1;
}

/* Go to the quote that ends a text; *escapes when there is a backslash on the way. 0: there is none, or a control
 * character. */
static int find_quote(cursor *c, int *escapes)
{
    *escapes = 0;
    for (; c->at < c->end; c->at++) {
        if (*c->at == '"') return 1;
        if ((unsigned char)*c->at < 0x20) return 0;
        if (*c->at != '\\') continue;
        *escapes = 1;
        if (++c->at == c->end) return 0;
    }
    return 0;
}

static int hex4(const char *p, const char *end, uint32_t *out)
{
    *out = 0;
    if (end - p < 4) return 0;
    for (int i = 0; i < 4; i++) {
        const char c = p[i];
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
        if (digit < 0) return 0;
        *out = *out * 16 + (uint32_t)digit;
    }
    return 1;
}

/* The character of "\uXXXX", or of two that are a surrogate pair; `p` is behind the u and moves on. 0: for jansson. */
static uint32_t take_unicode(const char **p, const char *end)
{
    uint32_t first, second;
    if (!hex4(*p, end, &first)) return 0;
    *p += 4;
    if (first < 0xD800 || first > 0xDFFF) return first;
    if (first > 0xDBFF || end - *p < 6 || (*p)[0] != '\\' || (*p)[1] != 'u' || !hex4(*p + 2, end, &second)) return 0;
    if (second < 0xDC00 || second > 0xDFFF) return 0;
    *p += 6;
    return 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00);
}

static char *put_utf8(char *to, uint32_t c)
{
    if (c < 0x80) {
        *to++ = (char)c;
        return to;
    }
    if (c < 0x800) {
        *to++ = (char)(0xC0 | c >> 6);
    } else {
        if (c < 0x10000) {
            *to++ = (char)(0xE0 | c >> 12);
        } else {
            *to++ = (char)(0xF0 | c >> 18);
            *to++ = (char)(0x80 | (c >> 12 & 0x3F));
        }
        *to++ = (char)(0x80 | (c >> 6 & 0x3F));
    }
    *to++ = (char)(0x80 | (c & 0x3F));
    return to;
}

/* A text with escapes, which never becomes longer, behind what is in the scratch. */
static int unescape(flat_json *f, text_view *text)
{
    static const char from[] = "\"\\/bfnrt", into[] = "\"\\/\b\f\n\r\t";
    const char *p = text->bytes, *end = p + text->n;
    char *start = f->scratch + f->used, *to = start;
    while (p < end) {
        const char *known, c = *p++;
        if (c != '\\') {
            *to++ = c;
            continue;
        }
        if (*p == 'u') {
            p++;
            uint32_t code = take_unicode(&p, end);
            if (!code) return 0;
            to = put_utf8(to, code);
        } else {
            known = strchr(from, *p++);
            if (!known || !*known) return 0;
            *to++ = into[known - from];
        }
    }
    *text = (text_view){start, (size_t)(to - start)};
    f->used += text->n;
    return 1;
}

static int take_text(flat_json *f, cursor *c, text_view *text)
{
    int escapes;
    const char *start = ++c->at;
    if (!find_quote(c, &escapes)) return 0;
    *text = (text_view){start, (size_t)(c->at - start)};
    c->at++;
    return !escapes || unescape(f, text);
}

static size_t take_digits(cursor *c)
{
    const char *start = c->at;
    while (c->at < c->end && *c->at >= '0' && *c->at <= '9') c->at++;
    return (size_t)(c->at - start);
}

static int take_number(cursor *c, flat_pair *pair)
{
    char digits[NUMBER_BYTES];
    const char *start = c->at;
    int real = 0;
    if (*c->at == '-') c->at++;
    const char *first = c->at;
    size_t n = take_digits(c);
    if (!n || (n > 1 && *first == '0')) return 0;
    if (c->at < c->end && *c->at == '.') {
        real = 1;
        c->at++;
        if (!take_digits(c)) return 0;
    }
    if (c->at < c->end && (*c->at == 'e' || *c->at == 'E')) {
        real = 1;
        c->at++;
        if (c->at < c->end && (*c->at == '+' || *c->at == '-')) c->at++;
        if (!take_digits(c)) return 0;
    }
    size_t length = (size_t)(c->at - start);
    if (length >= NUMBER_BYTES || (!real && n > WHOLE_DIGITS)) return 0;
    memcpy(digits, start, length);
    digits[length] = 0;
    pair->type = real ? FLAT_REAL : FLAT_WHOLE;
    if (real)
        pair->real = strtod(digits, NULL);
    else
        pair->whole = strtoll(digits, NULL, 10);
    return !real || isfinite(pair->real);
}

static int take_value(flat_json *f, cursor *c, flat_pair *pair)
{
    skip_space(c);
    if (c->at == c->end) return 0;
    pair->type = *c->at == '"' ? FLAT_TEXT : *c->at == 't' ? FLAT_TRUE : *c->at == 'f' ? FLAT_FALSE : FLAT_NULL;
    if (*c->at == '"') return take_text(f, c, &pair->text);
    if (*c->at == 't') return take_word(c, "true");
    if (*c->at == 'f') return take_word(c, "false");
    if (*c->at == 'n') return take_word(c, "null");
    return take_number(c, pair);
}

static int take_key(flat_json *f, cursor *c, flat_pair *pair)
{
    int escapes;
    skip_space(c);
    if (c->at == c->end || *c->at != '"') return 0;
    const char *start = ++c->at;
    if (!find_quote(c, &escapes) || escapes || c->at - start >= FLAT_KEY) return 0;
    pair->key_n = (size_t)(c->at++ - start);
    memcpy(pair->key, start, pair->key_n);
    pair->key[pair->key_n] = 0;
    for (size_t i = 0; i < f->n; i++)
        if (f->pairs[i].key_n == pair->key_n && !memcmp(f->pairs[i].key, pair->key, pair->key_n)) return 0;
    return take(c, ':');
}

static int read_pairs(flat_json *f, cursor *c)
{
    if (!take(c, '{')) return 0;
    do {
        if (f->n == FLAT_PAIRS) return 0;
        flat_pair *pair = &f->pairs[f->n];
        if (!take_key(f, c, pair) || !take_value(f, c, pair)) return 0;
        f->n++;
    } while (take(c, ','));
    if (!take(c, '}')) return 0;
    skip_space(c);
    return c->at == c->end;
}

int flat_json_read(flat_json *f, text_view line, int *is)
{
    int rc = OK;
    cursor c = {line.bytes, line.bytes + line.n};
    f->n = f->used = 0;
    TRY(MEM_GROW(f->scratch, &f->capacity, line.n));
    *is = read_pairs(f, &c) && utf8_valid_prefix(line.bytes, line.n) == line.n;
done:
    return rc;
}
