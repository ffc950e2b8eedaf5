/* bfloat16 (the upper half of an fp32) <-> fp32, round to nearest even, the same on every processor. Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

uint16_t bf16_from_float(float x); /* beyond the range gives infinity; NaN stays NaN; subnormal numbers are kept */
float bf16_to_float(uint16_t h);   /* exact */
void bf16_from_floats(const float *x, size_t n, uint16_t *out);
void bf16_to_floats(const uint16_t *h, size_t n, float *out);
