#include "tensor/panel_kernel.h"

#include <math.h>

/* The definition of a panel product: what the other kernels must equal bit for bit. */
static void plain_block(const float *a, int64_t lda, int64_t m, const float *columns, int64_t k, int64_t n_columns,
                        int add, float *out, int64_t ldo)
{
    for (int64_t i = 0; i < m; i++) {
        float sum[PANEL_COLUMNS] = {0};
        for (int64_t w = 0; w < k; w++)
            for (int64_t j = 0; j < n_columns; j++)
                sum[j] = fmaf(a[i * lda + w], columns[w * PANEL_COLUMNS + j], sum[j]);
        for (int64_t j = 0; j < n_columns; j++) out[i * ldo + j] = add ? out[i * ldo + j] + sum[j] : sum[j];
    }
}

const panel_kernel panel_kernel_plain = {"plain", ISA_PLAIN, plain_block};
