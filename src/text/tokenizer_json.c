#include "text/tokenizer_json.h"

#include "base/memory.h"
#include "base/status.h"

#include <string.h>

/* ---- helpers of all parts ---- */

const char *tokenizer_json_text(const json_t *part, const char *key)
{
    const char *text = json_string_value(json_object_get(part, key));
    return text ? text : "";
}

int tokenizer_json_true(const json_t *part, const char *key, int missing)
{
    const json_t *value = json_object_get(part, key);
    return value && !json_is_null(value) ? json_is_true(value) : missing;
}

int tokenizer_json_keys(const json_t *part, const char *what, const char *const *keys)
{
    int rc = OK;
    const char *key;
    json_t *value;
    if (!json_is_object(part)) FAIL(ERR_CONFIG, "%s is no object", what);
    json_object_foreach((json_t *)part, key, value)
    {
        size_t i = 0;
        while (keys[i] && strcmp(keys[i], key)) i++;
        if (!keys[i]) FAIL(ERR_CONFIG, "%s: \"%s\" is not supported", what, key);
    }
done:
    return rc;
}

/* ---- added tokens ---- */

static int check_id(const json_t *token, uint32_t *id)
{
    int rc = OK;
    const json_t *value = json_object_get(token, "id");
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) >= PIECE_IDS_MAX)
        FAIL(ERR_CONFIG, "added_tokens: \"%s\" has no id below %d", tokenizer_json_text(token, "content"),
             PIECE_IDS_MAX);
    *id = (uint32_t)json_integer_value(value);
done:
    return rc;
}

/* A token of the vocabulary keeps its id, and an id of the vocabulary its token. */
static int place_token(byte_bpe *b, const added_token *t, const json_t *vocabulary)
{
    int rc = OK;
    size_t n;
    const json_t *there = json_object_getn(vocabulary, t->content, t->n);
    piece_table_get(&b->model.pieces, t->id, &n);
    if (there && json_integer_value(there) != t->id)
        FAIL(ERR_CONFIG, "added_tokens: \"%s\" has id %u here and %lld in the vocabulary", t->content, t->id,
             (long long)json_integer_value(there));
    if (n && !there) FAIL(ERR_CONFIG, "added_tokens: \"%s\" has the id %u of another token", t->content, t->id);
    if (!n) TRY(piece_table_set(&b->model.pieces, t->id, t->content, t->n));
    if (t->special && t->n) TRY(byte_bpe_set_special(b, t->id));
done:
    return rc;
}

static int add_token(byte_bpe *b, const json_t *part, const json_t *vocabulary)
{
    static const char *const keys[] = {"id",     "content",    "single_word", "lstrip",
                                       "rstrip", "normalized", "special",     NULL};
    int rc = OK;
    added_token t = {0};
    const char *normal;
    TRY(tokenizer_json_keys(part, "added_tokens", keys));
    TRY(check_id(part, &t.id));
    const json_t *content = json_object_get(part, "content");
    if (!json_is_string(content)) FAIL(ERR_CONFIG, "added_tokens: id %u has no content", t.id);
    t.content = (char *)json_string_value(content);
    t.n = json_string_length(content);
    t.single_word = tokenizer_json_true(part, "single_word", 0);
    t.lstrip = tokenizer_json_true(part, "lstrip", 0);
    t.rstrip = tokenizer_json_true(part, "rstrip", 0);
    t.special = tokenizer_json_true(part, "special", 0);
    TRY(place_token(b, &t, vocabulary));
    if (!tokenizer_json_true(part, "normalized", 1)) {
        TRY(added_tokens_add(&b->raw, &t));
        goto done;
    }
    TRY(normalizer_run(&b->normalizer, t.content, t.n, &normal, &t.n));
    t.content = (char *)normal;
    TRY(added_tokens_add(&b->normalized, &t));
done:
    return rc;
}

int tokenizer_json_added(byte_bpe *b, const json_t *part, const json_t *vocabulary)
{
    int rc = OK;
    size_t i;
    json_t *token;
    if (part && !json_is_null(part) && !json_is_array(part)) FAIL(ERR_CONFIG, "added_tokens is no list");
    json_array_foreach((json_t *)part, i, token) TRY(add_token(b, token, vocabulary));
done:
    return rc;
}

/* ---- the file ---- */

static int detect(const uint8_t *bytes, size_t n)
{
    size_t i = 0;
    while (i < n && (bytes[i] == ' ' || bytes[i] == '\n' || bytes[i] == '\r' || bytes[i] == '\t')) i++;
    return i < n && bytes[i] == '{';
}

static int read_parts(byte_bpe *b, const json_t *root)
{
    static const char *const keys[] = {"version",       "truncation",     "padding", "added_tokens", "normalizer",
                                       "pre_tokenizer", "post_processor", "decoder", "model",        NULL};
    int rc = OK;
    TRY(tokenizer_json_keys(root, "the file", keys));
    TRY(tokenizer_json_normalizer(b, json_object_get(root, "normalizer")));
    TRY(tokenizer_json_split(b, json_object_get(root, "pre_tokenizer")));
    TRY(tokenizer_json_model(b, json_object_get(root, "model")));
    TRY(tokenizer_json_added(b, json_object_get(root, "added_tokens"),
                             json_object_get(json_object_get(root, "model"), "vocab")));
    TRY(tokenizer_json_frame(b, json_object_get(root, "post_processor")));
    TRY(byte_bpe_prepare(b));
done:
    return rc;
}

static int open_file(void **state, const char *path, const uint8_t *bytes, size_t n)
{
    int rc = OK;
    byte_bpe *b = NULL;
    json_error_t error;
    *state = NULL;
    json_t *root = json_loadb((const char *)bytes, n, JSON_ALLOW_NUL, &error);
    if (!root) FAIL(ERR_CONFIG, "%s: line %d: %s", path, error.line, error.text);
    TRY(byte_bpe_create(&b));
    rc = read_parts(b, root);
    if (rc == ERR_CONFIG) FAIL(ERR_CONFIG, "%s: %s", path, status_message());
    TRY(rc);
    *state = b;
    b = NULL;
done:
    byte_bpe_free(&b);
    json_decref(root);
    return rc;
}

const tokenizer_kind bpe_kind = {
    "bpe",           detect,         open_file,      byte_bpe_close, byte_bpe_size, byte_bpe_encode,
    byte_bpe_decode, byte_bpe_piece, byte_bpe_begin, byte_bpe_end,   NULL};
