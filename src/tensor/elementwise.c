#include "tensor/elementwise.h"

#include "tensor/gelu.h"
#include "tensor/isa.h"

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

/* x = 2^k m with m in [sqrt(1/2), sqrt(2)), f = m - 1, s = f / (2 + f):
 * log(1 + f) = f - (f^2/2 - s (f^2/2 + R(s^2))), R a polynomial. k ln(2) is added in two parts, the first exact.
 *
 * Method and constants of fdlibm's e_log.c: Copyright (C) 1993 by Sun Microsystems, Inc. All rights reserved.
 * Permission to use, copy, modify, and distribute this software is freely granted, provided that this notice is
 * preserved.
 *
 * Right for positive normal numbers. No branches, so that a loop over it can be vectorised: k becomes a double by
 * adding it to the last bits of 1.5 * 2^52. */
static inline double log_normal(double x)
{
    uint64_t bits, k_bits;
    double m, k;
    memcpy(&bits, &x, 8);
    uint64_t shifted = bits + (0x3ff0000000000000ULL - 0x3fe6a09e667f3bcdULL);
    k_bits = 0x4338000000000000ULL + (shifted >> 52) - 1023;
    bits = (shifted & 0x000fffffffffffffULL) + 0x3fe6a09e667f3bcdULL;
    memcpy(&m, &bits, 8);
    memcpy(&k, &k_bits, 8);
    k -= 0x1.8p52;
    double f = m - 1, s = f / (2 + f), z = s * s, w = z * z, half = 0.5 * f * f;
    double odd = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01));
    double even = z * (6.666666666666735130e-01 +
                       w * (2.857142874366239149e-01 + w * (1.818357216161805012e-01 + w * 1.479819860511658591e-01)));
    return k * 6.93147180369123816490e-01 - ((half - (s * (half + (even + odd)) + k * 1.90821492927058770002e-10)) - f);
}

double num_log(double x)
{
    if (x >= DBL_MIN && x <= DBL_MAX) return log_normal(x);
    if (x > 0 && x < DBL_MIN) return log_normal(x * 0x1p54) - 54 * 0.69314718055994530942;
    if (x == 0) return -INFINITY;
    return x > 0 ? x : NAN;
}

void num_log_each(const double *x, double *y, size_t n)
{
    enum { BLOCK = 64 };
    for (size_t at = 0; at < n; at += BLOCK) {
        size_t m = n - at < BLOCK ? n - at : BLOCK;
        int normal = 1;
        for (size_t i = 0; i < m; i++) normal &= x[at + i] >= DBL_MIN && x[at + i] <= DBL_MAX;
        if (normal)
            for (size_t i = 0; i < m; i++) y[at + i] = log_normal(x[at + i]);
        else
            for (size_t i = 0; i < m; i++) y[at + i] = num_log(x[at + i]);
    }
}

float num_gelu(float x) { return gelu_of(x); }

#define DEFINE_GELU_EACH(name, target)                                                                                 \
    target static void name(const float *x, float *y, size_t n)                                                        \
    {                                                                                                                  \
        for (size_t i = 0; i < n; i++) y[i] = gelu_of(x[i]);                                                           \
    }

DEFINE_GELU_EACH(gelu_plain, )
#if defined(__x86_64__)
DEFINE_GELU_EACH(gelu_avx2, __attribute__((target("avx2,fma"))))
DEFINE_GELU_EACH(gelu_avx512, __attribute__((target("avx512f,avx512bw,avx512dq,avx512vl"))))
#endif

void num_gelu_each(const float *x, float *y, size_t n)
{
#if defined(__x86_64__)
    if (isa_best() == ISA_AVX512) {
        gelu_avx512(x, y, n);
        return;
    }
    if (isa_best() == ISA_AVX2) {
        gelu_avx2(x, y, n);
        return;
    }
#endif
    gelu_plain(x, y, n);
}

/* exp for -745 < x <= 0, error below 1e-15: 2^k e^r with |r| <= ln(2) / 2, e^r by its series. */
static double exp_below_zero(double x)
{
    double k = floor(x * 1.4426950408889634 + 0.5);
    double r = x - k * 6.93147180369123816490e-01 - k * 1.90821492927058770002e-10, sum = 1;
    for (int i = 14; i > 0; i--) sum = 1 + r * sum / i;
    return ldexp(sum, (int)k);
}

float num_tanh(float x)
{
    double size = fabs((double)x), t;
    if (!(size < 20)) return x > 0 ? 1 : x < 0 ? -1 : x;
    if (size < 1e-3) return (float)((double)x - (double)x * (double)x * (double)x / 3);
    t = exp_below_zero(-2 * size);
    t = (1 - t) / (1 + t);
    return (float)(x < 0 ? -t : t);
}

void num_tanh_each(const float *x, float *y, size_t n)
{
    for (size_t i = 0; i < n; i++) y[i] = num_tanh(x[i]);
}
