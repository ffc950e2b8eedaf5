#include "export/text_form.h"

#include "base/memory.h"
#include "base/status.h"
#include "sequence/token_name.h"

#include <stdio.h>
#include <string.h>

int text_buffer_add(text_buffer *b, const char *bytes, size_t n)
{
    int rc = OK;
    TRY(MEM_GROW(b->bytes, &b->capacity, b->n + n + 1));
    if (n) memcpy(b->bytes + b->n, bytes, n);
    b->n += n;
    b->bytes[b->n] = 0;
done:
    return rc;
}

void text_buffer_free(text_buffer *b)
{
    mem_free(&b->bytes);
    *b = (text_buffer){0};
}

int text_decodes(const sequence_set *set) { return !strcmp(set->words->tokenizer, "bytes"); }

/* Ids of text are the first of the vocabulary, so a joint id is that of the tokenizer. */
static int decode(const sequence_set *set, int later, const uint32_t *ids, size_t n, text_buffer *out)
{
    int rc = OK;
    char *text = NULL;
    size_t capacity = 0, length = 0;
    for (size_t i = 0; i < n && text_decodes(set); i++) {
        char byte = (char)(unsigned char)ids[i];
        TRY(text_buffer_add(out, &byte, 1));
    }
    if (text_decodes(set)) goto done;
    if (!set->text)
        FAIL(ERR_UNSUPPORTED, "a part of a text cannot be read back from the ids of the tokenizer %s without its file",
             set->words->tokenizer);
    TRY(text_tokenizer_decode_part(set->text, later, ids, n, &text, &capacity, &length));
    TRY(text_buffer_add(out, text, length));
done:
    mem_free(&text);
    return rc;
}

/* The literal that the span is all of; -1: only a part of one. *later: the part does not begin it. */
static int64_t literal_of(const literal_table *t, const span *s, int *later)
{
    *later = 1;
    for (size_t i = 0; i < t->n; i++) {
        if (t->offsets[i] != s->start) continue;
        *later = 0;
        if (t->offsets[i + 1] - s->start == s->length) return (int64_t)i;
    }
    return -1;
}

int text_of_span(const sequence_batch *b, const span *s, const uint32_t *ids, const batch_examples *x,
                 const example_reference *example, text_buffer *out)
{
    int later = example && example->from > 0;
    if (!text_decodes(b->set) && s->kind == SPAN_LITERAL) {
        const literal_table *t = &b->literals;
        int64_t i = literal_of(t, s, &later);
        if (i >= 0) {
            int64_t from = t->text_offsets[i];
            return text_buffer_add(out, t->bytes + from, (size_t)(t->text_offsets[i + 1] - from));
        }
    }
    if (!text_decodes(b->set) && example && example->whole_text)
        return text_buffer_add(out, x->texts + example->text, strlen(x->texts + example->text));
    return decode(b->set, later, ids, s->length, out);
}

/* Bytes of the character that begins with this one; 0: none begins so. */
static size_t character_bytes(unsigned char c) { return c < 0x80 ? 1 : c < 0xC0 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4; }

void text_cut_ends(const char *bytes, size_t n, size_t *before, size_t *behind)
{
    size_t at = 0;
    while (at < n && at < 3 && !character_bytes((unsigned char)bytes[at])) at++;
    *before = at;
    *behind = 0;
    for (size_t k = 1; k <= 3 && k <= n - at; k++) {
        size_t wanted = character_bytes((unsigned char)bytes[n - k]);
        if (!wanted) continue;
        if (wanted > k) *behind = k;
        break;
    }
}

int text_of_token(const sequence_set *set, const export_options *o, uint32_t id, text_buffer *out)
{
    int rc = OK;
    char name[TOKEN_NAME];
    modality m;
    int64_t local;
    TRY(vocabulary_find(set->words, id, &m, &local));
    const char *pattern = (int)m < N_STREAMS ? o->token[m] : NULL, *place = pattern ? strstr(pattern, "%d") : NULL;
    if (!place) {
        token_name(set, id, name);
        return text_buffer_add(out, name, strlen(name));
    }
    snprintf(name, sizeof name, "%lld", (long long)local);
    TRY(text_buffer_add(out, pattern, (size_t)(place - pattern)));
    TRY(text_buffer_add(out, name, strlen(name)));
    TRY(text_buffer_add(out, place + 2, strlen(place + 2)));
done:
    return rc;
}

int token_pattern_check(const char *option, const char *pattern)
{
    int rc = OK;
    const char *place = strchr(pattern, '%');
    if (!place || place[1] != 'd' || strchr(place + 1, '%'))
        FAIL(ERR_USAGE, "%s needs a text with one %%d, such as '<%%d>', and no other %%, not \"%s\"", option, pattern);
done:
    return rc;
}
