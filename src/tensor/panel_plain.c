#include "tensor/panel_kernel.h"
#include "tensor/panel_tile.h"

#include <math.h>

/* The definition of a panel product: what the other kernels must equal bit for bit. */
static void run(const panel_task *t)
{
    float bias[TILE_COLUMNS], sums[1][TILE_COLUMNS];
    const panel_finish none = {0}, *finish = t->finish ? t->finish : &none;
    tile_bias(finish, t->n_columns, bias);
    for (int64_t i = 0; i < t->m; i++) {
        const float *a = t->a + i * t->lda;
        memset(sums, 0, sizeof sums);
        for (int64_t first = 0; first < t->k; first += PANEL_BLOCK) {
            int64_t end = t->k - first < PANEL_BLOCK ? t->k : first + PANEL_BLOCK;
            float chain[TILE_COLUMNS] = {0};
            for (int64_t w = first; w < end; w++)
                for (int j = 0; j < TILE_COLUMNS; j++)
                    chain[j] = fmaf(a[w], t->columns[w * PANEL_COLUMNS + j], chain[j]);
            for (int j = 0; j < TILE_COLUMNS; j++) sums[0][j] = first ? sums[0][j] + chain[j] : chain[j];
        }
        tile_finish(finish, bias, i, 1, t->n_columns, (const float(*)[TILE_COLUMNS])sums, t->out, t->ldo);
    }
}

const panel_kernel panel_kernel_plain = {"plain", ISA_PLAIN, run};
