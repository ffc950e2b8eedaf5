/* Elementary functions of our own: plain C, one order of operations, so that a result does not depend on the processor
 * (the C library picks variants by instruction set). All Local. */
#pragma once

#include <stddef.h>

/* Natural logarithm; error below 1 ulp. log(0) = -inf, below 0 and NaN give NaN. */
double num_log(double x);

/* y[i] = num_log(x[i]), same bits; y may be x. */
void num_log_each(const double *x, double *y, size_t n);

/* The activation GELU in its erf form, x (1 + erf(x / sqrt(2))) / 2. Errors: below 2 ulp for x > 0, below 1e-7 |x| for
 * all x, and from x = -5 on also below 1e-5 of the value. */
float num_gelu(float x);

/* y[i] = num_gelu(x[i]), same bits on every instruction set; y may be x. */
void num_gelu_each(const float *x, float *y, size_t n);

/* tanh, rounded from a result of fp64; y may be x. */
float num_tanh(float x);
void num_tanh_each(const float *x, float *y, size_t n);
