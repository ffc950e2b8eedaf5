#include "tensor/panel_kernel.h"
#include "tensor/panel_tile.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#define INLINE static inline __attribute__((always_inline)) AVX512

/* AHEAD: steps of k by which the panel is asked for; the processor's own prefetch stops at pages of 4 KiB. */
enum { LANES = 16, ROWS = 8, AHEAD = 32 };

AVX512 static void finish_tile(const panel_task *t, const float *bias, int64_t first, int rows,
                               const float (*sums)[TILE_COLUMNS])
{
    if (t->n_columns == TILE_COLUMNS)
        tile_finish(t->finish, bias, first, rows, TILE_COLUMNS, sums, t->out, t->ldo);
    else
        tile_finish(t->finish, bias, first, rows, t->n_columns, sums, t->out, t->ldo);
}

/* Rows first .. first + rows - 1 (up to 8) x 3 vectors of 16 columns: 24 accumulators that stay in registers, since
 * `rows` and `vectors` are constants where this is inlined and the loops unroll. The sums over blocks of k before the
 * last wait in `sums`. `last` masks the columns of the last vector. */
INLINE void tile(const int rows, const int vectors, const panel_task *t, int64_t first, __mmask16 last,
                 const float *bias, float (*sums)[TILE_COLUMNS])
{
    const float *a = t->a + first * t->lda, *columns = t->columns;
    for (int64_t left = t->k, lda = t->lda, block = 0;; block++) {
        int64_t n = left < PANEL_BLOCK ? left : PANEL_BLOCK;
        __m512 sum[ROWS][3];
        if (left <= PANEL_BLOCK) tile_prefetch(t->finish, first, rows, t->out, t->ldo);
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++)
#pragma GCC unroll 3
            for (int v = 0; v < vectors; v++) sum[i][v] = _mm512_setzero_ps();
        for (int64_t w = 0; w < n; w++, a++, columns += PANEL_COLUMNS) {
            __m512 b[3];
#pragma GCC unroll 3
            for (int v = 0; v < vectors; v++) {
                b[v] = _mm512_load_ps(columns + v * LANES);
                _mm_prefetch(columns + AHEAD * PANEL_COLUMNS + v * LANES, _MM_HINT_T0);
            }
#pragma GCC unroll 8
            for (int i = 0; i < rows; i++) {
                __m512 x = _mm512_set1_ps(a[i * lda]);
#pragma GCC unroll 3
                for (int v = 0; v < vectors; v++) sum[i][v] = _mm512_fmadd_ps(x, b[v], sum[i][v]);
            }
        }
        left -= n;
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++)
#pragma GCC unroll 3
            for (int v = 0; v < vectors; v++) {
                float *kept = sums[i] + v * LANES;
                __m512 s = sum[i][v];
                if (block) s = _mm512_add_ps(_mm512_load_ps(kept), s);
                if (left || t->finish)
                    _mm512_store_ps(kept, s);
                else
                    _mm512_mask_storeu_ps(t->out + (first + i) * t->ldo + v * LANES,
                                          v == vectors - 1 ? last : (__mmask16)0xffff, s);
            }
        if (!left) break;
    }
    if (t->finish) finish_tile(t, bias, first, rows, (const float(*)[TILE_COLUMNS])sums);
}

INLINE void rows_of(const int vectors, const panel_task *t, __mmask16 last)
{
    _Alignas(64) float sums[ROWS][TILE_COLUMNS] = {0}, bias[TILE_COLUMNS];
    int64_t i = 0;
    tile_bias(t->finish, t->n_columns, bias);
    for (; i + ROWS <= t->m; i += ROWS) tile(ROWS, vectors, t, i, last, bias, sums);
    switch (t->m - i) {
    case 7: tile(7, vectors, t, i, last, bias, sums); break;
    case 6: tile(6, vectors, t, i, last, bias, sums); break;
    case 5: tile(5, vectors, t, i, last, bias, sums); break;
    case 4: tile(4, vectors, t, i, last, bias, sums); break;
    case 3: tile(3, vectors, t, i, last, bias, sums); break;
    case 2: tile(2, vectors, t, i, last, bias, sums); break;
    case 1: tile(1, vectors, t, i, last, bias, sums); break;
    default: break;
    }
}

AVX512 static void run(const panel_task *t)
{
    int vectors = (int)((t->n_columns + LANES - 1) / LANES);
    __mmask16 last = (__mmask16)(0xffffu >> (vectors * LANES - t->n_columns));
    if (vectors == 3)
        rows_of(3, t, last);
    else if (vectors == 2)
        rows_of(2, t, last);
    else
        rows_of(1, t, last);
}

const panel_kernel panel_kernel_avx512 = {"avx512", ISA_AVX512, run};
#endif
