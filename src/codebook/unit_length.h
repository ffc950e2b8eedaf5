/* Vectors of length 1: what the cosine metric compares, in training and when codes are assigned. Local. */
#pragma once

#include <stdint.h>

/* out (d) = x (d) / |x|, each value rounded to fp32 once; all zeros where x is. The length is taken in fp64 over a
 * fixed order: the same bits everywhere. out may be x. Values are finite. */
void unit_length(const float *x, int64_t d, float *out);
