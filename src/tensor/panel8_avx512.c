#include "tensor/panel8_kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")))
#define INLINE static inline __attribute__((always_inline)) AVX512

enum { ROWS = PANEL8_ROWS, LANES = 16, VECTORS = PANEL8_COLUMNS / LANES };

/* 24 integer accumulators that stay in registers. Inline assembler: GCC 12 spills them with the intrinsic. */
#define DOT(sum, row, column) __asm__("vpdpbusd %2, %1, %0" : "+v"(sum) : "v"(row), "v"(column))

INLINE void tile(const panel8_layout *l, const void *panel, const panel8_tile *t, __m512 score[ROWS][VECTORS])
{
    const int32_t *start = panel8_start(panel);
    const float *f = panel8_floats(panel);
    const int8_t *p = panel8_bytes(l, panel);
    __m512i sum[ROWS][VECTORS];
#pragma GCC unroll 8
    for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 3
        for (int v = 0; v < VECTORS; v++) sum[i][v] = _mm512_load_si512(start + v * LANES);
    for (int64_t w = 0; w < l->words; w++, p += 4 * PANEL8_COLUMNS) {
        __m512i b0 = _mm512_load_si512(p), b1 = _mm512_load_si512(p + 64), b2 = _mm512_load_si512(p + 128);
#pragma GCC unroll 8
        for (int i = 0; i < ROWS; i++) {
            int32_t word;
            memcpy(&word, t->bytes[i] + 4 * w, sizeof word);
            __m512i x = _mm512_set1_epi32(word);
            DOT(sum[i][0], x, b0);
            DOT(sum[i][1], x, b1);
            DOT(sum[i][2], x, b2);
        }
    }
    const float *z = panel8_z(panel);
    __m512 z0 = _mm512_load_ps(z), z1 = _mm512_load_ps(z + LANES), z2 = _mm512_load_ps(z + 2 * LANES);
    __m512 f0 = _mm512_load_ps(f), f1 = _mm512_load_ps(f + LANES), f2 = _mm512_load_ps(f + 2 * LANES);
#pragma GCC unroll 8
    for (int i = 0; i < ROWS; i++) {
        __m512 scale = _mm512_set1_ps(t->floats[i][0]);
        score[i][0] = _mm512_fmadd_ps(scale, _mm512_mul_ps(_mm512_cvtepi32_ps(sum[i][0]), z0), f0);
        score[i][1] = _mm512_fmadd_ps(scale, _mm512_mul_ps(_mm512_cvtepi32_ps(sum[i][1]), z1), f1);
        score[i][2] = _mm512_fmadd_ps(scale, _mm512_mul_ps(_mm512_cvtepi32_ps(sum[i][2]), z2), f2);
    }
    for (int64_t r = 1; r < l->n_floats; r++) {
        f += PANEL8_COLUMNS;
        f0 = _mm512_load_ps(f), f1 = _mm512_load_ps(f + LANES), f2 = _mm512_load_ps(f + 2 * LANES);
#pragma GCC unroll 8
        for (int i = 0; i < ROWS; i++) {
            __m512 x = _mm512_set1_ps(t->floats[i][r]);
            score[i][0] = _mm512_fmadd_ps(x, f0, score[i][0]);
            score[i][1] = _mm512_fmadd_ps(x, f1, score[i][1]);
            score[i][2] = _mm512_fmadd_ps(x, f2, score[i][2]);
        }
    }
}

AVX512 static void scores(const panel8_layout *l, const void *panel, const panel8_tile *t, float *out, int64_t ldo)
{
    __m512 score[ROWS][VECTORS];
    tile(l, panel, t, score);
#pragma GCC unroll 8
    for (int i = 0; i < ROWS; i++)
#pragma GCC unroll 3
        for (int v = 0; v < VECTORS; v++) _mm512_storeu_ps(out + i * ldo + v * LANES, score[i][v]);
}

/* The least lane of each of 8 vectors: halves of pairs are exchanged and compared until one vector is left. */
INLINE __m256 least_of_each(const __m512 x[ROWS])
{
    __m512 y[4], z[2];
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) /* of rows i and i + 4: lower halves beside upper ones */
        y[i] = _mm512_min_ps(_mm512_shuffle_f32x4(x[i], x[i + 4], 0x44), _mm512_shuffle_f32x4(x[i], x[i + 4], 0xee));
#pragma GCC unroll 2
    for (int i = 0; i < 2; i++) /* of y[i] and y[i + 2]: even quarters beside odd ones */
        z[i] = _mm512_min_ps(_mm512_shuffle_f32x4(y[i], y[i + 2], 0x88), _mm512_shuffle_f32x4(y[i], y[i + 2], 0xdd));
    /* quarters of z[i]: rows i, i + 4, i + 2, i + 6 */
    __m512 s = _mm512_min_ps(_mm512_unpacklo_ps(z[0], z[1]), _mm512_unpackhi_ps(z[0], z[1]));
    s = _mm512_min_ps(s, _mm512_permute_ps(s, 0x4e));
    /* lanes 0, 1 of the quarters: rows 0 1, 4 5, 2 3, 6 7 */
    return _mm512_castps512_ps256(
        _mm512_permutexvar_ps(_mm512_setr_epi32(0, 1, 8, 9, 4, 5, 12, 13, 0, 0, 0, 0, 0, 0, 0, 0), s));
}

AVX512 static void filter(const panel8_layout *l, const void *panel, const panel8_tile *t, float *out,
                          uint64_t below[PANEL8_ROWS], float least[PANEL8_ROWS])
{
    __m512 score[ROWS][VECTORS], low[ROWS];
    const __m512 infinity = _mm512_set1_ps(__builtin_inff());
    tile(l, panel, t, score);
#pragma GCC unroll 8
    for (int i = 0; i < ROWS; i++) {
        __m512 limit = _mm512_set1_ps(t->limit[i]);
        __mmask16 above[VECTORS];
        low[i] = infinity;
#pragma GCC unroll 3
        for (int v = 0; v < VECTORS; v++) {
            _mm512_store_ps(out + i * PANEL8_COLUMNS + v * LANES, score[i][v]);
            above[v] = _mm512_cmp_ps_mask(score[i][v], limit, _CMP_NLE_UQ);
            low[i] = _mm512_mask_min_ps(low[i], above[v], low[i], score[i][v]);
        }
        uint64_t all = (uint64_t)above[0] | (uint64_t)above[1] << LANES | (uint64_t)above[2] << 2 * LANES;
        below[i] = ~all & (((uint64_t)1 << PANEL8_COLUMNS) - 1);
    }
    _mm256_storeu_ps(least, least_of_each(low));
}

const panel8_kernel panel8_avx512 = {"avx512", ISA_AVX512, scores, filter};
#endif
