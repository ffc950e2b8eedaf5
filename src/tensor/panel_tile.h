/* What the kernels of panel products share: the end of a tile, in plain C that each kernel compiles for its own
 * instruction set. Local. */
#pragma once

#include "tensor/bf16_of.h"
#include "tensor/gelu.h"
#include "tensor/panel.h"

#include <stdint.h>

enum { TILE_COLUMNS = 48 };

/* One row: the first n_columns of activation(sum + bias) + residual, into `half` unless that is NULL; gelu is a
 * constant where this is inlined, so that each case becomes one loop. */
static inline __attribute__((always_inline)) void tile_finish_row(const int gelu, const float *restrict bias,
                                                                  const float *residual, int64_t n_columns,
                                                                  const float *restrict sum, float *out, uint16_t *half)
{
    float whole_row[TILE_COLUMNS];
    for (int j = 0; j < TILE_COLUMNS; j++) whole_row[j] = gelu ? gelu_of(sum[j] + bias[j]) : sum[j] + bias[j];
    if (half) {
        for (int64_t j = 0; j < n_columns && residual; j++) whole_row[j] += residual[j];
        for (int64_t j = 0; j < n_columns; j++) half[j] = bf16_of(whole_row[j]);
    } else if (residual)
        for (int64_t j = 0; j < n_columns; j++) out[j] = whole_row[j] + residual[j];
    else
        for (int64_t j = 0; j < n_columns; j++) out[j] = whole_row[j];
}

/* What panel_finish says for `rows` rows of sums, starting with row `first` of the finish and of out: the first
 * n_columns of each are stored. bias: from tile_bias. */
static inline __attribute__((always_inline)) void tile_finish(const panel_finish *finish, const float *bias,
                                                              int64_t first, int rows, int64_t n_columns,
                                                              const float (*sums)[TILE_COLUMNS], float *out,
                                                              int64_t ldo)
{
    for (int i = 0; i < rows; i++) {
        float *to = out ? out + (first + i) * ldo : NULL;
        uint16_t *half = finish->half ? finish->half + (first + i) * finish->half_stride : NULL;
        const float *residual = finish->residual ? finish->residual + (first + i) * finish->residual_stride : NULL;
        if (finish->activation == ACTIVATION_GELU)
            tile_finish_row(1, bias, residual, n_columns, sums[i], to, half);
        else
            tile_finish_row(0, bias, residual, n_columns, sums[i], to, half);
    }
}

/* The bias of a finish as tile_finish wants it; where there is none -0, which added changes no number. */
static inline void tile_bias(const panel_finish *finish, int64_t n_columns, float bias[TILE_COLUMNS])
{
    for (int j = 0; j < TILE_COLUMNS; j++) bias[j] = finish && finish->bias && j < n_columns ? finish->bias[j] : -0.0f;
}

/* Ask for the lines that tile_finish, or a store without it, will touch. */
static inline __attribute__((always_inline)) void tile_prefetch(const panel_finish *finish, int64_t first, int rows,
                                                                const float *out, int64_t ldo)
{
    const int line = 16;
    for (int i = 0; i < rows; i++) {
        if (finish && finish->half) {
            const uint16_t *half = finish->half + (first + i) * finish->half_stride;
            for (int j = 0; j < TILE_COLUMNS; j += 2 * line) __builtin_prefetch(half + j, 1);
        } else {
            const float *to = out + (first + i) * ldo;
            for (int j = 0; j < TILE_COLUMNS; j += line) __builtin_prefetch(to + j, 1);
        }
        if (!finish || !finish->residual) continue;
        const float *residual = finish->residual + (first + i) * finish->residual_stride;
        for (int j = 0; j < TILE_COLUMNS; j += line) __builtin_prefetch(residual + j);
    }
}
