/* Matrix products over packed panels: C[m][n] = sum over k of A[m][k] * B[n][k], B packed once; for a layer of a
 * network with what follows the product: bias, activation, residual.
 *
 * The numbers do not depend on batch, tile, vector width or processor: each output is a sum over fixed blocks of 256 k;
 * inside a block one chain of fused multiply-adds in ascending order from zero; block sums added in ascending order.
 * All Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct panel panel; /* B, packed; read-only after creation, so threads may share it */

enum activation { ACTIVATION_NONE, ACTIVATION_GELU /* num_gelu of elementwise.h */ };

/* What becomes of each sum before it is stored: activation(sum + bias) + residual. All zero: the sum itself. */
typedef struct panel_finish {
    const float *bias; /* (n), NULL: none */
    enum activation activation;
    const float *residual; /* (m, n), rows residual_stride apart, NULL: none; may be the output itself */
    int64_t residual_stride;
    uint16_t *half; /* NULL, or where the results go as bf16 (bf16.h) instead of into the output: (m, n) */
    int64_t half_stride;
} panel_finish;

/* Pack b (n, k), row-major. ERR_MEMORY, ERR_LIMIT. Caller: panel_free. */
int panel_create(panel **out, const float *b, int64_t n, int64_t k);
void panel_free(panel **p);

/* The same in memory of the caller (panel_bytes of it, 64-byte aligned, which outlives the panel), for matrices that
 * others pack or that change: an empty matrix at first. panel_pack packs n rows of b, value w of row j at b[j *
 * row_stride + w * column_stride]; panel_shape says that there is a packed n x k already. ERR_MEMORY. */
int panel_create_at(panel **out, void *memory);
void panel_pack(panel *p, const float *b, int64_t n, int64_t k, int64_t row_stride, int64_t column_stride);
void panel_shape(panel *p, int64_t n, int64_t k);

/* Bytes of a packed n x k. ERR_LIMIT. */
int panel_bytes(int64_t n, int64_t k, size_t *bytes);

int64_t panel_rows(const panel *p);  /* n */
int64_t panel_depth(const panel *p); /* k */

/* out (m, n) = a (m, k) x B^T. a and out may not overlap. */
void panel_multiply(const panel *p, const float *a, int64_t m, float *out);

/* The same with rows a_stride and out_stride floats apart, and with a finish (NULL: none). A stride of a below k makes
 * rows that overlap: the windows of a convolution. */
void panel_layer(const panel *p, const float *a, int64_t a_stride, int64_t m, const panel_finish *finish, float *out,
                 int64_t out_stride);
