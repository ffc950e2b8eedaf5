#include "tensor/blas.h"

#include "base/status.h"

#include <cblas.h>
#include <limits.h>

int blas_multiply(const float *a, int64_t m, const float *b, int64_t n, int64_t k, float *out)
{
    int rc = OK;
    if (m > INT_MAX || n > INT_MAX || k > INT_MAX)
        FAIL(ERR_LIMIT, "a product of %lld x %lld x %lld", (long long)m, (long long)n, (long long)k);
    openblas_set_num_threads(1);
    if (m > 0 && n > 0 && k > 0)
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)m, (int)n, (int)k, 1, a, (int)k, b, (int)k, 0, out,
                    (int)n);
done:
    return rc;
}

const char *blas_core(void) { return openblas_get_corename(); }
