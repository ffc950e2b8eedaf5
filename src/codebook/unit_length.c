#include "codebook/unit_length.h"

#include <math.h>

enum { LANES = 32 };

void unit_length(const float *x, int64_t d, float *out)
{
    double sum[LANES] = {0};
    for (int64_t w = 0; w < d; w++) sum[w % LANES] += (double)x[w] * (double)x[w]; /* products are exact */
    for (int n = LANES / 2; n > 0; n /= 2)
        for (int l = 0; l < n; l++) sum[l] += sum[l + n];
    double length = sqrt(sum[0]);
    for (int64_t w = 0; w < d; w++) out[w] = length > 0 ? (float)((double)x[w] / length) : 0;
}
