/* Elementary functions of our own: plain C, one order of operations, so that a result does not depend on the processor
 * (the C library picks variants by instruction set). All Local. */
#pragma once

#include <stddef.h>

/* Natural logarithm; error below 1 ulp. log(0) = -inf, below 0 and NaN give NaN. */
double num_log(double x);

/* y[i] = num_log(x[i]), same bits; y may be x. */
void num_log_each(const double *x, double *y, size_t n);
