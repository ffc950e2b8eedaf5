/* Dense linear algebra behind which BLAS and LAPACK stand: eigenvectors of symmetric matrices (dsyevr), in a defined
 * form, and sums of outer products. Local. */
#pragma once

#include <stdint.h>

/* a (n, n) symmetric, fp64, destroyed. values (n), largest first; vectors (n, n), row i belongs to value i, unit
 * length, sign such that the entry of largest magnitude (lowest index on ties) is positive. ERR_MEMORY, ERR_INVALID
 * when a is not finite or LAPACK fails. */
int eigen_symmetric(double *a, int64_t n, double *values, double *vectors);

/* sum (n, n) += the products of all pairs of columns of x (m, n): sum[i][j] += sum over rows r of x[r][i] * x[r][j],
 * for i <= j only. The order of the additions is open; where x holds integers and no sum reaches 2^53 the result is
 * exact. ERR_LIMIT. */
int eigen_add_products(const double *x, int64_t m, int64_t n, double *sum);
