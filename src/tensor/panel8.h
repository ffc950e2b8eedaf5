/* Scores from int8 products, many per instruction: a cheap first look at which columns (centroids) a row can belong to.
 *
 *   score[i][j] = f[0][j] + scale_i * (z_j * (q_i . p_j)) + sum over t of x[i][t] * f[1 + t][j]   (fp32, fused, in this
 * order)
 *
 * q (unsigned bytes, the value plus 128) and p (signed bytes) give an exact 32-bit integer, so all instruction sets
 * have the same bits. What the float rows f mean is the caller's affair (codebook/filter.c). All Local. */
#pragma once

#include "tensor/isa.h"

#include <stddef.h>
#include <stdint.h>

enum {
    PANEL8_COLUMNS = 48,    /* side by side in a panel */
    PANEL8_ROWS = 8,        /* rows that a kernel takes at a time */
    PANEL8_MAX_FLOATS = 16, /* float rows of a panel */
    PANEL8_MAX_DEPTH = 65536
};

/* One panel in memory: int32 start[48] (-128 * sum of p), float z[48], float f[n_floats][48], int8 p[words][48][4]. */
typedef struct panel8_layout {
    int64_t words;    /* of four values along the depth */
    int64_t n_floats; /* 1 .. PANEL8_MAX_FLOATS */
    size_t bytes;     /* of a panel, a multiple of 64 */
} panel8_layout;

/* depth 0 .. PANEL8_MAX_DEPTH */
panel8_layout panel8_layout_of(int64_t depth, int64_t n_floats);

/* Pack n (0 .. 48) columns p (n, depth) with the scales z (48) and float rows f (n_floats, 48) into `panel` (64-byte
 * aligned). Missing columns become zeros; give them an infinite f[0]. */
void panel8_pack(const panel8_layout *l, const int8_t *p, int64_t n, int64_t depth, const float *z, const float *f,
                 void *panel);

/* A row: words * 4 bytes and scale followed by n_floats - 1 floats. */
typedef struct panel8_tile {
    const uint8_t *bytes[PANEL8_ROWS];
    const float *floats[PANEL8_ROWS]; /* [0] scale_i, [1 + t] x[i][t] */
    float limit[PANEL8_ROWS];
} panel8_tile;

typedef struct panel8_kernel {
    const char *name; /* that of `isa` */
    enum isa isa;     /* of avx512 with VNNI, too */

    /* All 8 rows: scores into out, row stride ldo. */
    void (*scores)(const panel8_layout *l, const void *panel, const panel8_tile *t, float *out, int64_t ldo);

    /* All 8 rows: scores as above (64-byte aligned, row stride 48); bit j of below[i] says that score[i][j] <=
     * limit[i]; least[i] is the least of the other scores (infinite when there is none). */
    void (*filter)(const panel8_layout *l, const void *panel, const panel8_tile *t, float *out,
                   uint64_t below[PANEL8_ROWS], float least[PANEL8_ROWS]);
} panel8_kernel;

/* Kernel i, fastest first, whether or not this processor has it; NULL behind the last. */
const panel8_kernel *panel8_kernel_at(size_t i);

/* Whether the processor has it and isa_force allows it. */
int panel8_kernel_usable(const panel8_kernel *k);

/* The one of isa_best(), or the next where AVX-512 lacks VNNI. */
const panel8_kernel *panel8_kernel_best(void);
