/* The arithmetic of num_gelu (elementwise.h), to be compiled into loops of several instruction sets: no branches, one
 * order of operations, so that a compiler can vectorise it and cannot change a bit. Local. */
#pragma once

#include <math.h>
#include <stdint.h>
#include <string.h>

/* gelu(x) = max(x, 0) - t H(t) with t = |x| and H(t) = erfc(t / sqrt(2)) / 2, the upper tail of the normal
 * distribution. H(t) = 2^-Q(t), Q a polynomial (fitted so that the error of Q weighs with H), and 2^-f for the part of
 * Q behind the nearest whole number another, both in pairs of terms: a chain half as long to wait for. From t = 6.2 on,
 * where H is below 3e-10, H counts as 0. */
static inline __attribute__((always_inline)) float gelu_of(float x)
{
    /* adding `whole` rounds to whole numbers, kept in the last bits; bit 8 becomes the sign of what is scaled by them
     */
    const float end = 6.2f, whole = 0x1.8p23f + 256;
    float size = fabsf(x), t = size < end ? size : end;
    float t2 = t * t, q = fmaf(0x1.5399bcp-26f, t, -0x1.552e82p-21f);
    q = fmaf(q, t2, fmaf(0x1.239f14p-17f, t, -0x1.0c8514p-14f));
    q = fmaf(q, t2, fmaf(0x1.f7a5aap-13f, t, 0x1.374acep-14f));
    q = fmaf(q, t2, fmaf(-0x1.cc8d7ap-8f, t, 0x1.adfc98p-5f));
    q = fmaf(q, t2, fmaf(0x1.d63a8ep-2f, t, 0x1.26aed8p+0f));
    q = fmaf(q, t, 1);
    float n = q + whole, f = q - (n - whole);
    float f2 = f * f, p = fmaf(0x1.41fbbcp-13f, f, -0x1.5f3e52p-10f);
    p = fmaf(p, f2, fmaf(0x1.3b2d4cp-7f, f, -0x1.c6aee8p-5f));
    p = fmaf(p, f2, fmaf(0x1.ebfbdcp-3f, f, -0x1.62e43p-1f));
    p = fmaf(p, f, 1);
    uint32_t p_bits, n_bits;
    memcpy(&p_bits, &p, 4);
    memcpy(&n_bits, &n, 4);
    p_bits = size < end ? p_bits - (n_bits << 23) : 0; /* -p 2^-n */
    memcpy(&p, &p_bits, 4);
    return fmaf(t, p, 0 > x ? 0 : x);
}
