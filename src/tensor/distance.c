#include "tensor/distance.h"

#include "tensor/half.h"

#include <math.h>

enum { LANES = 32, QUICK_LANES = 64 };

/* Lanes to their sum, pairwise. */
static double fold(double sum[LANES])
{
    for (int n = LANES / 2; n > 0; n /= 2)
        for (int l = 0; l < n; l++) sum[l] += sum[l + n];
    return sum[0];
}

static double plain_floats(const float *x, const float *c, int64_t d)
{
    double sum[LANES] = {0};
    for (int64_t w = 0; w < d; w++) {
        double difference = (double)x[w] - (double)c[w];
        sum[w % LANES] = fma(difference, difference, sum[w % LANES]);
    }
    return fold(sum);
}

static double plain_halves(const uint16_t *x, const float *c, int64_t d)
{
    double sum[LANES] = {0};
    for (int64_t w = 0; w < d; w++) {
        double difference = (double)half_to_float(x[w]) - (double)c[w];
        sum[w % LANES] = fma(difference, difference, sum[w % LANES]);
    }
    return fold(sum);
}

static float fold_quick(float sum[QUICK_LANES])
{
    for (int n = QUICK_LANES / 2; n > 0; n /= 2)
        for (int l = 0; l < n; l++) sum[l] += sum[l + n];
    return sum[0];
}

/* Elements from `first`, a multiple of the lanes, on; sums go on. */
static void quick_rest(const void *x, int half, const float *c, int64_t first, int64_t d, float sum[QUICK_LANES])
{
    for (int64_t w = first; w < d; w++) {
        float value = half ? half_to_float(((const uint16_t *)x)[w]) : ((const float *)x)[w];
        float difference = value - c[w];
        sum[w % QUICK_LANES] = fmaf(difference, difference, sum[w % QUICK_LANES]);
    }
}

static float plain_quick_floats(const float *x, const float *c, int64_t d)
{
    float sum[QUICK_LANES] = {0};
    quick_rest(x, 0, c, 0, d, sum);
    return fold_quick(sum);
}

static float plain_quick_halves(const uint16_t *x, const float *c, int64_t d)
{
    float sum[QUICK_LANES] = {0};
    quick_rest(x, 1, c, 0, d, sum);
    return fold_quick(sum);
}

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,fma,f16c")))
#define AVX512 __attribute__((target("avx512f,avx512vl,avx512bw,avx512dq,f16c")))
#define INLINE static inline __attribute__((always_inline))

INLINE AVX512 __m512d square_on(__m256 x, __m256 c, __m512d sum)
{
    __m512d difference = _mm512_sub_pd(_mm512_cvtps_pd(x), _mm512_cvtps_pd(c));
    return _mm512_fmadd_pd(difference, difference, sum);
}

INLINE AVX512 __m256 load8(const void *x, int half, int64_t w, __mmask8 mask)
{
    return half ? _mm256_cvtph_ps(_mm_maskz_loadu_epi16(mask, (const uint16_t *)x + w))
                : _mm256_maskz_loadu_ps(mask, (const float *)x + w);
}

INLINE AVX512 double avx512_sum(const void *x, int half, const float *c, int64_t d)
{
    __m512d sum[4];
    int64_t w = 0;
#pragma GCC unroll 4
    for (int v = 0; v < 4; v++) sum[v] = _mm512_setzero_pd();
    for (; w + LANES <= d; w += LANES)
#pragma GCC unroll 4
        for (int v = 0; v < 4; v++)
            sum[v] = square_on(load8(x, half, w + 8 * v, 0xff), _mm256_loadu_ps(c + w + 8 * v), sum[v]);
    if (w < d) {
        uint32_t left = (uint32_t)(((uint64_t)1 << (d - w)) - 1);
#pragma GCC unroll 4
        for (int v = 0; v < 4; v++) {
            __mmask8 mask = (__mmask8)(left >> 8 * v);
            sum[v] = square_on(load8(x, half, w + 8 * v, mask), _mm256_maskz_loadu_ps(mask, c + w + 8 * v), sum[v]);
        }
    }
    __m512d eight = _mm512_add_pd(_mm512_add_pd(sum[0], sum[2]), _mm512_add_pd(sum[1], sum[3]));
    __m256d four = _mm256_add_pd(_mm512_castpd512_pd256(eight), _mm512_extractf64x4_pd(eight, 1));
    __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
    return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

AVX512 static double avx512_floats(const float *x, const float *c, int64_t d) { return avx512_sum(x, 0, c, d); }
AVX512 static double avx512_halves(const uint16_t *x, const float *c, int64_t d) { return avx512_sum(x, 1, c, d); }

INLINE AVX512 __m512 load16(const void *x, int half, int64_t w, __mmask16 mask)
{
    return half ? _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(mask, (const uint16_t *)x + w))
                : _mm512_maskz_loadu_ps(mask, (const float *)x + w);
}

INLINE AVX512 float avx512_quick(const void *x, int half, const float *c, int64_t d)
{
    __m512 sum[4];
    int64_t w = 0;
#pragma GCC unroll 4
    for (int v = 0; v < 4; v++) sum[v] = _mm512_setzero_ps();
    for (; w < d; w += QUICK_LANES)
#pragma GCC unroll 4
        for (int v = 0; v < 4; v++) {
            int64_t at = w + 16 * v, left = d - at;
            __mmask16 mask = left >= 16 ? (__mmask16)0xffff : left <= 0 ? 0 : (__mmask16)((1u << left) - 1);
            __m512 difference = _mm512_sub_ps(load16(x, half, at, mask), _mm512_maskz_loadu_ps(mask, c + at));
            sum[v] = _mm512_fmadd_ps(difference, difference, sum[v]);
        }
    __m512 s16 = _mm512_add_ps(_mm512_add_ps(sum[0], sum[2]), _mm512_add_ps(sum[1], sum[3]));
    __m256 s8 = _mm256_add_ps(_mm512_castps512_ps256(s16), _mm512_extractf32x8_ps(s16, 1));
    __m128 s4 = _mm_add_ps(_mm256_castps256_ps128(s8), _mm256_extractf128_ps(s8, 1));
    s4 = _mm_add_ps(s4, _mm_movehl_ps(s4, s4));
    return _mm_cvtss_f32(_mm_add_ss(s4, _mm_movehdup_ps(s4)));
}

AVX512 static float avx512_quick_floats(const float *x, const float *c, int64_t d) { return avx512_quick(x, 0, c, d); }
AVX512 static float avx512_quick_halves(const uint16_t *x, const float *c, int64_t d)
{
    return avx512_quick(x, 1, c, d);
}

INLINE AVX2 __m256d square_on4(__m128 x, __m128 c, __m256d sum)
{
    __m256d difference = _mm256_sub_pd(_mm256_cvtps_pd(x), _mm256_cvtps_pd(c));
    return _mm256_fmadd_pd(difference, difference, sum);
}

INLINE AVX2 __m128 load4(const void *x, int half, int64_t w)
{
    return half ? _mm_cvtph_ps(_mm_loadl_epi64((const __m128i *)((const uint16_t *)x + w)))
                : _mm_loadu_ps((const float *)x + w);
}

INLINE AVX2 double avx2_sum(const void *x, int half, const float *c, int64_t d)
{
    __m256d sum[8];
    double lanes[LANES];
    int64_t w = 0;
#pragma GCC unroll 8
    for (int v = 0; v < 8; v++) sum[v] = _mm256_setzero_pd();
    for (; w + LANES <= d; w += LANES)
#pragma GCC unroll 8
        for (int v = 0; v < 8; v++) sum[v] = square_on4(load4(x, half, w + 4 * v), _mm_loadu_ps(c + w + 4 * v), sum[v]);
#pragma GCC unroll 8
    for (int v = 0; v < 8; v++) _mm256_storeu_pd(lanes + 4 * v, sum[v]);
    for (int l = 0; w < d; w++, l++) {
        float value = half ? _cvtsh_ss(((const uint16_t *)x)[w]) : ((const float *)x)[w];
        double difference = (double)value - (double)c[w];
        lanes[l] = fma(difference, difference, lanes[l]);
    }
    return fold(lanes);
}

INLINE AVX2 float avx2_quick(const void *x, int half, const float *c, int64_t d)
{
    __m256 sum[8];
    float lanes[QUICK_LANES];
    int64_t w = 0;
#pragma GCC unroll 8
    for (int v = 0; v < 8; v++) sum[v] = _mm256_setzero_ps();
    for (; w + QUICK_LANES <= d; w += QUICK_LANES)
#pragma GCC unroll 8
        for (int v = 0; v < 8; v++) {
            int64_t at = w + 8 * v;
            __m256 value = half ? _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)((const uint16_t *)x + at)))
                                : _mm256_loadu_ps((const float *)x + at);
            __m256 difference = _mm256_sub_ps(value, _mm256_loadu_ps(c + at));
            sum[v] = _mm256_fmadd_ps(difference, difference, sum[v]);
        }
#pragma GCC unroll 8
    for (int v = 0; v < 8; v++) _mm256_storeu_ps(lanes + 8 * v, sum[v]);
    quick_rest(x, half, c, w, d, lanes);
    return fold_quick(lanes);
}

AVX2 static float avx2_quick_floats(const float *x, const float *c, int64_t d) { return avx2_quick(x, 0, c, d); }
AVX2 static float avx2_quick_halves(const uint16_t *x, const float *c, int64_t d) { return avx2_quick(x, 1, c, d); }

AVX2 static double avx2_floats(const float *x, const float *c, int64_t d) { return avx2_sum(x, 0, c, d); }
AVX2 static double avx2_halves(const uint16_t *x, const float *c, int64_t d) { return avx2_sum(x, 1, c, d); }
#endif

static const distance_kernel kernels[] = {
#if defined(__x86_64__)
    {"avx512", ISA_AVX512, avx512_floats, avx512_halves, avx512_quick_floats, avx512_quick_halves},
    {"avx2", ISA_AVX2, avx2_floats, avx2_halves, avx2_quick_floats, avx2_quick_halves},
#endif
    {"plain", ISA_PLAIN, plain_floats, plain_halves, plain_quick_floats, plain_quick_halves},
};

const distance_kernel *distance_kernel_at(size_t i)
{
    return i < sizeof kernels / sizeof *kernels ? &kernels[i] : NULL;
}

const distance_kernel *distance_kernel_best(void)
{
    size_t i = 0;
    while (kernels[i].isa > isa_best()) i++;
    return &kernels[i];
}
