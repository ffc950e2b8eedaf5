/* Sixteen numbers side by side, for sums over rows that have to be the same on every instruction set: number w of a row
 * goes into lane w % 16, and lanes are added up in a fixed tree. Vectors of the compiler, which become one, two or four
 * registers. Local. */
#pragma once

#include <stdint.h>
#include <string.h>

#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wpsabi" /* all that return them are inlined */
#endif

enum { LANES_N = 16 };
typedef float lanes __attribute__((vector_size(64)));
typedef int32_t lane_bits __attribute__((vector_size(64)));

#define LANES_INLINE static inline __attribute__((always_inline))

LANES_INLINE lanes lanes_load(const float *x)
{
    lanes v;
    memcpy(&v, x, sizeof v);
    return v;
}

LANES_INLINE void lanes_store(float *x, lanes v) { memcpy(x, &v, sizeof v); }

LANES_INLINE lanes lanes_greater(lanes a, lanes b)
{
    lane_bits is = a > b;
    return (lanes)((is & (lane_bits)a) | (~is & (lane_bits)b));
}

LANES_INLINE float lanes_sum(lanes v)
{
    float x[LANES_N];
    lanes_store(x, v);
    for (int half = LANES_N / 2; half > 0; half /= 2)
        for (int l = 0; l < half; l++) x[l] += x[l + half];
    return x[0];
}

/* One function for each instruction set from an inlined body, and a table of them by enum isa. */
#if defined(__x86_64__)
#define LANES_AVX2 __attribute__((target("avx2,fma")))
#define LANES_AVX512 __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl")))
#else
#define LANES_AVX2
#define LANES_AVX512
#endif
#define LANES_DEFINE(name, arguments, call)                                                                            \
    static void name##_plain arguments { call; }                                                                       \
    LANES_AVX2 static void name##_avx2 arguments { call; }                                                             \
    LANES_AVX512 static void name##_avx512 arguments { call; }                                                         \
    static void(*const name##_variants[]) arguments = {name##_plain, name##_avx2, name##_avx512};
