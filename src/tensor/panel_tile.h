/* What the kernels of panel products share: the end of a tile, in plain C that each kernel compiles for its own
 * instruction set. Local. */
#pragma once

#include "tensor/gelu.h"
#include "tensor/panel.h"

#include <stdint.h>

enum { TILE_COLUMNS = 48 };

/* What panel_finish says for `rows` rows of sums, starting with row `first` of the finish and of out: the first
 * n_columns of each are stored. bias: that of the finish, zeros behind n_columns. Destroys the sums. */
static inline __attribute__((always_inline)) void tile_finish(const panel_finish *finish, const float *bias,
                                                              int64_t first, int rows, int64_t n_columns,
                                                              float (*sums)[TILE_COLUMNS], float *out, int64_t ldo)
{
    for (int i = 0; i < rows; i++) {
        float *sum = sums[i], *to = out + (first + i) * ldo;
        const float *residual = finish->residual ? finish->residual + (first + i) * finish->residual_stride : NULL;
        if (finish->bias)
            for (int j = 0; j < TILE_COLUMNS; j++) sum[j] += bias[j];
        if (finish->activation == ACTIVATION_GELU)
            for (int j = 0; j < TILE_COLUMNS; j++) sum[j] = gelu_of(sum[j]);
        if (residual)
            for (int64_t j = 0; j < n_columns; j++) to[j] = sum[j] + residual[j];
        else
            memcpy(to, sum, (size_t)n_columns * sizeof *to);
    }
}

/* The bias of a finish with zeros behind it, as tile_finish wants it. */
static inline void tile_bias(const panel_finish *finish, int64_t n_columns, float bias[TILE_COLUMNS])
{
    memset(bias, 0, TILE_COLUMNS * sizeof *bias);
    if (finish && finish->bias) memcpy(bias, finish->bias, (size_t)n_columns * sizeof *bias);
}
