#include "encoder/block.h"

#include "base/status.h"
#include "tensor/bf16.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

int block_load(block *b, parameters *p, const block_shape *s, const block_names *names, int64_t number, int qkv_bias)
{
    int rc = OK, i = (int)number;
    char qkv[3][128];
    const char *const parts[] = {qkv[0], qkv[1], qkv[2]};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(qkv[0], sizeof qkv[0], names->query, i);
    snprintf(qkv[1], sizeof qkv[1], names->key, i);
    snprintf(qkv[2], sizeof qkv[2], names->value, i);
    TRY(parameters_joined(p, &b->qkv, s->width, s->width, qkv_bias, parts, 3));
    TRY(parameters_linear(p, &b->out, 2, (const int64_t[]){s->width, s->width}, 1, names->out, i));
    TRY(parameters_linear(p, &b->up, 2, (const int64_t[]){s->inner, s->width}, 1, names->up, i));
    TRY(parameters_linear(p, &b->down, 2, (const int64_t[]){s->width, s->inner}, 1, names->down, i));
    TRY(parameters_norm(p, &b->attention_norm, s->width, s->epsilon, names->attention_norm, i));
    TRY(parameters_norm(p, &b->feed_norm, s->width, s->epsilon, names->feed_norm, i));
#pragma GCC diagnostic pop
done:
    return rc;
}

void block_free(block *b)
{
    linear_free(&b->qkv);
    linear_free(&b->out);
    linear_free(&b->up);
    linear_free(&b->down);
}

rows rows_take(arena *memory, int half, int64_t n, int64_t width)
{
    rows r = {.stride = width};
    if (half)
        ARENA_TAKE(memory, r.half, n * width);
    else
        ARENA_TAKE(memory, r.whole, n * width);
    return r;
}

void rows_from(const float *x, int64_t stride, int64_t m, int64_t width, rows to)
{
    for (int64_t i = 0; i < m; i++)
        if (to.half)
            bf16_from_floats(x + i * stride, (size_t)width, to.half + i * to.stride);
        else
            memcpy(to.whole + i * to.stride, x + i * stride, (size_t)width * sizeof *x);
}

int block_room_create(block_room *r, arena *memory, int half, const block_shape *s, int64_t n, int64_t t_max)
{
    *r = (block_room){.half = half};
    ARENA_TAKE(memory, r->x, n * s->width);
    r->y = half || s->norm_first ? rows_take(memory, half, n, s->width) : (rows){r->x, NULL, s->width};
    r->qkv = rows_take(memory, half, n, 3 * s->width);
    r->context = rows_take(memory, half, n, s->width);
    r->inner = rows_take(memory, half, n, s->inner);
    return attention_create(&r->attention, memory, half, s->heads, s->width / s->heads, t_max);
}

void block_room_free(block_room *r) { attention_free(&r->attention); }

void block_begin(const block_shape *s, block_room *r, int64_t n)
{
    if (!s->norm_first && r->half) rows_from(r->x, s->width, n, s->width, r->y);
}

/* x <- norm(x), and into y. */
static void norm_both(const norm *l, block_room *r, int64_t n)
{
    norm_run(l, r->x, l->n, n, (rows){r->x, r->half ? r->y.half : NULL, l->n});
}

static void attend(const block_shape *s, block_room *r, const int64_t *lengths, int64_t n_sequences)
{
    float scale = (float)(1 / sqrt((double)(s->width / s->heads)));
    for (int64_t i = 0, at = 0; i < n_sequences; at += lengths[i++]) {
        rows q = rows_at(r->qkv, at, 0);
        attention_run(&r->attention, q, rows_at(q, 0, s->width), rows_at(q, 0, 2 * s->width), lengths[i], scale,
                      rows_at(r->context, at, 0));
    }
}

void block_run(const block *b, const block_shape *s, block_room *r, const int64_t *lengths, int64_t n_sequences)
{
    int64_t n = 0, d = s->width;
    rows x = {r->x, NULL, d};
    for (int64_t i = 0; i < n_sequences; i++) n += lengths[i];
    if (s->norm_first) norm_run(&b->attention_norm, r->x, d, n, r->y);
    linear_run(&b->qkv, r->y, n, ACTIVATION_NONE, NULL, 0, r->qkv);
    attend(s, r, lengths, n_sequences);
    linear_run(&b->out, r->context, n, ACTIVATION_NONE, r->x, d, x);
    if (s->norm_first)
        norm_run(&b->feed_norm, r->x, d, n, r->y);
    else
        norm_both(&b->attention_norm, r, n);
    linear_run(&b->up, r->y, n, s->activation, NULL, 0, r->inner);
    linear_run(&b->down, r->inner, n, ACTIVATION_NONE, r->x, d, x);
    if (!s->norm_first) norm_both(&b->feed_norm, r, n);
}

double block_operations(const block_shape *s, int64_t t)
{
    double d = (double)s->width;
    return (double)t * (8 * d * d + 4 * d * (double)s->inner + 4 * d * (double)t);
}
