#include "tensor/bf16.h"

#include "tensor/bf16_of.h"
#include "tensor/isa.h"

#include <string.h>

#define INLINE static inline __attribute__((always_inline))

INLINE float widen(uint16_t h)
{
    uint32_t bits = (uint32_t)h << 16;
    float x;
    memcpy(&x, &bits, 4);
    return x;
}

uint16_t bf16_from_float(float x) { return bf16_of(x); }

float bf16_to_float(uint16_t h) { return widen(h); }

#define DEFINE_LOOPS(isa, target)                                                                                      \
    target static void from_##isa(const float *x, size_t n, uint16_t *out)                                             \
    {                                                                                                                  \
        for (size_t i = 0; i < n; i++) out[i] = bf16_of(x[i]);                                                         \
    }                                                                                                                  \
    target static void to_##isa(const uint16_t *h, size_t n, float *out)                                               \
    {                                                                                                                  \
        for (size_t i = 0; i < n; i++) out[i] = widen(h[i]);                                                           \
    }

DEFINE_LOOPS(plain, )
#if defined(__x86_64__)
DEFINE_LOOPS(avx2, __attribute__((target("avx2"))))
DEFINE_LOOPS(avx512, __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))))
#else
#define from_avx2 from_plain
#define from_avx512 from_plain
#define to_avx2 to_plain
#define to_avx512 to_plain
#endif

void bf16_from_floats(const float *x, size_t n, uint16_t *out)
{
    static void (*const variants[N_ISAS])(const float *, size_t, uint16_t *) = {from_plain, from_avx2, from_avx512};
    variants[isa_best()](x, n, out);
}

void bf16_to_floats(const uint16_t *h, size_t n, float *out)
{
    static void (*const variants[N_ISAS])(const uint16_t *, size_t, float *) = {to_plain, to_avx2, to_avx512};
    variants[isa_best()](h, n, out);
}
