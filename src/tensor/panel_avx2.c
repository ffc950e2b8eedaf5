#include "tensor/panel_kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,fma")))
#define INLINE static inline __attribute__((always_inline)) AVX2

enum { LANES = 8, GROUP = 16, ROWS = 6 };

/* Lanes below n (0 .. 8), as the masked loads and stores want them. */
INLINE __m256i lanes_below(int64_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

/* Up to 6 rows x 2 vectors of 8 columns: 12 accumulators in the 16 registers (see panel_avx512.c). */
INLINE void tile(const int rows, const float *a, int64_t lda, const float *columns, int64_t k, const __m256i mask[2],
                 int add, float *out, int64_t ldo)
{
    __m256 sum[ROWS][2];
#pragma GCC unroll 6
    for (int i = 0; i < rows; i++) sum[i][0] = sum[i][1] = _mm256_setzero_ps();
    for (int64_t w = 0; w < k; w++) {
        __m256 b0 = _mm256_loadu_ps(columns + w * PANEL_COLUMNS),
               b1 = _mm256_loadu_ps(columns + w * PANEL_COLUMNS + LANES);
#pragma GCC unroll 6
        for (int i = 0; i < rows; i++) {
            __m256 x = _mm256_broadcast_ss(a + i * lda + w);
            sum[i][0] = _mm256_fmadd_ps(x, b0, sum[i][0]);
            sum[i][1] = _mm256_fmadd_ps(x, b1, sum[i][1]);
        }
    }
#pragma GCC unroll 6
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 2
        for (int v = 0; v < 2; v++) {
            float *c = out + i * ldo + v * LANES;
            __m256 s = sum[i][v];
            if (add) s = _mm256_add_ps(_mm256_maskload_ps(c, mask[v]), s);
            _mm256_maskstore_ps(c, mask[v], s);
        }
}

AVX2 static void rows_of(const float *a, int64_t lda, int64_t m, const float *columns, int64_t k, const __m256i mask[2],
                         int add, float *out, int64_t ldo)
{
    for (; m >= ROWS; m -= ROWS, a += ROWS * lda, out += ROWS * ldo)
        tile(ROWS, a, lda, columns, k, mask, add, out, ldo);
    switch (m) {
    case 5: tile(5, a, lda, columns, k, mask, add, out, ldo); break;
    case 4: tile(4, a, lda, columns, k, mask, add, out, ldo); break;
    case 3: tile(3, a, lda, columns, k, mask, add, out, ldo); break;
    case 2: tile(2, a, lda, columns, k, mask, add, out, ldo); break;
    case 1: tile(1, a, lda, columns, k, mask, add, out, ldo); break;
    default: break;
    }
}

AVX2 static void block(const float *a, int64_t lda, int64_t m, const float *columns, int64_t k, int64_t n_columns,
                       int add, float *out, int64_t ldo)
{
    for (int64_t j = 0; j < n_columns; j += GROUP) {
        const __m256i mask[2] = {lanes_below(n_columns - j), lanes_below(n_columns - j - LANES)};
        rows_of(a, lda, m, columns + j, k, mask, add, out + j, ldo);
    }
}

const panel_kernel panel_kernel_avx2 = {"avx2", ISA_AVX2, block};
#endif
