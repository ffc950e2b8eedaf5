#include "tensor/score_scan.h"

#include <math.h>

static float plain_least(const float *norms, const float *lengths, float factor, int64_t k, float *values)
{
    float least = INFINITY;
    for (int64_t j = 0; j < k; j++) {
        values[j] = norms[j] - 2 * values[j] - factor * lengths[j];
        if (values[j] < least) least = values[j];
    }
    return least;
}

static float plain_lowest(const float *values, int64_t k)
{
    float least = INFINITY;
    for (int64_t j = 0; j < k; j++)
        if (values[j] < least) least = values[j];
    return least;
}

/* Values first .. k - 1; n found so far. */
static int64_t plain_rest(const float *values, int64_t first, int64_t k, float limit, uint32_t *codes, int64_t n)
{
    for (int64_t j = first; j < k; j++)
        if (values[j] <= limit) codes[n++] = (uint32_t)j;
    return n;
}

static int64_t plain_up_to(const float *values, int64_t k, float limit, uint32_t *codes)
{
    return plain_rest(values, 0, k, limit, codes, 0);
}

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))
#define AVX512 __attribute__((target("avx512f")))

static int64_t list_bits(unsigned bits, int64_t first, uint32_t *codes, int64_t n)
{
    for (; bits; bits &= bits - 1) codes[n++] = (uint32_t)(first + __builtin_ctz(bits));
    return n;
}

AVX2 static float avx2_least(const float *norms, const float *lengths, float factor, int64_t k, float *values)
{
    __m256 low0 = _mm256_set1_ps(INFINITY), low1 = low0;
    int64_t j = 0;
    for (; j + 16 <= k; j += 16) {
        __m256 v0 = _mm256_loadu_ps(values + j), v1 = _mm256_loadu_ps(values + j + 8);
        __m256 s0 = _mm256_sub_ps(_mm256_loadu_ps(norms + j), _mm256_add_ps(v0, v0));
        __m256 s1 = _mm256_sub_ps(_mm256_loadu_ps(norms + j + 8), _mm256_add_ps(v1, v1));
        s0 = _mm256_sub_ps(s0, _mm256_mul_ps(_mm256_set1_ps(factor), _mm256_loadu_ps(lengths + j)));
        s1 = _mm256_sub_ps(s1, _mm256_mul_ps(_mm256_set1_ps(factor), _mm256_loadu_ps(lengths + j + 8)));
        _mm256_storeu_ps(values + j, s0);
        _mm256_storeu_ps(values + j + 8, s1);
        low0 = _mm256_min_ps(low0, s0);
        low1 = _mm256_min_ps(low1, s1);
    }
    float lanes[8], least = plain_least(norms + j, lengths + j, factor, k - j, values + j);
    _mm256_storeu_ps(lanes, _mm256_min_ps(low0, low1));
    for (int l = 0; l < 8; l++) least = lanes[l] < least ? lanes[l] : least;
    return least;
}

AVX2 static float avx2_lowest(const float *values, int64_t k)
{
    __m256 low0 = _mm256_set1_ps(INFINITY), low1 = low0;
    int64_t j = 0;
    for (; j + 16 <= k; j += 16) {
        low0 = _mm256_min_ps(low0, _mm256_loadu_ps(values + j));
        low1 = _mm256_min_ps(low1, _mm256_loadu_ps(values + j + 8));
    }
    float lanes[8], least = plain_lowest(values + j, k - j);
    _mm256_storeu_ps(lanes, _mm256_min_ps(low0, low1));
    for (int l = 0; l < 8; l++) least = lanes[l] < least ? lanes[l] : least;
    return least;
}

AVX2 static int64_t avx2_up_to(const float *values, int64_t k, float limit, uint32_t *codes)
{
    __m256 bound = _mm256_set1_ps(limit);
    int64_t j = 0, n = 0;
    for (; j + 16 <= k; j += 16) {
        int low = _mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(values + j), bound, _CMP_LE_OQ));
        int high = _mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(values + j + 8), bound, _CMP_LE_OQ));
        if (low | high) n = list_bits((unsigned)(low | high << 8), j, codes, n);
    }
    return plain_rest(values, j, k, limit, codes, n);
}

AVX512 static float avx512_least(const float *norms, const float *lengths, float factor, int64_t k, float *values)
{
    __m512 low0 = _mm512_set1_ps(INFINITY), low1 = low0;
    int64_t j = 0;
    for (; j + 32 <= k; j += 32) {
        __m512 v0 = _mm512_loadu_ps(values + j), v1 = _mm512_loadu_ps(values + j + 16);
        __m512 s0 = _mm512_sub_ps(_mm512_loadu_ps(norms + j), _mm512_add_ps(v0, v0));
        __m512 s1 = _mm512_sub_ps(_mm512_loadu_ps(norms + j + 16), _mm512_add_ps(v1, v1));
        s0 = _mm512_sub_ps(s0, _mm512_mul_ps(_mm512_set1_ps(factor), _mm512_loadu_ps(lengths + j)));
        s1 = _mm512_sub_ps(s1, _mm512_mul_ps(_mm512_set1_ps(factor), _mm512_loadu_ps(lengths + j + 16)));
        _mm512_storeu_ps(values + j, s0);
        _mm512_storeu_ps(values + j + 16, s1);
        low0 = _mm512_min_ps(low0, s0);
        low1 = _mm512_min_ps(low1, s1);
    }
    float low = _mm512_reduce_min_ps(_mm512_min_ps(low0, low1)),
          least = plain_least(norms + j, lengths + j, factor, k - j, values + j);
    return low < least ? low : least;
}

AVX512 static float avx512_lowest(const float *values, int64_t k)
{
    __m512 low0 = _mm512_set1_ps(INFINITY), low1 = low0;
    int64_t j = 0;
    for (; j + 32 <= k; j += 32) {
        low0 = _mm512_min_ps(low0, _mm512_loadu_ps(values + j));
        low1 = _mm512_min_ps(low1, _mm512_loadu_ps(values + j + 16));
    }
    float low = _mm512_reduce_min_ps(_mm512_min_ps(low0, low1)), least = plain_lowest(values + j, k - j);
    return low < least ? low : least;
}

AVX512 static int64_t avx512_up_to(const float *values, int64_t k, float limit, uint32_t *codes)
{
    __m512 bound = _mm512_set1_ps(limit);
    int64_t j = 0, n = 0;
    for (; j + 32 <= k; j += 32) {
        unsigned low = _mm512_cmp_ps_mask(_mm512_loadu_ps(values + j), bound, _CMP_LE_OQ);
        unsigned high = _mm512_cmp_ps_mask(_mm512_loadu_ps(values + j + 16), bound, _CMP_LE_OQ);
        if (low | high) n = list_bits(low | high << 16, j, codes, n);
    }
    return plain_rest(values, j, k, limit, codes, n);
}
#endif

static const score_scan scans[] = {
#if defined(__x86_64__)
    {"avx512", ISA_AVX512, avx512_least, avx512_lowest, avx512_up_to},
    {"avx2", ISA_AVX2, avx2_least, avx2_lowest, avx2_up_to},
#endif
    {"plain", ISA_PLAIN, plain_least, plain_lowest, plain_up_to},
};

const score_scan *score_scan_at(size_t i) { return i < sizeof scans / sizeof *scans ? &scans[i] : NULL; }

const score_scan *score_scan_best(void)
{
    size_t i = 0;
    while (scans[i].isa > isa_best()) i++;
    return &scans[i];
}
