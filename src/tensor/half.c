#include "tensor/half.h"

#include "tensor/isa.h"

#include <string.h>

/* Conversions after F. Giesen, "half-to-float conversions" (2012), written without branches so that compilers vectorise
 * the loops. */

static inline uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, 4);
    return bits;
}

static inline float float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, 4);
    return x;
}

static inline float widen(uint16_t h)
{
    uint32_t shifted = (uint32_t)(h & 0x7fff) << 13, exponent = shifted & 0x0f800000;
    uint32_t normal = shifted + ((127u - 15u) << 23);
    uint32_t special = normal + ((128u - 16u) << 23);
    /* a subnormal is an integer multiple of 2^-24: give it the exponent of 2^-14 and take that number away */
    uint32_t tiny = bits_of(float_of(shifted + (113u << 23)) - 0x1p-14f);
    uint32_t bits = exponent == 0x0f800000 ? special : exponent == 0 ? tiny : normal;
    return float_of(bits | (uint32_t)(h & 0x8000) << 16);
}

static inline uint16_t narrow(float x)
{
    uint32_t all = bits_of(x), sign = all & 0x80000000u, bits = all ^ sign;
    /* rounding to even: half a unit less one, and one more where the last kept bit is set; a carry goes into the
     * exponent */
    uint32_t normal = (bits - ((127u - 15u) << 23) + 0xfff + (bits >> 13 & 1)) >> 13;
    /* adding 0.5 moves the unit 2^-24 of subnormals to the last bit of the sum, which the addition rounds to even */
    uint32_t tiny = bits_of(float_of(bits) + 0.5f) - bits_of(0.5f);
    uint32_t special = bits > 0x7f800000 ? 0x7e00 : 0x7c00;
    uint32_t half = bits >= (143u << 23) ? special : bits < (113u << 23) ? tiny : normal;
    return (uint16_t)(half | sign >> 16);
}

uint16_t half_from_float(float x) { return narrow(x); }

float half_to_float(uint16_t h) { return widen(h); }

void half_from_floats(const float *x, size_t n, uint16_t *out)
{
    for (size_t i = 0; i < n; i++) out[i] = narrow(x[i]);
}

#if defined(__x86_64__)
#include <immintrin.h>

/* Exact, so it gives the same numbers. */
__attribute__((target("avx2,f16c"))) static size_t widen_eights(const uint16_t *h, size_t n, float *out)
{
    size_t i = 0;
    for (; i + 8 <= n; i += 8) _mm256_storeu_ps(out + i, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(h + i))));
    return i;
}

static size_t widen_many(const uint16_t *h, size_t n, float *out)
{
    return isa_best() >= ISA_AVX2 ? widen_eights(h, n, out) : 0;
}
#else
static size_t widen_many(const uint16_t *h, size_t n, float *out) { return 0; }
#endif

void half_to_floats(const uint16_t *h, size_t n, float *out)
{
    for (size_t i = widen_many(h, n, out); i < n; i++) out[i] = widen(h[i]);
}
