#include "tensor/panel_bf16_kernel.h"
#include "tensor/panel_tile.h"

#if defined(__x86_64__)
#include <immintrin.h>

/* For processors without AVX512-BF16: with the control bits that flush results and operands below 2^-126 the ordinary
 * multiply-add does what panel_bf16.h says. */
#define AVX2 __attribute__((target("avx2,fma")))
#define INLINE static inline __attribute__((always_inline)) AVX2

enum { LANES = 8, GROUP = 16, ROWS = 4 };
enum { FLUSH_RESULTS = 0x8000, FLUSH_OPERANDS = 0x0040 }; /* bits of the control register MXCSR */

static int supported(void) { return isa_has(ISA_AVX2); }

INLINE __m256 even_of(__m256i pairs) { return _mm256_castsi256_ps(_mm256_slli_epi32(pairs, 16)); }

INLINE __m256 odd_of(__m256i pairs)
{
    return _mm256_castsi256_ps(_mm256_and_si256(pairs, _mm256_set1_epi32((int)0xffff0000u)));
}

INLINE void step(const int rows, __m256 (*sum)[2], const int32_t *a, const uint32_t *columns)
{
    __m256i b0 = _mm256_load_si256((const __m256i *)columns), b1 = _mm256_load_si256((const __m256i *)columns + 1);
#pragma GCC unroll 4
    for (int i = 0; i < rows; i++) {
        __m256i x = _mm256_set1_epi32(a[i]);
        sum[i][0] = _mm256_fmadd_ps(odd_of(x), odd_of(b0), sum[i][0]);
        sum[i][1] = _mm256_fmadd_ps(odd_of(x), odd_of(b1), sum[i][1]);
        sum[i][0] = _mm256_fmadd_ps(even_of(x), even_of(b0), sum[i][0]);
        sum[i][1] = _mm256_fmadd_ps(even_of(x), even_of(b1), sum[i][1]);
    }
}

/* The chains of one block of n k: up to 4 rows x 2 vectors of 8 columns. */
INLINE void chains(const int rows, const uint16_t *a, int64_t lda, int64_t n, const uint32_t *columns,
                   float (*out)[GROUP])
{
    __m256 sum[ROWS][2];
    int32_t pairs[ROWS];
#pragma GCC unroll 4
    for (int i = 0; i < rows; i++) sum[i][0] = sum[i][1] = _mm256_setzero_ps();
    for (int64_t w = 0; w < n / 2; w++, a += 2, columns += PANEL_COLUMNS) {
#pragma GCC unroll 4
        for (int i = 0; i < rows; i++) memcpy(&pairs[i], a + i * lda, sizeof pairs[i]);
        step(rows, sum, pairs, columns);
    }
    if (n % 2) {
#pragma GCC unroll 4
        for (int i = 0; i < rows; i++) pairs[i] = a[i * lda];
        step(rows, sum, pairs, columns);
    }
#pragma GCC unroll 4
    for (int i = 0; i < rows; i++) {
        _mm256_store_ps(out[i], sum[i][0]);
        _mm256_store_ps(out[i] + LANES, sum[i][1]);
    }
}

/* Calls that the compiler does not look into, so that no arithmetic moves over the changes of the control register. */
#define OPAQUE __attribute__((noipa)) static

AVX2 OPAQUE void chains_of(int rows, const uint16_t *a, int64_t lda, int64_t n, const uint32_t *columns,
                           float (*out)[GROUP])
{
    switch (rows) {
    case 4: chains(4, a, lda, n, columns, out); break;
    case 3: chains(3, a, lda, n, columns, out); break;
    case 2: chains(2, a, lda, n, columns, out); break;
    default: chains(1, a, lda, n, columns, out); break;
    }
}

OPAQUE void flushing_chains_of(int rows, const uint16_t *a, int64_t lda, int64_t n, const uint32_t *columns,
                               float (*out)[GROUP])
{
    unsigned control = _mm_getcsr();
    _mm_setcsr(control | FLUSH_RESULTS | FLUSH_OPERANDS);
    chains_of(rows, a, lda, n, columns, out);
    _mm_setcsr(control);
}

AVX2 static void run(const panel_bf16_task *t)
{
    const panel_finish none = {0}, *finish = t->finish ? t->finish : &none;
    _Alignas(32) float sums[ROWS][TILE_COLUMNS] = {0}, bias[TILE_COLUMNS], block[ROWS][GROUP];
    tile_bias(finish, t->n_columns, bias);
    for (int64_t i = 0; i < t->m; i += ROWS) {
        int rows = (int)(t->m - i < ROWS ? t->m - i : ROWS);
        for (int64_t j = 0; j < t->n_columns; j += GROUP)
            for (int64_t w = 0; w == 0 || w < t->k; w += PANEL_BLOCK) {
                int64_t n = t->k - w < PANEL_BLOCK ? t->k - w : PANEL_BLOCK;
                flushing_chains_of(rows, t->a + i * t->lda + w, t->lda, n, t->columns + w / 2 * PANEL_COLUMNS + j,
                                   block);
                for (int r = 0; r < rows; r++)
                    for (int c = 0; c < GROUP; c++) sums[r][j + c] = w ? sums[r][j + c] + block[r][c] : block[r][c];
            }
        tile_finish(finish, bias, i, rows, t->n_columns, (const float(*)[TILE_COLUMNS])sums, t->out, t->ldo);
    }
}

const panel_bf16_kernel panel_bf16_kernel_avx2 = {"avx2", ISA_AVX2, supported, run};
#endif
