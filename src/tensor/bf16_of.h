/* The rounding of bf16.h, to be compiled into loops of several instruction sets. Local. */
#pragma once

#include <stdint.h>
#include <string.h>

static inline __attribute__((always_inline)) uint16_t bf16_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, 4);
    /* half a unit less one, and one more where the last kept bit is set; a carry goes into the exponent */
    uint32_t rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16, quiet = bits >> 16 | 0x40;
    return (uint16_t)((bits & 0x7fffffff) > 0x7f800000 ? quiet : rounded);
}
