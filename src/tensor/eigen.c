#include "tensor/eigen.h"

#include "base/memory.h"
#include "base/status.h"

#include <cblas.h>
#include <lapacke.h>
#include <limits.h>
#include <math.h>
#include <string.h>

static int check_finite(const double *a, int64_t n)
{
    int rc = OK;
    for (int64_t i = 0; i < n * n; i++)
        if (!isfinite(a[i]))
            FAIL(ERR_INVALID, "entry (%lld, %lld) of the matrix is not finite", (long long)(i / n), (long long)(i % n));
done:
    return rc;
}

/* Copy a vector, turned so that its entry of largest magnitude is positive. */
static void copy_turned(const double *from, int64_t n, double *to)
{
    int64_t largest = 0;
    for (int64_t i = 1; i < n; i++)
        if (fabs(from[i]) > fabs(from[largest])) largest = i;
    double sign = from[largest] < 0 ? -1 : 1;
    for (int64_t i = 0; i < n; i++) to[i] = sign * from[i];
}

int eigen_symmetric(double *a, int64_t n, double *values, double *vectors)
{
    int rc = OK;
    double *ascending = NULL, *z = NULL;
    lapack_int *support = NULL, found = 0;
    size_t square;
    if (n <= 0) return OK;
    if (n > INT_MAX / 2) FAIL(ERR_INVALID, "a matrix of %lld rows", (long long)n);
    TRY(check_finite(a, n));
    TRY(size_mul((size_t)n, (size_t)n, &square));
    TRY(MEM_ALLOC(ascending, (size_t)n));
    TRY(MEM_ALLOC(z, square));
    TRY(MEM_ALLOC(support, 2 * (size_t)n));
    openblas_set_num_threads(1);
    lapack_int info = LAPACKE_dsyevr(LAPACK_COL_MAJOR, 'V', 'A', 'U', (lapack_int)n, a, (lapack_int)n, 0, 0, 0, 0, 0,
                                     &found, ascending, z, (lapack_int)n, support);
    if (info == LAPACK_WORK_MEMORY_ERROR || info == LAPACK_TRANSPOSE_MEMORY_ERROR)
        FAIL(ERR_MEMORY, "no memory for eigenvectors");
    if (info != 0 || found != n)
        FAIL(ERR_INVALID, "no eigenvectors of a matrix of %lld rows (dsyevr: %d)", (long long)n, (int)info);
    /* a symmetric matrix reads the same in column order; LAPACK's columns, values ascending, are our rows from the last
     * to the first */
    for (int64_t i = 0; i < n; i++) {
        values[i] = ascending[n - 1 - i];
        copy_turned(z + (n - 1 - i) * n, n, vectors + i * n);
    }
done:
    mem_free(&ascending);
    mem_free(&z);
    mem_free(&support);
    return rc;
}

int eigen_add_products(const double *x, int64_t m, int64_t n, double *sum)
{
    int rc = OK;
    if (m > INT_MAX || n > INT_MAX) FAIL(ERR_LIMIT, "a matrix of %lld x %lld", (long long)m, (long long)n);
    openblas_set_num_threads(1);
    if (m > 0 && n > 0)
        cblas_dsyrk(CblasRowMajor, CblasUpper, CblasTrans, (int)n, (int)m, 1, x, (int)n, 1, sum, (int)n);
done:
    return rc;
}
