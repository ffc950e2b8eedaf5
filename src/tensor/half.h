/* IEEE half precision <-> fp32, round to nearest even, the same on every processor. Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

uint16_t half_from_float(float x); /* beyond 65504 gives infinity; NaN stays NaN */
float half_to_float(uint16_t h);
void half_from_floats(const float *x, size_t n, uint16_t *out);
void half_to_floats(const uint16_t *h, size_t n, float *out);
