/* The product of panel.h by OpenBLAS on one thread: the rival in benchmarks. Its sums depend on the processor and on
 * the shape, so no result of the program comes from it. Local. */
#pragma once

#include <stdint.h>

/* out (m, n) = a (m, k) x b (n, k)^T, all row-major. ERR_LIMIT. */
int blas_multiply(const float *a, int64_t m, const float *b, int64_t n, int64_t k, float *out);

/* The processor whose kernels OpenBLAS uses; OPENBLAS_CORETYPE in the environment picks another. Static memory. */
const char *blas_core(void);
