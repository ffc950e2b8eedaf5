#include "tensor/panel8_kernel.h"

#if defined(__x86_64__)
#include <immintrin.h>
#include <string.h>

#define AVX2 __attribute__((target("avx2,fma")))
#define INLINE static inline __attribute__((always_inline)) AVX2

enum { LANES = 8, VECTORS = PANEL8_COLUMNS / LANES };

/* Eight columns of two rows. Products of bytes are widened to 16 bits first: vpmaddubsw would saturate. */
INLINE void pair(const panel8_layout *l, const void *panel, const panel8_tile *t, int i, int v, __m256 score[2])
{
    const float *f = panel8_floats(panel) + v * LANES;
    const int8_t *p = panel8_bytes(l, panel) + v * LANES * 4;
    const __m256i low_bytes = _mm256_set1_epi16(0xff);
    __m256i sum[2];
    sum[0] = sum[1] = _mm256_loadu_si256((const __m256i *)(panel8_start(panel) + v * LANES));
    for (int64_t w = 0; w < l->words; w++) {
        __m256i b = _mm256_loadu_si256((const __m256i *)(p + w * 4 * PANEL8_COLUMNS));
        __m256i even = _mm256_srai_epi16(_mm256_slli_epi16(b, 8), 8), odd = _mm256_srai_epi16(b, 8);
#pragma GCC unroll 2
        for (int r = 0; r < 2; r++) {
            int32_t word;
            memcpy(&word, t->bytes[i + r] + 4 * w, sizeof word);
            __m256i x = _mm256_set1_epi32(word);
            sum[r] = _mm256_add_epi32(sum[r], _mm256_madd_epi16(_mm256_and_si256(x, low_bytes), even));
            sum[r] = _mm256_add_epi32(sum[r], _mm256_madd_epi16(_mm256_srli_epi16(x, 8), odd));
        }
    }
#pragma GCC unroll 2
    for (int r = 0; r < 2; r++) {
        __m256 product = _mm256_mul_ps(_mm256_cvtepi32_ps(sum[r]), _mm256_loadu_ps(panel8_z(panel) + v * LANES));
        score[r] = _mm256_fmadd_ps(_mm256_set1_ps(t->floats[i + r][0]), product, _mm256_loadu_ps(f));
        for (int64_t k = 1; k < l->n_floats; k++)
            score[r] =
                _mm256_fmadd_ps(_mm256_set1_ps(t->floats[i + r][k]), _mm256_loadu_ps(f + k * PANEL8_COLUMNS), score[r]);
    }
}

AVX2 static void scores(const panel8_layout *l, const void *panel, const panel8_tile *t, float *out, int64_t ldo)
{
    for (int v = 0; v < VECTORS; v++)
        for (int i = 0; i < PANEL8_ROWS; i += 2) {
            __m256 score[2];
            pair(l, panel, t, i, v, score);
            _mm256_storeu_ps(out + i * ldo + v * LANES, score[0]);
            _mm256_storeu_ps(out + (i + 1) * ldo + v * LANES, score[1]);
        }
}

INLINE float least_lane(__m256 x)
{
    __m128 y = _mm_min_ps(_mm256_castps256_ps128(x), _mm256_extractf128_ps(x, 1));
    y = _mm_min_ps(y, _mm_movehl_ps(y, y));
    return _mm_cvtss_f32(_mm_min_ss(y, _mm_movehdup_ps(y)));
}

AVX2 static void filter(const panel8_layout *l, const void *panel, const panel8_tile *t, float *out,
                        uint64_t below[PANEL8_ROWS], float least[PANEL8_ROWS])
{
    const __m256 infinity = _mm256_set1_ps(__builtin_inff());
    for (int i = 0; i < PANEL8_ROWS; i += 2) {
        __m256 low[2] = {infinity, infinity};
        below[i] = below[i + 1] = 0;
        for (int v = 0; v < VECTORS; v++) {
            __m256 score[2];
            pair(l, panel, t, i, v, score);
            for (int r = 0; r < 2; r++) {
                _mm256_storeu_ps(out + (i + r) * PANEL8_COLUMNS + v * LANES, score[r]);
                __m256 under = _mm256_cmp_ps(score[r], _mm256_set1_ps(t->limit[i + r]), _CMP_LE_OQ);
                below[i + r] |= (uint64_t)(unsigned)_mm256_movemask_ps(under) << v * LANES;
                low[r] = _mm256_min_ps(low[r], _mm256_blendv_ps(score[r], infinity, under));
            }
        }
        least[i] = least_lane(low[0]);
        least[i + 1] = least_lane(low[1]);
    }
}

const panel8_kernel panel8_avx2 = {"avx2", ISA_AVX2, scores, filter};
#endif
