/* A layer of a transformer: self-attention, then a feed-forward network, each with a norm and a residual. Local. */
#pragma once

#include "encoder/attention.h"
#include "encoder/parameters.h"

/* What the layers of a model have in common. */
typedef struct block_shape {
    int64_t width, heads, inner;
    enum activation activation;
    int norm_first; /* x + f(norm(x)), else norm(x + f(x)) */
    float epsilon;
} block_shape;

typedef struct block {
    linear qkv, out, up, down;
    norm attention_norm, feed_norm;
} block;

/* Names of a layer's weights: formats with the number of the layer. */
typedef struct block_names {
    const char *query, *key, *value, *out, *up, *down, *attention_norm, *feed_norm;
} block_names;

int block_load(block *b, parameters *p, const block_shape *s, const block_names *names, int64_t number, int qkv_bias);
void block_free(block *b);

/* Workspace for up to n rows in sequences of up to t_max. */
typedef struct block_room {
    int half;
    float *x; /* (n, width): what the layers work on */
    rows y;   /* (n, width): what a matrix product takes */
    rows qkv, context, inner;
    attention attention;
} block_room;
int block_room_create(block_room *r, arena *memory, int half, const block_shape *s, int64_t n, int64_t t_max);
void block_room_free(block_room *r);

/* r->x, sequences of lengths[i] rows one behind the other, through the layer. Where the norm comes second, x must be in
 * r->y as well (block_begin), and is so afterwards. */
void block_run(const block *b, const block_shape *s, block_room *r, const int64_t *lengths, int64_t n_sequences);
void block_begin(const block_shape *s, block_room *r, int64_t n);

/* Floating-point operations of a layer's products for one sequence of t rows. */
double block_operations(const block_shape *s, int64_t t);

/* Room for n rows as a matrix product takes them. */
rows rows_take(arena *memory, int half, int64_t n, int64_t width);
/* x (m, width) as a matrix product takes it, in `to`. */
void rows_from(const float *x, int64_t stride, int64_t m, int64_t width, rows to);
