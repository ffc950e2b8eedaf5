#include "text/tokenizer.h"

#include "base/memory.h"
#include "base/status.h"

#include <utf8proc.h>

static const char *const tokenizers[] = {"bytes", NULL};
static const int64_t sizes[] = {256};

static const option options[] = {
    {"text.tokenizer", OPTION_ENUM, SCOPE_TOKENS, offsetof(text_options, tokenizer), "bytes", 0, 0, tokenizers,
     "how text becomes ids; bytes: the bytes of its UTF-8 form"},
    {"text.max_bytes", OPTION_BYTES, SCOPE_TOKENS, offsetof(text_options, max_bytes), "0", 0, 0x1p40, NULL,
     "longest text of a row, longer ones are rejected; 0: any"},
};
const option_table text_options_table = OPTION_TABLE(options);

struct text_tokenizer {
    text_options options;
};

int text_tokenizer_create(text_tokenizer **out, const text_options *o)
{
    int rc = OK;
    text_tokenizer *t = NULL;
    *out = NULL;
    if (o->tokenizer < 0 || (size_t)o->tokenizer >= sizeof sizes / sizeof *sizes || o->max_bytes < 0)
        FAIL(ERR_CONFIG, "text.tokenizer or text.max_bytes is not valid");
    TRY(MEM_ALLOC(t, 1));
    t->options = *o;
    *out = t;
done:
    return rc;
}

void text_tokenizer_free(text_tokenizer **t) { mem_free(t); }

const char *text_tokenizer_name(const text_tokenizer *t) { return tokenizers[t->options.tokenizer]; }

int64_t text_tokenizer_size(const text_tokenizer *t) { return sizes[t->options.tokenizer]; }

/* RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF. */
static int check_utf8(const char *bytes, size_t n)
{
    int rc = OK;
    const utf8proc_uint8_t *p = (const utf8proc_uint8_t *)bytes;
    for (size_t at = 0; at < n;) {
        utf8proc_int32_t code;
        if (p[at] < 0x80) {
            at++;
            continue;
        }
        utf8proc_ssize_t step = utf8proc_iterate(p + at, n - at < 4 ? (utf8proc_ssize_t)(n - at) : 4, &code);
        if (step < 1) FAIL(ERR_INVALID, "the text is not UTF-8 at byte %zu", at);
        at += (size_t)step;
    }
done:
    return rc;
}

int text_tokenizer_encode(text_tokenizer *t, const char *bytes, size_t n, uint32_t **ids, size_t *capacity,
                          size_t *count)
{
    int rc = OK;
    *count = 0;
    if (t->options.max_bytes && n > (uint64_t)t->options.max_bytes)
        FAIL(ERR_LIMIT, "the text has %zu bytes, text.max_bytes is %lld", n, (long long)t->options.max_bytes);
    TRY(check_utf8(bytes, n));
    TRY(mem_grow((void **)ids, capacity, n, sizeof **ids));
    for (size_t i = 0; i < n; i++) (*ids)[i] = (unsigned char)bytes[i];
    *count = n;
done:
    return rc;
}
