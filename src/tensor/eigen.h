/* Eigenvectors of symmetric matrices by LAPACK (dsyevr), in a defined form. Local. */
#pragma once

#include <stdint.h>

/* a (n, n) symmetric, fp64, destroyed. values (n), largest first; vectors (n, n), row i belongs to value i, unit
 * length, sign such that the entry of largest magnitude (lowest index on ties) is positive. ERR_MEMORY, ERR_INVALID
 * when a is not finite or LAPACK fails. */
int eigen_symmetric(double *a, int64_t n, double *values, double *vectors);
