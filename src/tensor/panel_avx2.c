#include "tensor/panel_kernel.h"
#include "tensor/panel_tile.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,fma")))
#define INLINE static inline __attribute__((always_inline)) AVX2

enum { LANES = 8, GROUP = 16, ROWS = 6 };

/* Rows first .. (up to 6) x 2 vectors of 8 columns, from column j on: 12 accumulators in the 16 registers (see
 * panel_avx512.c). All sums go into `sums`. */
INLINE void tile(const int rows, const panel_task *t, int64_t first, int64_t j, float (*sums)[TILE_COLUMNS])
{
    const float *a = t->a + first * t->lda, *columns = t->columns + j;
    for (int64_t left = t->k, lda = t->lda, block = 0;; block++) {
        int64_t n = left < PANEL_BLOCK ? left : PANEL_BLOCK;
        __m256 sum[ROWS][2];
#pragma GCC unroll 6
        for (int i = 0; i < rows; i++) sum[i][0] = sum[i][1] = _mm256_setzero_ps();
        for (int64_t w = 0; w < n; w++, a++, columns += PANEL_COLUMNS) {
            __m256 b0 = _mm256_load_ps(columns), b1 = _mm256_load_ps(columns + LANES);
#pragma GCC unroll 6
            for (int i = 0; i < rows; i++) {
                __m256 x = _mm256_broadcast_ss(a + i * lda);
                sum[i][0] = _mm256_fmadd_ps(x, b0, sum[i][0]);
                sum[i][1] = _mm256_fmadd_ps(x, b1, sum[i][1]);
            }
        }
        left -= n;
#pragma GCC unroll 6
        for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
            for (int v = 0; v < 2; v++) {
                float *kept = sums[i] + j + v * LANES;
                __m256 s = sum[i][v];
                if (block) s = _mm256_add_ps(_mm256_load_ps(kept), s);
                _mm256_store_ps(kept, s);
            }
        if (!left) break;
    }
}

AVX2 static void tile_of(int rows, const panel_task *t, int64_t first, int64_t j, float (*sums)[TILE_COLUMNS])
{
    switch (rows) {
    case 6: tile(6, t, first, j, sums); break;
    case 5: tile(5, t, first, j, sums); break;
    case 4: tile(4, t, first, j, sums); break;
    case 3: tile(3, t, first, j, sums); break;
    case 2: tile(2, t, first, j, sums); break;
    default: tile(1, t, first, j, sums); break;
    }
}

AVX2 static void run(const panel_task *t)
{
    const panel_finish none = {0}, *finish = t->finish ? t->finish : &none;
    _Alignas(32) float sums[ROWS][TILE_COLUMNS] = {0}, bias[TILE_COLUMNS];
    tile_bias(finish, t->n_columns, bias);
    for (int64_t i = 0; i < t->m; i += ROWS) {
        int rows = (int)(t->m - i < ROWS ? t->m - i : ROWS);
        tile_prefetch(finish, i, rows, t->out, t->ldo);
        for (int64_t j = 0; j < t->n_columns; j += GROUP) tile_of(rows, t, i, j, sums);
        tile_finish(finish, bias, i, rows, t->n_columns, (const float(*)[TILE_COLUMNS])sums, t->out, t->ldo);
    }
}

const panel_kernel panel_kernel_avx2 = {"avx2", ISA_AVX2, run};
#endif
