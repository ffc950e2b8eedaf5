#include "text/tiktoken_file.h"

#include "base/memory.h"
#include "base/status.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { TOKEN_BYTES = 4096 };

/* ---- lines ---- */

static int digit_of(int c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Base64 with padding; 0: it is none. */
static int read_base64(const char *text, size_t n, char out[TOKEN_BYTES], size_t *n_out)
{
    size_t end = n;
    unsigned bits = 0;
    *n_out = 0;
    if (!n || n % 4 || n / 4 * 3 > TOKEN_BYTES) return 0;
    while (end > n - 2 && text[end - 1] == '=') end--;
    for (size_t i = 0; i < end; i++) {
        int digit = digit_of((unsigned char)text[i]);
        if (digit < 0) return 0;
        bits = bits << 6 | (unsigned)digit;
        if (i % 4) out[(*n_out)++] = (char)(bits >> (6 - 2 * (i % 4)));
    }
    return 1;
}

/* One line without its end. */
static int read_line(const char *line, size_t n, char out[TOKEN_BYTES], size_t *n_out, uint32_t *rank)
{
    const char *space = memchr(line, ' ', n);
    uint64_t value = 0;
    if (!space || !read_base64(line, (size_t)(space - line), out, n_out)) return 0;
    const char *p = space + 1, *end = line + n;
    if (p == end || end - p > 9) return 0;
    for (; p < end; p++) {
        if (*p < '0' || *p > '9') return 0;
        value = value * 10 + (uint64_t)(*p - '0');
    }
    *rank = (uint32_t)value;
    return 1;
}

static size_t line_length(const uint8_t *bytes, size_t n, size_t *with_end)
{
    const uint8_t *end = memchr(bytes, '\n', n);
    size_t length = end ? (size_t)(end - bytes) : n;
    *with_end = length + (end != NULL);
    return length && bytes[length - 1] == '\r' ? length - 1 : length;
}

static int detect(const uint8_t *bytes, size_t n)
{
    char out[TOKEN_BYTES];
    size_t with_end, n_out, length = line_length(bytes, n, &with_end);
    uint32_t rank;
    return read_line((const char *)bytes, length, out, &n_out, &rank);
}

/* ---- the file ---- */

static int read_ranks(byte_bpe *b, const char *path, const uint8_t *bytes, size_t n)
{
    int rc = OK;
    char token[TOKEN_BYTES];
    size_t n_token, with_end, there;
    uint32_t rank;
    piece_table *pieces = &b->model.pieces;
    for (size_t at = 0, line = 1; at < n; at += with_end, line++) {
        size_t length = line_length(bytes + at, n - at, &with_end);
        if (!length) continue;
        if (!read_line((const char *)bytes + at, length, token, &n_token, &rank))
            FAIL(ERR_CONFIG, "%s: line %zu is not a token in base64 and its rank", path, line);
        if (rank >= PIECE_IDS_MAX) FAIL(ERR_CONFIG, "%s: line %zu: rank %u is too large", path, line, rank);
        piece_table_get(pieces, rank, &there);
        if (there || piece_table_find(pieces, token, n_token) >= 0)
            FAIL(ERR_CONFIG, "%s: line %zu: its token or its rank was there before", path, line);
        TRY(piece_table_set(pieces, rank, token, n_token));
        TRY(piece_table_index(pieces, rank));
    }
    for (int i = 0; i < 256; i++) {
        char byte = (char)i;
        if (piece_table_find(pieces, &byte, 1) < 0) FAIL(ERR_CONFIG, "%s: no token for byte 0x%02X", path, i);
    }
done:
    return rc;
}

static int open_file(void **state, const char *path, const uint8_t *bytes, size_t n)
{
    int rc = OK;
    byte_bpe *b = NULL;
    *state = NULL;
    TRY(byte_bpe_create(&b));
    b->model.whole_first = 1;
    TRY(read_ranks(b, path, bytes, n));
    TRY(merge_table_add_all(&b->model.merges, &b->model.pieces));
    TRY(byte_bpe_prepare(b));
    *state = b;
    b = NULL;
done:
    byte_bpe_free(&b);
    return rc;
}

int tiktoken_set_pattern(byte_bpe *b, const char *pattern)
{
    int rc = OK, rule = split_rule_of_name(pattern);
    split_step *s;
    TRY(text_split_add(&b->split, &s));
    if (rule < 0) rule = split_rule_of_pattern(pattern);
    s->kind = rule < 0 ? STEP_PATTERN : STEP_RULE;
    s->rule = rule < 0 ? 0 : (split_rule)rule;
    s->keep_matches = 1;
    if (rule < 0) TRY(split_pattern_create(&s->pattern, pattern));
done:
    return rc;
}

/* ---- special tokens ---- */

static int add_special(byte_bpe *b, const char *content, size_t n, int64_t id, const json_t *flags)
{
    int rc = OK;
    size_t there;
    if (id < 0 || id >= PIECE_IDS_MAX || !n)
        FAIL(ERR_CONFIG, "special token \"%s\" has no id below %d", content, PIECE_IDS_MAX);
    const added_token t = {.id = (uint32_t)id,
                           .content = (char *)content,
                           .n = n,
                           .special = 1,
                           .lstrip = json_is_true(json_object_get(flags, "lstrip")),
                           .rstrip = json_is_true(json_object_get(flags, "rstrip")),
                           .single_word = json_is_true(json_object_get(flags, "single_word"))};
    piece_table_get(&b->model.pieces, t.id, &there);
    if (there) FAIL(ERR_CONFIG, "special token \"%s\" has the id %u of another token", content, t.id);
    TRY(piece_table_set(&b->model.pieces, t.id, content, n));
    TRY(byte_bpe_set_special(b, t.id));
    TRY(added_tokens_add(&b->raw, &t));
done:
    return rc;
}

static int read_specials(byte_bpe *b, const json_t *root)
{
    int rc = OK;
    const char *key;
    json_t *value;
    const json_t *decoder = json_object_get(root, "added_tokens_decoder");
    json_object_foreach((json_t *)(decoder ? decoder : root), key, value)
    {
        const json_t *content = json_object_get(value, "content");
        char *end = NULL;
        if (!decoder && !json_is_integer(value)) FAIL(ERR_CONFIG, "\"%s\" has no number", key);
        if (decoder && !json_is_string(content)) FAIL(ERR_CONFIG, "token %s has no content", key);
        int64_t id = decoder ? strtoll(key, &end, 10) : (int64_t)json_integer_value(value);
        if (end && (*end || end == key)) FAIL(ERR_CONFIG, "\"%s\" is no id", key);
        TRY(add_special(b, decoder ? json_string_value(content) : key,
                        decoder ? json_string_length(content) : strlen(key), id, decoder ? value : NULL));
    }
done:
    return rc;
}

int tiktoken_add_specials(byte_bpe *b, const char *path, const uint8_t *bytes, size_t n)
{
    int rc = OK;
    json_error_t error;
    json_t *root = json_loadb((const char *)bytes, n, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(root)) FAIL(ERR_CONFIG, "%s: not a JSON object of special tokens", path);
    rc = read_specials(b, root);
    if (rc == ERR_CONFIG) FAIL(ERR_CONFIG, "%s: %s", path, status_message());
    TRY(rc);
    added_tokens_sort(&b->raw);
    byte_bpe_parse_specials(b, b->parse_specials);
done:
    json_decref(root);
    return rc;
}

const tokenizer_kind tiktoken_kind = {
    "tiktoken",      detect,         open_file,      byte_bpe_close, byte_bpe_size, byte_bpe_encode,
    byte_bpe_decode, byte_bpe_piece, byte_bpe_begin, byte_bpe_end,   NULL};
