#include "tensor/panel_kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f")))
#define INLINE static inline __attribute__((always_inline)) AVX512

enum { LANES = 16, ROWS = 8 };

/* Up to 8 rows x 3 vectors of 16 columns: 24 accumulators that stay in registers, since `rows` and `vectors` are
 * constants where this is inlined and the loops unroll. `last` masks the columns of the last vector. */
INLINE void tile(const int rows, const int vectors, const float *a, int64_t lda, const float *columns, int64_t k,
                 __mmask16 last, int add, float *out, int64_t ldo)
{
    __m512 sum[ROWS][3];
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++) sum[i][v] = _mm512_setzero_ps();
    for (int64_t w = 0; w < k; w++) {
        __m512 b[3];
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++) b[v] = _mm512_loadu_ps(columns + w * PANEL_COLUMNS + v * LANES);
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++) {
            __m512 x = _mm512_set1_ps(a[i * lda + w]);
#pragma GCC unroll 3
            for (int v = 0; v < vectors; v++) sum[i][v] = _mm512_fmadd_ps(x, b[v], sum[i][v]);
        }
    }
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++) {
            float *c = out + i * ldo + v * LANES;
            __mmask16 mask = v == vectors - 1 ? last : (__mmask16)0xffff;
            __m512 s = sum[i][v];
            if (add) s = _mm512_add_ps(_mm512_maskz_loadu_ps(mask, c), s);
            _mm512_mask_storeu_ps(c, mask, s);
        }
}

INLINE void rows_of(const int vectors, const float *a, int64_t lda, int64_t m, const float *columns, int64_t k,
                    __mmask16 last, int add, float *out, int64_t ldo)
{
    for (; m >= ROWS; m -= ROWS, a += ROWS * lda, out += ROWS * ldo)
        tile(ROWS, vectors, a, lda, columns, k, last, add, out, ldo);
    switch (m) {
    case 7: tile(7, vectors, a, lda, columns, k, last, add, out, ldo); break;
    case 6: tile(6, vectors, a, lda, columns, k, last, add, out, ldo); break;
    case 5: tile(5, vectors, a, lda, columns, k, last, add, out, ldo); break;
    case 4: tile(4, vectors, a, lda, columns, k, last, add, out, ldo); break;
    case 3: tile(3, vectors, a, lda, columns, k, last, add, out, ldo); break;
    case 2: tile(2, vectors, a, lda, columns, k, last, add, out, ldo); break;
    case 1: tile(1, vectors, a, lda, columns, k, last, add, out, ldo); break;
    default: break;
    }
}

AVX512 static void block(const float *a, int64_t lda, int64_t m, const float *columns, int64_t k, int64_t n_columns,
                         int add, float *out, int64_t ldo)
{
    int vectors = (int)((n_columns + LANES - 1) / LANES);
    __mmask16 last = (__mmask16)(0xffffu >> (vectors * LANES - n_columns));
    if (vectors == 3)
        rows_of(3, a, lda, m, columns, k, last, add, out, ldo);
    else if (vectors == 2)
        rows_of(2, a, lda, m, columns, k, last, add, out, ldo);
    else
        rows_of(1, a, lda, m, columns, k, last, add, out, ldo);
}

const panel_kernel panel_kernel_avx512 = {"avx512", ISA_AVX512, block};
#endif
