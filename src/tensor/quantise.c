#include "tensor/quantise.h"

#include <math.h>
#include <string.h>

enum { LANES = QUANTISE_LANES };

/* The definitions, which the other variants equal bit for bit. Values first .. n - 1, first a multiple of the lanes;
 * sums go on. */
static void plain_centre_rest(const float *x, const float *centre, int64_t first, int64_t n, float *out, double *sums)
{
    for (int64_t w = first; w < n; w++) {
        out[w] = x[w] - centre[w];
        sums[w % LANES] += (double)out[w] * (double)out[w];
    }
}

static float plain_range_rest(const float *y, int64_t first, int64_t n, double *sums)
{
    float most = 0;
    for (int64_t w = first; w < n; w++) {
        float v = fabsf(y[w]);
        most = v > most ? v : most;
        sums[w % LANES] += (double)v * (double)v;
    }
    return most;
}

static void plain_steps_rest(const float *y, int64_t first, int64_t n, float s, float inverse, int shift, uint8_t *q,
                             float *residuals, int32_t *squares)
{
    const float near = 0x1.8p23f; /* adding it rounds to a whole number */
    for (int64_t w = first; w < n; w++) {
        float whole = (y[w] * inverse + near) - near;
        whole = whole > QUANTISE_LEVELS ? QUANTISE_LEVELS : whole < -QUANTISE_LEVELS ? -QUANTISE_LEVELS : whole;
        float left = y[w] - s * whole;
        int32_t level = (int32_t)whole;
        residuals[w % LANES] += left * left;
        squares[w % LANES] += level * level;
        q[w] = (uint8_t)(level + shift);
    }
}

static void plain_centre(const float *x, const float *centre, int64_t n, float *out, double sums[LANES])
{
    memset(sums, 0, LANES * sizeof *sums);
    plain_centre_rest(x, centre, 0, n, out, sums);
}

static float plain_range(const float *y, int64_t n, double sums[LANES])
{
    memset(sums, 0, LANES * sizeof *sums);
    return plain_range_rest(y, 0, n, sums);
}

static void plain_steps(const float *y, int64_t n, float s, float inverse, int shift, uint8_t *q,
                        float residuals[LANES], int32_t squares[LANES])
{
    memset(residuals, 0, LANES * sizeof *residuals);
    memset(squares, 0, LANES * sizeof *squares);
    plain_steps_rest(y, 0, n, s, inverse, shift, q, residuals, squares);
}

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq")))
#define INLINE static inline __attribute__((always_inline))

INLINE AVX512 void add_squares512(__m512 v, __m512d sum[2])
{
    __m512d low = _mm512_cvtps_pd(_mm512_castps512_ps256(v)), high = _mm512_cvtps_pd(_mm512_extractf32x8_ps(v, 1));
    sum[0] = _mm512_add_pd(sum[0], _mm512_mul_pd(low, low));
    sum[1] = _mm512_add_pd(sum[1], _mm512_mul_pd(high, high));
}

AVX512 static void avx512_centre(const float *x, const float *centre, int64_t n, float *out, double sums[LANES])
{
    __m512d sum[2] = {_mm512_setzero_pd(), _mm512_setzero_pd()};
    int64_t w = 0;
    for (; w + LANES <= n; w += LANES) {
        __m512 v = _mm512_sub_ps(_mm512_loadu_ps(x + w), _mm512_loadu_ps(centre + w));
        _mm512_storeu_ps(out + w, v);
        add_squares512(v, sum);
    }
    _mm512_storeu_pd(sums, sum[0]);
    _mm512_storeu_pd(sums + 8, sum[1]);
    plain_centre_rest(x, centre, w, n, out, sums);
}

AVX512 static float avx512_range(const float *y, int64_t n, double sums[LANES])
{
    __m512d sum[2] = {_mm512_setzero_pd(), _mm512_setzero_pd()};
    __m512 top = _mm512_setzero_ps();
    int64_t w = 0;
    for (; w + LANES <= n; w += LANES) {
        __m512 v = _mm512_abs_ps(_mm512_loadu_ps(y + w));
        top = _mm512_max_ps(top, v);
        add_squares512(v, sum);
    }
    _mm512_storeu_pd(sums, sum[0]);
    _mm512_storeu_pd(sums + 8, sum[1]);
    float most = _mm512_reduce_max_ps(top), rest = plain_range_rest(y, w, n, sums);
    return rest > most ? rest : most;
}

AVX512 static void avx512_steps(const float *y, int64_t n, float s, float inverse, int shift, uint8_t *q,
                                float residuals[LANES], int32_t squares[LANES])
{
    const __m512 near = _mm512_set1_ps(0x1.8p23f), most = _mm512_set1_ps(QUANTISE_LEVELS);
    const __m512 least = _mm512_set1_ps(-QUANTISE_LEVELS), step = _mm512_set1_ps(s), per = _mm512_set1_ps(inverse);
    __m512 residual = _mm512_setzero_ps();
    __m512i square = _mm512_setzero_si512();
    int64_t w = 0;
    for (; w + LANES <= n; w += LANES) {
        __m512 v = _mm512_loadu_ps(y + w);
        __m512 whole = _mm512_sub_ps(_mm512_add_ps(_mm512_mul_ps(v, per), near), near);
        whole = _mm512_max_ps(_mm512_min_ps(whole, most), least);
        __m512 left = _mm512_sub_ps(v, _mm512_mul_ps(step, whole));
        __m512i level = _mm512_cvttps_epi32(whole);
        residual = _mm512_add_ps(residual, _mm512_mul_ps(left, left));
        square = _mm512_add_epi32(square, _mm512_mullo_epi32(level, level));
        _mm_storeu_si128((__m128i *)(q + w), _mm512_cvtepi32_epi8(_mm512_add_epi32(level, _mm512_set1_epi32(shift))));
    }
    _mm512_storeu_ps(residuals, residual);
    _mm512_storeu_si512(squares, square);
    plain_steps_rest(y, w, n, s, inverse, shift, q, residuals, squares);
}

INLINE AVX2 void add_squares256(__m256 v, __m256d sum[2])
{
    __m256d low = _mm256_cvtps_pd(_mm256_castps256_ps128(v)), high = _mm256_cvtps_pd(_mm256_extractf128_ps(v, 1));
    sum[0] = _mm256_add_pd(sum[0], _mm256_mul_pd(low, low));
    sum[1] = _mm256_add_pd(sum[1], _mm256_mul_pd(high, high));
}

INLINE AVX2 void store_sums256(const __m256d sum[4], double *sums)
{
    for (int v = 0; v < 4; v++) _mm256_storeu_pd(sums + 4 * v, sum[v]);
}

AVX2 static void avx2_centre(const float *x, const float *centre, int64_t n, float *out, double sums[LANES])
{
    __m256d sum[4] = {_mm256_setzero_pd(), _mm256_setzero_pd(), _mm256_setzero_pd(), _mm256_setzero_pd()};
    int64_t w = 0;
    for (; w + LANES <= n; w += LANES)
        for (int half = 0; half < 2; half++) {
            int64_t at = w + 8 * half;
            __m256 v = _mm256_sub_ps(_mm256_loadu_ps(x + at), _mm256_loadu_ps(centre + at));
            _mm256_storeu_ps(out + at, v);
            add_squares256(v, sum + 2 * half);
        }
    store_sums256(sum, sums);
    plain_centre_rest(x, centre, w, n, out, sums);
}

AVX2 static float avx2_range(const float *y, int64_t n, double sums[LANES])
{
    __m256d sum[4] = {_mm256_setzero_pd(), _mm256_setzero_pd(), _mm256_setzero_pd(), _mm256_setzero_pd()};
    const __m256 magnitude = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fffffff));
    __m256 top = _mm256_setzero_ps();
    float lanes[8];
    int64_t w = 0;
    for (; w + LANES <= n; w += LANES)
        for (int half = 0; half < 2; half++) {
            __m256 v = _mm256_and_ps(_mm256_loadu_ps(y + w + 8 * half), magnitude);
            top = _mm256_max_ps(top, v);
            add_squares256(v, sum + 2 * half);
        }
    store_sums256(sum, sums);
    float most = plain_range_rest(y, w, n, sums);
    _mm256_storeu_ps(lanes, top);
    for (int l = 0; l < 8; l++) most = lanes[l] > most ? lanes[l] : most;
    return most;
}

AVX2 static void avx2_steps(const float *y, int64_t n, float s, float inverse, int shift, uint8_t *q,
                            float residuals[LANES], int32_t squares[LANES])
{
    const __m256 near = _mm256_set1_ps(0x1.8p23f), most = _mm256_set1_ps(QUANTISE_LEVELS);
    const __m256 least = _mm256_set1_ps(-QUANTISE_LEVELS), step = _mm256_set1_ps(s), per = _mm256_set1_ps(inverse);
    __m256 residual[2] = {_mm256_setzero_ps(), _mm256_setzero_ps()};
    __m256i square[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
    int64_t w = 0;
    for (; w + LANES <= n; w += LANES)
        for (int half = 0; half < 2; half++) {
            __m256 v = _mm256_loadu_ps(y + w + 8 * half);
            __m256 whole = _mm256_sub_ps(_mm256_add_ps(_mm256_mul_ps(v, per), near), near);
            whole = _mm256_max_ps(_mm256_min_ps(whole, most), least);
            __m256 left = _mm256_sub_ps(v, _mm256_mul_ps(step, whole));
            __m256i level = _mm256_cvttps_epi32(whole), moved = _mm256_add_epi32(level, _mm256_set1_epi32(shift));
            residual[half] = _mm256_add_ps(residual[half], _mm256_mul_ps(left, left));
            square[half] = _mm256_add_epi32(square[half], _mm256_mullo_epi32(level, level));
            int32_t levels[8];
            _mm256_storeu_si256((__m256i *)levels, moved);
            for (int l = 0; l < 8; l++) q[w + 8 * half + l] = (uint8_t)levels[l];
        }
    for (int half = 0; half < 2; half++) {
        _mm256_storeu_ps(residuals + 8 * half, residual[half]);
        _mm256_storeu_si256((__m256i *)(squares + 8 * half), square[half]);
    }
    plain_steps_rest(y, w, n, s, inverse, shift, q, residuals, squares);
}
#endif

static const quantise_kernel kernels[] = {
#if defined(__x86_64__)
    {"avx512", ISA_AVX512, avx512_centre, avx512_range, avx512_steps},
    {"avx2", ISA_AVX2, avx2_centre, avx2_range, avx2_steps},
#endif
    {"plain", ISA_PLAIN, plain_centre, plain_range, plain_steps},
};

const quantise_kernel *quantise_kernel_at(size_t i)
{
    return i < sizeof kernels / sizeof *kernels ? &kernels[i] : NULL;
}

const quantise_kernel *quantise_kernel_best(void)
{
    size_t i = 0;
    while (kernels[i].isa > isa_best()) i++;
    return &kernels[i];
}
