#include "tensor/bf16.h"
#include "tensor/panel_bf16_kernel.h"
#include "tensor/panel_tile.h"

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16")))
#define INLINE static inline __attribute__((always_inline)) AVX512

/* AHEAD: steps of k by which the panel is asked for; the processor's own prefetch stops at pages of 4 KiB. */
enum { LANES = 16, ROWS = 8, AHEAD = 32 };

AVX512 static void one_step(const uint32_t *a, const uint32_t *b, const float *c, float *out)
{
    __m512i x = _mm512_loadu_si512(a), y = _mm512_loadu_si512(b);
    _mm512_storeu_ps(out, _mm512_dpbf16_ps(_mm512_loadu_ps(c), (__m512bh)x, (__m512bh)y));
}

/* Whether the instruction of this processor does what panel_bf16.h says: numbers of ordinary size, with sums that need
 * rounding, and numbers at the lower end. */
static int instruction_fits(void)
{
    uint32_t random = 1;
    for (int turn = 0; turn < 64; turn++) {
        uint32_t words[2][LANES];
        float c[LANES], out[LANES];
        for (int i = 0; i < 2 * LANES; i++) {
            random = random * 1664525 + 1013904223;
            uint32_t exponents = turn % 4 == 3 ? 0x20002000 : 0x3f003f00;
            words[i / LANES][i % LANES] = (random >> 1 & 0x01ff01ff) | (random & 0x80008000) | exponents;
        }
        for (int i = 0; i < LANES; i++) {
            random = random * 1664525 + 1013904223;
            c[i] = turn % 4 == 3 ? 0x1.8p-126f : (float)(int32_t)random * 0x1p-30f;
        }
        one_step(words[0], words[1], c, out);
        for (int i = 0; i < LANES; i++) {
            float want = panel_bf16_step(words[0][i], words[1][i], c[i]);
            if (memcmp(&want, &out[i], sizeof want) != 0) return 0;
        }
    }
    return 1;
}

static int supported(void) { return isa_has(ISA_AVX512) && __builtin_cpu_supports("avx512bf16") && instruction_fits(); }

AVX512 static void finish_tile(const panel_bf16_task *t, const float *bias, int64_t first, int rows,
                               const float (*sums)[TILE_COLUMNS])
{
    tile_finish(t->finish, bias, first, rows, t->n_columns, sums, t->out, t->ldo);
}

INLINE void step(const int rows, const int vectors, __m512 (*sum)[3], const __m512i *x, const uint32_t *columns)
{
    __m512i b[3];
#pragma GCC unroll 3
    for (int v = 0; v < vectors; v++) {
        b[v] = _mm512_load_si512(columns + v * LANES);
        _mm_prefetch(columns + AHEAD * PANEL_COLUMNS + v * LANES, _MM_HINT_T0);
    }
#pragma GCC unroll 8
    for (int i = 0; i < rows; i++)
#pragma GCC unroll 3
        for (int v = 0; v < vectors; v++) sum[i][v] = _mm512_dpbf16_ps(sum[i][v], (__m512bh)x[i], (__m512bh)b[v]);
}

/* As in panel_avx512.c, two k at a time. */
INLINE void tile(const int rows, const int vectors, const panel_bf16_task *t, int64_t first, __mmask16 last,
                 const float *bias, float (*sums)[TILE_COLUMNS])
{
    const uint16_t *a = t->a + first * t->lda;
    const uint32_t *columns = t->columns;
    for (int64_t left = t->k, lda = t->lda, block = 0;; block++) {
        int64_t n = left < PANEL_BLOCK ? left : PANEL_BLOCK;
        __m512 sum[ROWS][3];
        __m512i x[ROWS];
        if (left <= PANEL_BLOCK) tile_prefetch(t->finish, first, rows, t->out, t->ldo);
#pragma GCC unroll 8
        for (int i = 0; i < rows; i++)
#pragma GCC unroll 3
            for (int v = 0; v < vectors; v++) sum[i][v] = _mm512_setzero_ps();
        for (int64_t w = 0; w < n / 2; w++, a += 2, columns += PANEL_COLUMNS) {
#pragma GCC unroll 8
            for (int i = 0; i < rows; i++) {
                int32_t pair;
                memcpy(&pair, a + i * lda, sizeof pair);
                x[i] = _mm512_set1_epi32(pair);
            }
            step(rows, vectors, sum, x, columns);
        }
        if (n % 2) {
#pragma GCC unroll 8
            for (int i = 0; i < rows; i++) x[i] = _mm512_set1_epi32(a[i * lda]);
            step(rows, vectors, sum, x, columns);
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

INLINE void rows_of(const int vectors, const panel_bf16_task *t, __mmask16 last)
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

AVX512 static void run(const panel_bf16_task *t)
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

const panel_bf16_kernel panel_bf16_kernel_avx512 = {"avx512", ISA_AVX512, supported, run};
#endif
