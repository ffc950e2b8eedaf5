#include "encoder/weight_values.h"

#include "base/memory.h"
#include "base/status.h"
#include "tensor/bf16.h"
#include "tensor/half.h"

#include <math.h>
#include <string.h>

enum { BLOCK = 2048 };

/* In blocks, as the stored values may lie at odd addresses. */
static void widen(const weight_tensor *t, size_t n, float *out)
{
    uint16_t block[BLOCK];
    for (size_t i = 0; i < n; i += BLOCK) {
        size_t more = n - i < BLOCK ? n - i : BLOCK;
        memcpy(block, (const uint8_t *)t->values + i * sizeof *block, more * sizeof *block);
        if (t->type == WEIGHT_F16)
            half_to_floats(block, more, out + i);
        else
            bf16_to_floats(block, more, out + i);
    }
}

int weight_values(const weight_tensor *t, const char *path, float **out)
{
    int rc = OK;
    size_t n;
    float *x = NULL;
    *out = NULL;
    TRY(weight_elements(t->n_dims, t->shape, &n));
    TRY(MEM_RESERVE(x, n));
    if (t->type == WEIGHT_F32)
        memcpy(x, t->values, n * sizeof *x);
    else
        widen(t, n, x);
    for (size_t i = 0; i < n; i++)
        if (!isfinite(x[i]))
            FAIL(ERR_CONFIG, "%s: tensor %s: number %zu is %s", path, t->name, i, isnan(x[i]) ? "NaN" : "infinite");
    *out = x;
    x = NULL;
done:
    mem_free(&x);
    return rc;
}

int weight_fold(float *v, const float *gain, int64_t n, int64_t k)
{
    int rc = OK;
    double *norm = NULL;
    TRY(MEM_ALLOC(norm, (size_t)k));
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < k; j++) norm[j] += (double)v[i * k + j] * v[i * k + j];
    for (int64_t j = 0; j < k; j++) {
        if (norm[j] == 0) FAIL(ERR_INVALID, "a weight norm of zero");
        norm[j] = sqrt(norm[j]);
    }
    for (int64_t i = 0; i < n; i++)
        for (int64_t j = 0; j < k; j++) v[i * k + j] = (float)((double)gain[j] * v[i * k + j] / norm[j]);
done:
    mem_free(&norm);
    return rc;
}
