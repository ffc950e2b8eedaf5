/* exp for x <= 0 in fp32, to be compiled into loops of several instruction sets: no branches and one order of
 * operations. Below -87, where it is less than 2^-125, it counts as 0. Error below 1.5 ulp. Local. */
#pragma once

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline __attribute__((always_inline)) float exp_of(float x)
{
    const float end = -87, whole = 0x1.8p23f; /* adding `whole` rounds to whole numbers, kept in the last bits */
    float y = x > end ? x : end, n = fmaf(y, 0x1.715476p+0f, whole), k = n - whole;
    float r = fmaf(k, -0x1.62e4p-1f, y); /* ln(2) in two parts; this product is exact */
    r = fmaf(k, -0x1.7f7d1cp-20f, r);
    float p = fmaf(1.f / 5040, r, 1.f / 720);
    p = fmaf(p, r, 1.f / 120);
    p = fmaf(p, r, 1.f / 24);
    p = fmaf(p, r, 1.f / 6);
    p = fmaf(p, r, 0.5f);
    p = fmaf(p, r, 1);
    p = fmaf(p, r, 1);
    uint32_t bits, shift;
    memcpy(&bits, &p, 4);
    memcpy(&shift, &n, 4);
    bits = x > end ? bits + (shift << 23) : 0;
    memcpy(&p, &bits, 4);
    return p;
}
