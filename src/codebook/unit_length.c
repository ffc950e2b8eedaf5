#include "codebook/unit_length.h"

#include <math.h>

enum { LANES = 8 };

/* Lane l sums the squares of x[l], x[l + 8], ...; the lanes are then added in order. A square of an fp32 value is exact
 * in fp64 and neither overflows nor, unless it is zero, vanishes. */
void unit_length(const float *x, int64_t d, float *out)
{
    double sums[LANES] = {0}, sum = 0;
    int64_t w = 0;
    for (; w + LANES <= d; w += LANES)
        for (int l = 0; l < LANES; l++) sums[l] += (double)x[w + l] * (double)x[w + l];
    for (int l = 0; w + l < d; l++) sums[l] += (double)x[w + l] * (double)x[w + l];
    for (int l = 0; l < LANES; l++) sum += sums[l];
    double length = sqrt(sum);
    for (w = 0; w < d; w++) out[w] = sum > 0 ? (float)((double)x[w] / length) : 0;
}
