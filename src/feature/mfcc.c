#include "feature/mfcc.h"

#include <math.h>
#include <string.h>

static const int LIFTER = 22;

/* Orthonormal DCT-II; the first row has the factor sqrt(1/N) and the lifter leaves it as it is. */
void mfcc_fill(mfcc_table *t)
{
    const long double pi = 3.14159265358979323846264338327950288L;
    memset(t, 0, sizeof *t);
    for (int n = 0; n < MFCC_FILTERS; n++)
        for (int k = 0; k < MFCC_COEFFICIENTS; k++) {
            long double c = sqrtl((k ? 2.0L : 1.0L) / MFCC_FILTERS) * cosl(pi / MFCC_FILTERS * (n + 0.5L) * k);
            t->matrix[n][k] = (double)(c * (1 + LIFTER / 2.0L * sinl(pi * k / LIFTER)));
        }
}

void mfcc_apply(const mfcc_table *t, const double *log_energy, double *coefficients)
{
    double sums[16] = {0};
    for (size_t n = 0; n < MFCC_FILTERS; n++)
        for (size_t k = 0; k < 16; k++) sums[k] += t->matrix[n][k] * log_energy[n];
    memcpy(coefficients, sums, MFCC_COEFFICIENTS * sizeof *sums);
}

void mfcc_delta(const double *x, int64_t first, int64_t at, int64_t n_frames, double *slope)
{
    const double *row[2 * MFCC_DELTA_REACH + 1];
    for (int64_t k = -MFCC_DELTA_REACH; k <= MFCC_DELTA_REACH; k++) {
        int64_t i = at + k < 0 ? 0 : at + k >= n_frames ? n_frames - 1 : at + k;
        row[k + MFCC_DELTA_REACH] = x + (i - first) * MFCC_COEFFICIENTS;
    }
    for (size_t c = 0; c < MFCC_COEFFICIENTS; c++)
        slope[c] = ((row[3][c] - row[1][c]) + 2 * (row[4][c] - row[0][c])) / 10;
}
