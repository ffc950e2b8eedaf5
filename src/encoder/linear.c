#include "encoder/linear.h"

#include "base/status.h"

int linear_bytes(int half, int64_t n, int64_t k, size_t *bytes)
{
    return half ? panel_bf16_bytes(n, k, bytes) : panel_bytes(n, k, bytes);
}

int linear_create(linear *l, int half, int64_t n, int64_t k, void *memory, const float *bias)
{
    int rc = OK;
    *l = (linear){.n = n, .k = k, .bias = bias};
    if (half) {
        TRY(panel_bf16_create_at(&l->half, memory));
        panel_bf16_shape(l->half, n, k);
    } else {
        TRY(panel_create_at(&l->whole, memory));
        panel_shape(l->whole, n, k);
    }
done:
    return rc;
}

void linear_free(linear *l)
{
    panel_free(&l->whole);
    panel_bf16_free(&l->half);
}

void linear_pack(linear *l, const float *w)
{
    if (l->half)
        panel_bf16_pack(l->half, w, l->n, l->k, l->k, 1);
    else
        panel_pack(l->whole, w, l->n, l->k, l->k, 1);
}

void linear_run(const linear *l, rows x, int64_t m, enum activation activation, const float *residual,
                int64_t residual_stride, rows out)
{
    panel_finish finish = {l->bias, activation, residual, residual_stride, out.half, out.stride};
    if (l->half)
        panel_bf16_layer(l->half, x.half, x.stride, m, &finish, out.whole, out.stride);
    else
        panel_layer(l->whole, x.whole, x.stride, m, &finish, out.whole, out.stride);
}
