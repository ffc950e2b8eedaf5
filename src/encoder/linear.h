/* The linear layer y = W x + b in fp32 or bf16, with what follows it. Local. */
#pragma once

#include "encoder/rows.h"
#include "tensor/panel.h"
#include "tensor/panel_bf16.h"

typedef struct linear {
    int64_t n, k;
    panel *whole; /* one of them is NULL */
    panel_bf16 *half;
    const float *bias; /* (n); NULL: none */
} linear;

/* W is packed in `memory` already, or will be; linear_free leaves memory and bias alone. ERR_MEMORY. */
int linear_create(linear *l, int half, int64_t n, int64_t k, void *memory, const float *bias);
void linear_free(linear *l);

/* Bytes of a packed W (n, k). ERR_LIMIT. */
int linear_bytes(int half, int64_t n, int64_t k, size_t *bytes);

/* Pack w (n, k). */
void linear_pack(linear *l, const float *w);

/* out (m, n) = activation(x W^T + b) + residual; x (m, k) is fp32 or bf16 as W is; out is either, and may be the
 * residual. residual: rows `residual_stride` apart, or NULL. A stride of x below k: windows of a convolution. */
void linear_run(const linear *l, rows x, int64_t m, enum activation activation, const float *residual,
                int64_t residual_stride, rows out);
