#include "tensor/fma_peak.h"

#include "tensor/isa.h"

#include <math.h>

enum { CHAINS = 12 }; /* at least latency times units: 4 x 2 on the processors of today */

static volatile float sink; /* keeps the loops alive, and the chains apart: it may hold anything */

static double plain(int64_t turns)
{
    float sum[CHAINS], x = sink, all = 0;
    for (int i = 0; i < CHAINS; i++) sum[i] = sink;
    for (int64_t t = 0; t < turns; t++)
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; i++) sum[i] = fmaf(x, x, sum[i]);
    for (int i = 0; i < CHAINS; i++) all += sum[i];
    sink = 0 * all;
    return 2.0 * CHAINS * (double)turns;
}

#if defined(__x86_64__)
#include <immintrin.h>

__attribute__((target("avx2,fma"))) static double avx2(int64_t turns)
{
    __m256 sum[CHAINS], x = _mm256_set1_ps(sink);
#pragma GCC unroll 12
    for (int i = 0; i < CHAINS; i++) sum[i] = _mm256_set1_ps(sink);
    for (int64_t t = 0; t < turns; t++)
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; i++) sum[i] = _mm256_fmadd_ps(x, x, sum[i]);
#pragma GCC unroll 12
    for (int i = 1; i < CHAINS; i++) sum[0] = _mm256_add_ps(sum[0], sum[i]);
    sink = 0 * _mm256_cvtss_f32(sum[0]);
    return 2.0 * 8 * CHAINS * (double)turns;
}

__attribute__((target("avx512f"))) static double avx512(int64_t turns)
{
    __m512 sum[CHAINS], x = _mm512_set1_ps(sink);
#pragma GCC unroll 12
    for (int i = 0; i < CHAINS; i++) sum[i] = _mm512_set1_ps(sink);
    for (int64_t t = 0; t < turns; t++)
#pragma GCC unroll 12
        for (int i = 0; i < CHAINS; i++) sum[i] = _mm512_fmadd_ps(x, x, sum[i]);
#pragma GCC unroll 12
    for (int i = 1; i < CHAINS; i++) sum[0] = _mm512_add_ps(sum[0], sum[i]);
    sink = 0 * _mm512_cvtss_f32(sum[0]);
    return 2.0 * 16 * CHAINS * (double)turns;
}

double fma_peak_run(int64_t turns)
{
    if (isa_has(ISA_AVX512)) return avx512(turns);
    if (isa_has(ISA_AVX2)) return avx2(turns);
    return plain(turns);
}
#else
double fma_peak_run(int64_t turns) { return plain(turns); }
#endif
