/* Vectors of unit length, for codebooks whose metric is the cosine. Local. */
#pragma once

#include <stdint.h>

/* x (d) divided by its length (fp64, summed in the order of tensor/distance.h), each value rounded once to fp32; zeros
 * stay zeros. out may be x. */
void unit_length(const float *x, int64_t d, float *out);
