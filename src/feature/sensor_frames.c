#include "feature/sensor_frames.h"

#include <math.h>
#include <string.h>

void channel_moments(const float *x, int64_t n, int64_t channels, double *mean, double *squares)
{
    memset(mean, 0, (size_t)channels * sizeof *mean);
    memset(squares, 0, (size_t)channels * sizeof *squares);
    for (int64_t t = 0; t < n; t++)
        for (int64_t c = 0; c < channels; c++) mean[c] += x[t * channels + c];
    for (int64_t c = 0; c < channels; c++) mean[c] /= (double)n;
    for (int64_t t = 0; t < n; t++)
        for (int64_t c = 0; c < channels; c++) {
            double d = x[t * channels + c] - mean[c];
            squares[c] += d * d;
        }
}

void channel_moments_add(int64_t *n, double *mean, double *squares, int64_t n_more, const double *mean_more,
                         const double *squares_more, int64_t channels)
{
    double a = (double)*n, b = (double)n_more;
    for (int64_t c = 0; c < channels; c++) {
        double d = *n ? mean_more[c] - mean[c] : 0;
        squares[c] = *n ? squares[c] + squares_more[c] + d * d * (a * b / (a + b)) : squares_more[c];
        mean[c] = *n ? mean[c] + d * (b / (a + b)) : mean_more[c];
    }
    *n += n_more;
}

void channel_deviation(int64_t n, const double *mean, const double *squares, int64_t channels, double *deviation)
{
    for (int64_t c = 0; c < channels; c++) {
        double d = sqrt(squares[c] / (double)n);
        deviation[c] = d <= 0x1p-24 * fabs(mean[c]) ? 0 : d;
    }
}

void channel_normalise(float *x, int64_t n, int64_t channels, const double *mean, const double *deviation)
{
    for (int64_t t = 0; t < n; t++)
        for (int64_t c = 0; c < channels; c++) {
            float *v = &x[t * channels + c];
            double centred = *v - mean[c];
            *v = (float)(deviation[c] > 0 ? centred / deviation[c] : centred);
        }
}

int64_t sensor_frames(int64_t n, int64_t frame, int64_t hop) { return n < frame ? 0 : (n - frame) / hop + 1; }

void sensor_vectors(const float *x, int64_t channels, int64_t frame, int64_t hop, int64_t first, int64_t count,
                    float *out)
{
    for (int64_t f = first; f < first + count; f++)
        for (int64_t c = 0; c < channels; c++)
            for (int64_t t = 0; t < frame; t++) *out++ = x[(f * hop + t) * channels + c];
}
