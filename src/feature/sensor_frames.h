/* Sensor samples (n, channels), interleaved, to vectors. All sums are fp64 in ascending order of the samples, so
 * nothing depends on how a recording was read; values are rounded to fp32 once. Local. */
#pragma once

#include <stdint.h>

/* Mean, and sum of squared distances to it, per channel. n >= 1. */
void channel_moments(const float *x, int64_t n, int64_t channels, double *mean, double *squares);

/* Add the moments of another n_more >= 1 samples to those of *n (0: none yet). */
void channel_moments_add(int64_t *n, double *mean, double *squares, int64_t n_more, const double *mean_more,
                         const double *squares_more, int64_t channels);

/* The standard deviation (of the n, not n - 1) that follows. 0 for a channel that is constant as far as fp32 can tell:
 * one that deviates by less than 2^-24 of its mean. */
void channel_deviation(int64_t n, const double *mean, const double *squares, int64_t channels, double *deviation);

/* x = (x - mean) / deviation, in place; where the deviation is 0 the mean is taken away and nothing else. */
void channel_normalise(float *x, int64_t n, int64_t channels, const double *mean, const double *deviation);

/* Frames of n samples: floor((n - frame) / hop) + 1, and 0 below `frame`. The samples behind the last one are left. */
int64_t sensor_frames(int64_t n, int64_t frame, int64_t hop);

/* Frames first .. first + count - 1 as vectors (count, channels frame): frame t has samples hop t .. hop t + frame - 1,
 * channel after channel. */
void sensor_vectors(const float *x, int64_t channels, int64_t frame, int64_t hop, int64_t first, int64_t count,
                    float *out);
