/* First and second moments of the windows of a signal: what mean and variance of every linear filter over them follow
 * from, without running one. Local. */
#pragma once

#include <stdint.h>

enum { WINDOW_MOMENTS_MAX = 1024 };

/* Window i (0 <= i < n) is x[i * stride] .. x[i * stride + size - 1], size at most WINDOW_MOMENTS_MAX. mean (size): the
 * mean window; products (size, size): the mean of w w^T less that of the mean, w as it is. fp64, windows in ascending
 * order, the same bits on every instruction set. n > 0. */
void window_moments(const float *x, int64_t n, int64_t stride, int64_t size, double *mean, double *products);

/* Mean and variance of filter (size) over the windows: sum of filter * mean, and filter^T products filter. */
void window_moments_of(const double *mean, const double *products, int64_t size, const float *filter,
                       double *filter_mean, double *variance);
