#include "text/byte_bpe.h"

#include "base/memory.h"
#include "base/status.h"

#include <string.h>

int byte_bpe_create(byte_bpe **out)
{
    int rc = OK;
    TRY(MEM_ALLOC(*out, 1));
    (*out)->begin = (*out)->end = (*out)->model.unknown = -1;
done:
    return rc;
}

void byte_bpe_free(byte_bpe **pb)
{
    byte_bpe *b = *pb;
    if (!b) return;
    bpe_free(&b->model);
    added_tokens_free(&b->raw);
    added_tokens_free(&b->normalized);
    normalizer_free(&b->normalizer);
    text_split_free(&b->split);
    mem_free(&b->special);
    mem_free(pb);
}

static int cover(byte_bpe *b)
{
    int rc = OK;
    size_t before = b->special_capacity;
    TRY(MEM_GROW(b->special, &b->special_capacity, b->model.pieces.n_ids + 1));
    memset(b->special + before, 0, b->special_capacity - before);
done:
    return rc;
}

int byte_bpe_set_special(byte_bpe *b, uint32_t id)
{
    int rc = OK;
    TRY(cover(b));
    b->special[id] = 1;
done:
    return rc;
}

int byte_bpe_prepare(byte_bpe *b)
{
    int rc = OK;
    TRY(cover(b));
    added_tokens_sort(&b->raw);
    added_tokens_sort(&b->normalized);
    TRY(bpe_prepare(&b->model));
    byte_bpe_parse_specials(b, 0);
done:
    return rc;
}

void byte_bpe_parse_specials(byte_bpe *b, int parse)
{
    b->parse_specials = parse;
    b->model.barred = parse ? NULL : b->special;
}

/* ---- text to ids ---- */

static int take_piece(void *user, const char *piece, size_t n)
{
    byte_bpe *b = user;
    return bpe_encode(&b->model, piece, n, b->ids, b->capacity, b->count);
}

static int take_id(byte_bpe *b, uint32_t id)
{
    int rc = OK;
    TRY(mem_grow((void **)b->ids, b->capacity, *b->count + 1, sizeof **b->ids));
    (*b->ids)[(*b->count)++] = id;
done:
    return rc;
}

/* A gap between tokens of the first set: normalise it, find those of the second. */
static int encode_gap(byte_bpe *b, const char *text, size_t n, int is_first)
{
    int rc = OK;
    size_t start, end;
    added_scan scan = {0, 0};
    const added_token *t;
    const split_sink sink = {take_piece, b};
    TRY(normalizer_run(&b->normalizer, text, n, &text, &n));
    while ((t = added_tokens_next(&b->normalized, text, n, b->parse_specials, &scan, &start, &end))) {
        if (start > scan.from)
            TRY(text_split_run(&b->split, text + scan.from, start - scan.from, is_first && !scan.from, &sink));
        TRY(take_id(b, t->id));
        scan.from = end;
    }
    if (scan.from < n) TRY(text_split_run(&b->split, text + scan.from, n - scan.from, is_first && !scan.from, &sink));
done:
    return rc;
}

int byte_bpe_encode(void *state, const char *text, size_t n, uint32_t **ids, size_t *capacity, size_t *count)
{
    int rc = OK;
    byte_bpe *b = state;
    size_t start, end;
    added_scan scan = {0, 0};
    const added_token *t;
    *count = 0;
    b->ids = ids;
    b->capacity = capacity;
    b->count = count;
    while ((t = added_tokens_next(&b->raw, text, n, b->parse_specials, &scan, &start, &end))) {
        if (start > scan.from) TRY(encode_gap(b, text + scan.from, start - scan.from, !scan.from));
        TRY(take_id(b, t->id));
        scan.from = end;
    }
    if (scan.from < n) TRY(encode_gap(b, text + scan.from, n - scan.from, !scan.from));
done:
    if (rc != OK) *count = 0;
    return rc;
}

/* ---- ids to text ---- */

const char *byte_bpe_piece(const void *state, uint32_t id, size_t *n)
{
    return piece_table_get(&((const byte_bpe *)state)->model.pieces, id, n);
}

/* The byte that "<0xHH>" stands for; -1: it is another piece. */
static int byte_of(const byte_bpe *b, uint32_t id)
{
    size_t n;
    const char *piece = byte_bpe_piece(b, id, &n);
    if (!b->model.by_character || n != 6 || memcmp(piece, "<0x", 3)) return -1;
    for (int i = 0; i < 256; i++)
        if (b->model.byte_ids[i] == id) return i;
    return -1;
}

/* U+2581 stands for a space where pieces are characters. */
static size_t put_piece(const byte_bpe *b, const char *piece, size_t n, char *out)
{
    size_t to = 0;
    for (size_t i = 0; i < n; i++) {
        int mark = b->model.by_character && i + 3 <= n && !memcmp(piece + i, "\xE2\x96\x81", 3);
        out[to++] = mark ? ' ' : piece[i];
        i += mark ? 2 : 0;
    }
    return to;
}

int byte_bpe_decode(const void *state, const uint32_t *ids, size_t n, char **text, size_t *capacity, size_t *count)
{
    int rc = OK;
    const byte_bpe *b = state;
    *count = 0;
    for (size_t i = 0; i < n; i++) {
        size_t length;
        const char *piece = byte_bpe_piece(b, ids[i], &length);
        int byte = byte_of(b, ids[i]);
        TRY(mem_grow((void **)text, capacity, *count + length, 1));
        if (byte >= 0)
            (*text)[(*count)++] = (char)byte;
        else
            *count += put_piece(b, piece, length, *text + *count);
    }
done:
    return rc;
}

int64_t byte_bpe_size(const void *state) { return (int64_t)((const byte_bpe *)state)->model.pieces.n_ids; }

int64_t byte_bpe_begin(const void *state) { return ((const byte_bpe *)state)->begin; }

int64_t byte_bpe_end(const void *state) { return ((const byte_bpe *)state)->end; }

void byte_bpe_close(void **state)
{
    byte_bpe *b = *state;
    byte_bpe_free(&b);
    *state = NULL;
}
