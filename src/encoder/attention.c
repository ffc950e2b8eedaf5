#include "encoder/attention.h"

#include "base/memory.h"
#include "base/status.h"
#include "tensor/row_softmax.h"

/* Scores of a block stay in the second-level cache. */
enum { BLOCK_SCORES = 1 << 16, BLOCK_STEP = 8, BLOCK_MOST = 128 };

static int64_t block_of(int64_t t)
{
    int64_t n = BLOCK_SCORES / t / BLOCK_STEP * BLOCK_STEP;
    return n < BLOCK_STEP ? BLOCK_STEP : n > BLOCK_MOST ? BLOCK_MOST : n;
}

/* The most scores that a block has for any t up to t_max. */
static int64_t most_scores(int64_t t_max)
{
    int64_t flat = BLOCK_STEP * t_max;
    return flat > BLOCK_SCORES ? flat : BLOCK_SCORES;
}

int attention_create(attention *a, arena *memory, int half, int64_t heads, int64_t size, int64_t t_max)
{
    int rc = OK;
    size_t n_keys, n_values;
    void *keys, *values;
    *a = (attention){.heads = heads, .size = size};
    TRY(half ? panel_bf16_bytes(t_max, size, &n_keys) : panel_bytes(t_max, size, &n_keys));
    TRY(half ? panel_bf16_bytes(size, t_max, &n_values) : panel_bytes(size, t_max, &n_values));
    keys = arena_take(memory, n_keys, 1);
    values = arena_take(memory, n_values, 1);
    ARENA_TAKE(memory, a->scores, most_scores(t_max));
    ARENA_TAKE(memory, a->sums, BLOCK_MOST);
    if (half) ARENA_TAKE(memory, a->half_scores, most_scores(t_max));
    if (!memory->base) return OK;
    if (half) {
        TRY(panel_bf16_create_at(&a->half_keys, keys));
        TRY(panel_bf16_create_at(&a->half_values, values));
    } else {
        TRY(panel_create_at(&a->keys, keys));
        TRY(panel_create_at(&a->values, values));
    }
done:
    return rc;
}

void attention_free(attention *a)
{
    panel_free(&a->keys);
    panel_free(&a->values);
    panel_bf16_free(&a->half_keys);
    panel_bf16_free(&a->half_values);
}

static void one_head(attention *a, rows q, rows k, rows v, int64_t t, float scale, rows out)
{
    int64_t step = block_of(t), size = a->size;
    panel_pack(a->keys, k.whole, t, size, k.stride, 1);
    panel_pack(a->values, v.whole, size, t, 1, v.stride);
    for (int64_t i = 0; i < t; i += step) {
        int64_t n = t - i < step ? t - i : step;
        float *to = rows_at(out, i, 0).whole;
        panel_layer(a->keys, rows_at(q, i, 0).whole, q.stride, n, NULL, a->scores, t);
        row_softmax(a->scores, t, n, t, scale, a->sums);
        panel_layer(a->values, a->scores, t, n, NULL, to, out.stride);
        row_divide(to, out.stride, n, size, a->sums, NULL, 0);
    }
}

static void one_half_head(attention *a, rows q, rows k, rows v, int64_t t, float scale, rows out)
{
    int64_t step = block_of(t), size = a->size;
    panel_bf16_pack_half(a->half_keys, k.half, t, size, k.stride, 1);
    panel_bf16_pack_half(a->half_values, v.half, size, t, 1, v.stride);
    for (int64_t i = 0; i < t; i += step) {
        int64_t n = t - i < step ? t - i : step;
        panel_bf16_layer(a->half_keys, rows_at(q, i, 0).half, q.stride, n, NULL, a->scores, t);
        row_softmax_half(a->scores, t, n, t, scale, a->sums, a->half_scores, t);
        panel_bf16_layer(a->half_values, a->half_scores, t, n, NULL, a->scores, size);
        row_divide(a->scores, size, n, size, a->sums, rows_at(out, i, 0).half, out.stride);
    }
}

void attention_run(attention *a, rows q, rows k, rows v, int64_t t, float scale, rows out)
{
    for (int64_t h = 0; h < a->heads; h++) {
        int64_t at = h * a->size;
        rows qh = rows_at(q, 0, at), kh = rows_at(k, 0, at), vh = rows_at(v, 0, at), to = rows_at(out, 0, at);
        if (a->half_keys)
            one_half_head(a, qh, kh, vh, t, scale, to);
        else
            one_head(a, qh, kh, vh, t, scale, to);
    }
}
