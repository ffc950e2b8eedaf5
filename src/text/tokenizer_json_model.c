/* "model" of tokenizer.json: vocabulary and merges of byte-pair encoding. */
#include "base/memory.h"
#include "base/status.h"
#include "text/byte_alphabet.h"
#include "text/tokenizer_json.h"

#include <stdio.h>
#include <string.h>

/* ---- vocabulary ---- */

/* A token as bytes: of a byte-level model what its characters stand for. *is_text: text can become it. */
static void token_bytes(const byte_bpe *b, const char *token, size_t n, char *room, size_t *n_out, int *is_text)
{
    *is_text = 1;
    if (!b->model.by_character && byte_alphabet_read(token, n, room, n_out)) return;
    *is_text = b->model.by_character;
    memcpy(room, token, n);
    *n_out = n;
}

static int add_piece(byte_bpe *b, const char *token, size_t n, const json_t *value, char **room, size_t *capacity)
{
    int rc = OK, is_text;
    size_t n_bytes, there;
    json_int_t id = json_integer_value(value);
    if (!json_is_integer(value) || id < 0 || id >= PIECE_IDS_MAX)
        FAIL(ERR_CONFIG, "model: token \"%s\" has no id below %d", token, PIECE_IDS_MAX);
    TRY(MEM_GROW(*room, capacity, n + 1));
    token_bytes(b, token, n, *room, &n_bytes, &is_text);
    piece_table_get(&b->model.pieces, (uint32_t)id, &there);
    if (there) FAIL(ERR_CONFIG, "model: two tokens have id %lld, one is \"%s\"", (long long)id, token);
    TRY(piece_table_set(&b->model.pieces, (uint32_t)id, *room, n_bytes));
    if (is_text && n) TRY(piece_table_index(&b->model.pieces, (uint32_t)id));
done:
    return rc;
}

static int read_vocabulary(byte_bpe *b, const json_t *vocabulary)
{
    int rc = OK;
    const char *token;
    size_t n, capacity = 0;
    char *room = NULL;
    json_t *id;
    if (!json_object_size(vocabulary)) FAIL(ERR_CONFIG, "model: no vocab");
    json_object_keylen_foreach((json_t *)vocabulary, token, n, id) TRY(add_piece(b, token, n, id, &room, &capacity));
done:
    mem_free(&room);
    return rc;
}

/* ---- merges ---- */

/* Both sides of a merge: [a, b], or "a b". */
static int sides(const json_t *merge, size_t number, const char *side[2], size_t n[2])
{
    int rc = OK;
    const char *text = json_string_value(merge);
    for (int i = 0; i < 2 && !text; i++) {
        const json_t *one = json_array_get(merge, (size_t)i);
        if (json_array_size(merge) != 2 || !json_is_string(one)) FAIL(ERR_CONFIG, "merge %zu is no pair", number);
        side[i] = json_string_value(one);
        n[i] = json_string_length(one);
    }
    if (!text) goto done;
    const char *space = memchr(text, ' ', json_string_length(merge));
    size_t rest = space ? json_string_length(merge) - (size_t)(space - text) - 1 : 0;
    if (!space || memchr(space + 1, ' ', rest)) FAIL(ERR_CONFIG, "merge %zu is no pair with one space", number);
    side[0] = text;
    n[0] = (size_t)(space - text);
    side[1] = space + 1;
    n[1] = rest;
done:
    return rc;
}

static int add_merge(byte_bpe *b, const json_t *merge, size_t number, char **room, size_t *capacity)
{
    int rc = OK, is_text;
    const char *side[2];
    size_t n[2], n_bytes[2];
    TRY(sides(merge, number, side, n));
    TRY(MEM_GROW(*room, capacity, n[0] + n[1] + 1));
    token_bytes(b, side[0], n[0], *room, &n_bytes[0], &is_text);
    token_bytes(b, side[1], n[1], *room + n_bytes[0], &n_bytes[1], &is_text);
    int64_t left = piece_table_find(&b->model.pieces, *room, n_bytes[0]);
    int64_t right = piece_table_find(&b->model.pieces, *room + n_bytes[0], n_bytes[1]);
    int64_t both = piece_table_find(&b->model.pieces, *room, n_bytes[0] + n_bytes[1]);
    if (left < 0 || right < 0 || both < 0)
        FAIL(ERR_CONFIG, "merge %zu: \"%s\" and \"%s\", or what they become, are not in the vocabulary", number,
             side[0], side[1]);
    TRY(merge_table_add(&b->model.merges, (uint32_t)left, (uint32_t)right, (uint32_t)both));
done:
    return rc;
}

static int read_merges(byte_bpe *b, const json_t *merges)
{
    int rc = OK;
    size_t i, capacity = 0;
    char *room = NULL;
    json_t *merge;
    if (!json_is_array(merges)) FAIL(ERR_CONFIG, "model: no list of merges");
    json_array_foreach((json_t *)merges, i, merge) TRY(add_merge(b, merge, i, &room, &capacity));
done:
    mem_free(&room);
    return rc;
}

/* ---- the rest ---- */

static int is_set(const json_t *part, const char *key)
{
    const json_t *value = json_object_get(part, key);
    if (!value || json_is_null(value)) return 0;
    if (json_is_number(value)) return json_number_value(value) != 0;
    return !json_is_string(value) || json_string_length(value) > 0;
}

static int check_settings(const json_t *part)
{
    static const char *const keys[] = {"type",
                                       "dropout",
                                       "unk_token",
                                       "continuing_subword_prefix",
                                       "end_of_word_suffix",
                                       "fuse_unk",
                                       "byte_fallback",
                                       "ignore_merges",
                                       "vocab",
                                       "merges",
                                       NULL};
    static const char *const unsupported[] = {"dropout", "continuing_subword_prefix", "end_of_word_suffix"};
    int rc = OK;
    const char *type = tokenizer_json_text(part, "type");
    if (*type && strcmp(type, "BPE")) FAIL(ERR_CONFIG, "model: type \"%s\" is not supported, only BPE", type);
    TRY(tokenizer_json_keys(part, "model", keys));
    for (size_t i = 0; i < sizeof unsupported / sizeof *unsupported; i++)
        if (is_set(part, unsupported[i])) FAIL(ERR_CONFIG, "model: \"%s\" is not supported", unsupported[i]);
done:
    return rc;
}

/* What becomes of text that the vocabulary cannot say must be known beforehand. */
static int read_unknown(byte_bpe *b, const json_t *part)
{
    int rc = OK;
    const json_t *name = json_object_get(part, "unk_token");
    if (!json_is_string(name)) return OK;
    const json_t *id = json_object_get(json_object_get(part, "vocab"), json_string_value(name));
    if (json_is_integer(id))
        b->model.unknown = json_integer_value(id);
    else if (b->model.by_character)
        FAIL(ERR_CONFIG, "model: unk_token \"%s\" is not in the vocabulary", json_string_value(name));
    for (int i = 0; i < 256 && !json_is_integer(id); i++) {
        char byte = (char)i;
        if (piece_table_find(&b->model.pieces, &byte, 1) < 0)
            FAIL(ERR_CONFIG, "model: neither unk_token \"%s\" nor byte 0x%02X are in the vocabulary",
                 json_string_value(name), i);
    }
done:
    return rc;
}

int tokenizer_json_model(byte_bpe *b, const json_t *part)
{
    int rc = OK;
    TRY(check_settings(part));
    b->model.whole_first = tokenizer_json_true(part, "ignore_merges", 0);
    b->model.byte_fallback = tokenizer_json_true(part, "byte_fallback", 0);
    b->model.fuse_unknown = tokenizer_json_true(part, "fuse_unk", 0);
    TRY(read_vocabulary(b, json_object_get(part, "vocab")));
    TRY(read_merges(b, json_object_get(part, "merges")));
    TRY(read_unknown(b, part));
done:
    return rc;
}
