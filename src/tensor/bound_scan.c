#include "tensor/bound_scan.h"

#include "tensor/half.h"

#include <math.h>

static const float down = 1 - 0x1p-20f;

uint16_t bound_pack(float x)
{
    uint16_t h = half_from_float(x);
    if (isinf(x)) return h;
    if (h == 0x7c00) return 0x7bff; /* the largest */
    return half_to_float(h) > x ? (uint16_t)(h - 1) : h;
}

static int64_t plain_rest(const uint16_t *bounds, const float *moved, int64_t g, int64_t n, float limit,
                          uint32_t *which, int64_t found)
{
    for (; g < n; g++)
        if (half_to_float(bounds[g]) - moved[g] <= limit) which[found++] = (uint32_t)g;
    return found;
}

static int64_t plain_below(const uint16_t *bounds, const float *moved, int64_t n, float limit, uint32_t *which)
{
    return plain_rest(bounds, moved, 0, n, limit, which, 0);
}

static int plain_any(const uint16_t *bounds, const float *moved, int64_t n, float limit)
{
    for (int64_t g = 0; g < n; g++)
        if (half_to_float(bounds[g]) - moved[g] <= limit) return 1;
    return 0;
}

static void plain_pack8(const float base[8], const float least[8], float moved, float unit, uint16_t out[8])
{
    for (int i = 0; i < 8; i++) {
        float square = base[i] + least[i];
        out[i] = bound_pack((sqrtf(square > 0 ? square : 0) * down + moved) * down * unit);
    }
}

#if defined(__x86_64__)
#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,f16c")))
#define AVX512 __attribute__((target("avx512f,avx512vl,avx512bw,avx2,f16c")))

/* Which of the (at most 16) bounds from g on are low enough. */
static inline __attribute__((always_inline)) AVX512 __mmask16 low_lanes(const uint16_t *bounds, const float *moved,
                                                                        int64_t g, int64_t n, __m512 limit)
{
    __mmask16 lanes = n - g < 16 ? (__mmask16)((1u << (n - g)) - 1) : (__mmask16)0xffff;
    __m512 b = _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(lanes, bounds + g));
    b = _mm512_sub_ps(b, _mm512_maskz_loadu_ps(lanes, moved + g));
    return _mm512_mask_cmp_ps_mask(lanes, b, limit, _CMP_LE_OQ);
}

AVX512 static int avx512_any(const uint16_t *bounds, const float *moved, int64_t n, float limit)
{
    for (int64_t g = 0; g < n; g += 16)
        if (low_lanes(bounds, moved, g, n, _mm512_set1_ps(limit))) return 1;
    return 0;
}

AVX512 static int64_t avx512_below(const uint16_t *bounds, const float *moved, int64_t n, float limit, uint32_t *which)
{
    __m512i g16 = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    int64_t found = 0;
    for (int64_t g = 0; g < n; g += 16) {
        __mmask16 low = low_lanes(bounds, moved, g, n, _mm512_set1_ps(limit));
        _mm512_storeu_si512(which + found, _mm512_maskz_compress_epi32(low, g16)); /* no branch on what is random */
        found += __builtin_popcount(low);
        g16 = _mm512_add_epi32(g16, _mm512_set1_epi32(16));
    }
    return found;
}

static int64_t list_bits(unsigned bits, int64_t first, uint32_t *which, int64_t found)
{
    for (; bits; bits &= bits - 1) which[found++] = (uint32_t)(first + __builtin_ctz(bits));
    return found;
}

AVX2 static int64_t avx2_below(const uint16_t *bounds, const float *moved, int64_t n, float limit, uint32_t *which)
{
    int64_t g = 0, found = 0;
    for (; g + 8 <= n; g += 8) {
        __m256 b = _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(bounds + g)));
        b = _mm256_sub_ps(b, _mm256_loadu_ps(moved + g));
        unsigned bits = (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(b, _mm256_set1_ps(limit), _CMP_LE_OQ));
        found = list_bits(bits, g, which, found);
    }
    return plain_rest(bounds, moved, g, n, limit, which, found);
}

AVX2 static void avx2_pack8(const float base[8], const float least[8], float moved, float unit, uint16_t out[8])
{
    const __m256 less = _mm256_set1_ps(1 - 0x1p-20f);
    __m256 square = _mm256_max_ps(_mm256_add_ps(_mm256_loadu_ps(base), _mm256_loadu_ps(least)), _mm256_setzero_ps());
    __m256 bound = _mm256_add_ps(_mm256_mul_ps(_mm256_sqrt_ps(square), less), _mm256_set1_ps(moved));
    bound = _mm256_mul_ps(_mm256_mul_ps(bound, less), _mm256_set1_ps(unit));
    _mm_storeu_si128((__m128i *)out, _mm256_cvtps_ph(bound, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC));
}
#endif

static const bound_scan scans[] = {
#if defined(__x86_64__)
    {"avx512", ISA_AVX512, avx512_any, avx512_below, avx2_pack8},
    {"avx2", ISA_AVX2, plain_any, avx2_below, avx2_pack8},
#endif
    {"plain", ISA_PLAIN, plain_any, plain_below, plain_pack8},
};

const bound_scan *bound_scan_at(size_t i) { return i < sizeof scans / sizeof *scans ? &scans[i] : NULL; }

const bound_scan *bound_scan_best(void)
{
    size_t i = 0;
    while (scans[i].isa > isa_best()) i++;
    return &scans[i];
}
