#include "text/sentencepiece_normalize.h"

#include "base/memory.h"
#include "base/status.h"
#include "base/utf8.h"

#include <string.h>

typedef struct space_text {
    char *bytes;
    size_t capacity, n;
} space_text;

int spm_normalizer_create(spm_normalizer *z, const char *path, const spm_rules *rules, int space_is_suffix,
                          const spm_trie *kept)
{
    int rc = OK;
    *z = (spm_normalizer){.rules = *rules, .space_is_suffix = space_is_suffix, .kept = kept};
    TRY(spm_charsmap_read(&z->map, path, rules->charsmap));
    for (int byte = 0; byte < 256; byte++) {
        z->starts[byte] = z->map.starts[byte] || (kept && spm_trie_step(kept, 0, (unsigned char)byte));
        z->plain[byte] = byte < 0x80 && byte != ' ' && !z->starts[byte];
    }
done:
    return rc;
}

void spm_normalizer_free(spm_normalizer *z) { spm_charsmap_free(&z->map); }

/* Plain form of the first character, kept piece or rule; the bytes that it took. */
static size_t first_part(const spm_normalizer *z, const char *text, size_t n, spm_text *plain)
{
    size_t took = 0;
    uint32_t id;
    if (z->starts[(unsigned char)*text]) {
        took = z->kept ? spm_trie_longest(z->kept, text, n, &id) : 0;
        if (!took)
            took = spm_charsmap_match(&z->map, text, n, plain);
        else
            *plain = (spm_text){text, took};
        if (took) return took;
    }
    took = utf8_step(text, n);
    *plain = took ? (spm_text){text, took} : (spm_text){"\xEF\xBF\xBD", 3};
    return took ? took : 1;
}

static void add_space(const spm_normalizer *z, space_text *o)
{
    if (z->rules.escape_spaces) {
        memcpy(o->bytes + o->n, SPM_SPACE, SPM_SPACE_BYTES);
        o->n += SPM_SPACE_BYTES;
    } else {
        o->bytes[o->n++] = ' ';
    }
}

static int add_plain(const spm_normalizer *z, space_text *o, spm_text plain, int has_spaces)
{
    int rc = OK;
    TRY(MEM_GROW(o->bytes, &o->capacity, o->n + (has_spaces ? SPM_SPACE_BYTES : 1) * plain.n));
    if (!has_spaces) {
        memcpy(o->bytes + o->n, plain.bytes, plain.n);
        o->n += plain.n;
        goto done;
    }
    for (size_t i = 0; i < plain.n; i++) {
        if (plain.bytes[i] == ' ')
            add_space(z, o);
        else
            o->bytes[o->n++] = plain.bytes[i];
    }
done:
    return rc;
}

/* Bytes at the beginning of the text that stay as they are: most of most texts, taken in one step. */
static size_t plain_run(const spm_normalizer *z, const char *text, size_t n)
{
    size_t run = 0;
    while (run < n && z->plain[(unsigned char)text[run]]) run++;
    return run;
}

static int add_text(const spm_normalizer *z, space_text *o, const char *text, size_t n)
{
    int rc = OK, after_space = z->rules.remove_extra_spaces;
    for (size_t at = 0; at < n;) {
        const size_t run = plain_run(z, text + at, n - at);
        spm_text plain = {text + at, run};
        at += run ? run : first_part(z, text + at, n - at, &plain);
        while (after_space && plain.n && plain.bytes[0] == ' ') plain = (spm_text){plain.bytes + 1, plain.n - 1};
        if (!plain.n) continue;
        TRY(add_plain(z, o, plain, !run));
        after_space = z->rules.remove_extra_spaces && plain.bytes[plain.n - 1] == ' ';
    }
done:
    return rc;
}

static void drop_last_spaces(const spm_normalizer *z, space_text *o)
{
    const char *space = z->rules.escape_spaces ? SPM_SPACE : " ";
    const size_t n = strlen(space);
    while (o->n >= n && !memcmp(o->bytes + o->n - n, space, n)) o->n -= n;
}

int spm_normalize(const spm_normalizer *z, const char *text, size_t n, char **out, size_t *capacity, size_t *count)
{
    int rc = OK;
    size_t at = 0;
    spm_text plain;
    space_text o = {.bytes = *out, .capacity = *capacity};
    while (z->rules.remove_extra_spaces && at < n) {
        const size_t took = first_part(z, text + at, n - at, &plain);
        if (plain.n != 1 || plain.bytes[0] != ' ') break;
        at += took;
    }
    if (at == n) goto done;
    TRY(MEM_GROW(o.bytes, &o.capacity, n + n / 2 + 2 * SPM_SPACE_BYTES));
    if (!z->space_is_suffix && z->rules.add_dummy_prefix) add_space(z, &o);
    TRY(add_text(z, &o, text + at, n - at));
    if (z->rules.remove_extra_spaces) drop_last_spaces(z, &o);
    TRY(MEM_GROW(o.bytes, &o.capacity, o.n + SPM_SPACE_BYTES));
    if (z->space_is_suffix && z->rules.add_dummy_prefix) add_space(z, &o);
done:
    *out = o.bytes;
    *capacity = o.capacity;
    *count = o.n;
    return rc;
}
