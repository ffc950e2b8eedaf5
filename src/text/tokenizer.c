/* Which tokenizer a config asks for, and what all of them have in common. */
#include "text/tokenizer.h"

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/status.h"
#include "base/utf8.h"
#include "text/sentencepiece.h"
#include "text/tiktoken_file.h"
#include "text/tokenizer_json.h"
#include "text/tokenizer_kind.h"

#include <string.h>

enum { FILE_LIMIT = 256 << 20, SPECIALS_LIMIT = 16 << 20 };

/* The kinds of files, in the order of their names below; `auto` asks them in this order. */
static const tokenizer_kind *const kinds[] = {&bpe_kind, &tiktoken_kind, &sentencepiece_kind};
static const char *const tokenizers[] = {"bytes", "auto", "bpe", "tiktoken", "sentencepiece", NULL};
enum { N_KINDS = sizeof kinds / sizeof *kinds, FIRST_KIND = TOKENIZER_AUTO + 1 };
_Static_assert(sizeof tokenizers / sizeof *tokenizers == FIRST_KIND + N_KINDS + 1, "a name for each kind");

static const char *const special_tokens[] = {"plain", "parse", NULL};

#define AT(field) offsetof(text_options, field)
static const option options[] = {
    {"text.tokenizer", OPTION_ENUM, SCOPE_TOKENS, AT(tokenizer), "bytes", 0, 0, tokenizers,
     "how text becomes ids; bytes: the bytes of its UTF-8 form; else what the file text.path says (auto: whatever it "
     "is)"},
    {"text.path", OPTION_TEXT, SCOPE_RUN, AT(path), "\"\"", 0, 0, NULL,
     "the tokenizer: tokenizer.json (bpe), a file of tiktoken ranks, or a SentencePiece model; its content counts, not "
     "its name"},
    {"text.pattern", OPTION_TEXT, SCOPE_TOKENS, AT(pattern), "\"\"", 0, 0, NULL,
     "of tiktoken ranks: what cuts text into words: gpt2, llama3, qwen, cl100k, o200k, or a regular expression"},
    {"text.specials", OPTION_TEXT, SCOPE_RUN, AT(specials), "\"\"", 0, 0, NULL,
     "of tiktoken ranks: a JSON file of special tokens, {\"<|name|>\": id, ...} or tokenizer_config.json"},
    {"text.special_tokens", OPTION_ENUM, SCOPE_TOKENS, AT(special_tokens), "plain", 0, 0, special_tokens,
     "what the name of a special token is that stands in a text: text like other text, or that token"},
    {"text.max_bytes", OPTION_BYTES, SCOPE_TOKENS, AT(max_bytes), "0", 0, 0x1p40, NULL,
     "longest text of a row, longer ones are rejected; 0: any"},
};
const option_table text_options_table = OPTION_TABLE(options);

struct text_tokenizer {
    const tokenizer_kind *kind; /* NULL: bytes */
    void *state;
    int64_t max_bytes;
    char sha256[SHA256_HEX];
    char byte; /* the piece that was asked for */
};

/* ---- files ---- */

static int is_set(const char *text) { return text && *text; }

static int read_file(const char *key, const char *path, size_t limit, uint8_t **bytes, size_t *n)
{
    int rc = file_read(path, limit, bytes, n);
    if (rc == ERR_MISSING) FAIL(ERR_CONFIG, "%s: %s does not exist", key, path);
    if (rc == ERR_LIMIT) FAIL(ERR_CONFIG, "%s: %s is too large for such a file", key, path);
done:
    return rc;
}

static int choose_kind(text_tokenizer *t, const text_options *o, const uint8_t *bytes, size_t n)
{
    int rc = OK;
    int wanted = o->tokenizer == TOKENIZER_AUTO ? -1 : o->tokenizer - FIRST_KIND;
    for (int i = 0; i < N_KINDS && !t->kind; i++)
        if ((wanted < 0 || wanted == i) && kinds[i]->detect(bytes, n)) t->kind = kinds[i];
    if (!t->kind && wanted < 0) FAIL(ERR_CONFIG, "text.path: %s is no tokenizer file that is known", o->path);
    if (!t->kind)
        FAIL(ERR_CONFIG, "text.path: %s is no file for text.tokenizer: %s", o->path, tokenizers[o->tokenizer]);
done:
    return rc;
}

/* What a rank file does not say itself. */
static int complete_ranks(text_tokenizer *t, const text_options *o)
{
    int rc = OK;
    uint8_t *bytes = NULL;
    size_t n;
    char both[2 * SHA256_HEX];
    if (!is_set(o->pattern))
        FAIL(ERR_CONFIG, "text.pattern is not set: a tiktoken file does not say how text is cut; one of gpt2, llama3, "
                         "qwen, cl100k, o200k, or a regular expression");
    rc = tiktoken_set_pattern(t->state, o->pattern);
    if (rc == ERR_CONFIG) FAIL(ERR_CONFIG, "text.pattern: %s", status_message());
    TRY(rc);
    if (!is_set(o->specials)) goto done;
    TRY(read_file("text.specials", o->specials, SPECIALS_LIMIT, &bytes, &n));
    TRY(tiktoken_add_specials(t->state, o->specials, bytes, n));
    memcpy(both, t->sha256, SHA256_HEX - 1);
    TRY(sha256_bytes(bytes, n, both + SHA256_HEX - 1));
    TRY(sha256_bytes(both, 2 * (SHA256_HEX - 1), t->sha256));
done:
    mem_free(&bytes);
    return rc;
}

static int open_file(text_tokenizer *t, const text_options *o)
{
    int rc = OK;
    uint8_t *bytes = NULL;
    size_t n;
    if (!is_set(o->path))
        FAIL(ERR_CONFIG, "text.path is not set: text.tokenizer: %s needs a file", tokenizers[o->tokenizer]);
    TRY(read_file("text.path", o->path, FILE_LIMIT, &bytes, &n));
    TRY(sha256_bytes(bytes, n, t->sha256));
    TRY(choose_kind(t, o, bytes, n));
    TRY(t->kind->open(&t->state, o->path, bytes, n));
    if (t->kind == &tiktoken_kind)
        TRY(complete_ranks(t, o));
    else if (is_set(o->pattern) || is_set(o->specials))
        FAIL(ERR_CONFIG, "text.pattern and text.specials are for tiktoken ranks; %s is %s", o->path, t->kind->label);
    if (t->kind == &tiktoken_kind || t->kind == &bpe_kind)
        byte_bpe_parse_specials(t->state, o->special_tokens);
    else if (o->special_tokens)
        FAIL(ERR_CONFIG, "text.special_tokens: parse is not supported for %s", t->kind->label);
done:
    mem_free(&bytes);
    return rc;
}

int text_tokenizer_create(text_tokenizer **out, const text_options *o)
{
    int rc = OK;
    text_tokenizer *t = NULL;
    *out = NULL;
    if (o->tokenizer < 0 || o->tokenizer >= FIRST_KIND + N_KINDS || o->max_bytes < 0)
        FAIL(ERR_CONFIG, "text.tokenizer or text.max_bytes is not valid");
    if (o->tokenizer == TOKENIZER_BYTES && (is_set(o->path) || is_set(o->pattern) || is_set(o->specials)))
        FAIL(ERR_CONFIG, "text.path, text.pattern or text.specials is set, but text.tokenizer is bytes");
    TRY(MEM_ALLOC(t, 1));
    t->max_bytes = o->max_bytes;
    if (o->tokenizer != TOKENIZER_BYTES) TRY(open_file(t, o));
    *out = t;
    t = NULL;
done:
    text_tokenizer_free(&t);
    return rc;
}

void text_tokenizer_free(text_tokenizer **t)
{
    if (!*t) return;
    if ((*t)->state) (*t)->kind->close(&(*t)->state);
    mem_free(t);
}

/* ---- what it is ---- */

const char *text_tokenizer_name(const text_tokenizer *t)
{
    return t->kind ? t->kind->label : tokenizers[TOKENIZER_BYTES];
}

const char *text_tokenizer_sha256(const text_tokenizer *t) { return t->sha256; }

int64_t text_tokenizer_size(const text_tokenizer *t) { return t->kind ? t->kind->size(t->state) : 256; }

int64_t text_tokenizer_begin(const text_tokenizer *t) { return t->kind ? t->kind->begin(t->state) : -1; }

int64_t text_tokenizer_end(const text_tokenizer *t) { return t->kind ? t->kind->end(t->state) : -1; }

/* ---- text and ids ---- */

static int encode_bytes(const char *bytes, size_t n, uint32_t **ids, size_t *capacity, size_t *count)
{
    int rc = OK;
    TRY(mem_grow((void **)ids, capacity, n, sizeof **ids));
    for (size_t i = 0; i < n; i++) (*ids)[i] = (unsigned char)bytes[i];
    *count = n;
done:
    return rc;
}

int text_tokenizer_encode(text_tokenizer *t, const char *bytes, size_t n, uint32_t **ids, size_t *capacity,
                          size_t *count)
{
    int rc = OK;
    *count = 0;
    if (t->max_bytes && n > (uint64_t)t->max_bytes)
        FAIL(ERR_LIMIT, "the text has %zu bytes, text.max_bytes is %lld", n, (long long)t->max_bytes);
    size_t good = utf8_valid_prefix(bytes, n);
    if (good < n) FAIL(ERR_INVALID, "the text is not UTF-8 at byte %zu", good);
    TRY(t->kind ? t->kind->encode(t->state, bytes, n, ids, capacity, count)
                : encode_bytes(bytes, n, ids, capacity, count));
done:
    return rc;
}

int text_tokenizer_decode(const text_tokenizer *t, const uint32_t *ids, size_t n, char **text, size_t *capacity,
                          size_t *count)
{
    int rc = OK;
    *count = 0;
    if (t->kind) return t->kind->decode(t->state, ids, n, text, capacity, count);
    TRY(mem_grow((void **)text, capacity, n, 1));
    for (size_t i = 0; i < n; i++) (*text)[i] = (char)ids[i];
    *count = n;
done:
    return rc;
}

int text_tokenizer_decode_part(const text_tokenizer *t, int later, const uint32_t *ids, size_t n, char **text,
                               size_t *capacity, size_t *count)
{
    if (!t->kind || !t->kind->decode_part) return text_tokenizer_decode(t, ids, n, text, capacity, count);
    return t->kind->decode_part(t->state, later, ids, n, text, capacity, count);
}

const char *text_tokenizer_piece(text_tokenizer *t, uint32_t id, size_t *n)
{
    if (t->kind) return t->kind->piece(t->state, id, n);
    t->byte = (char)id;
    *n = id < 256;
    return &t->byte;
}
