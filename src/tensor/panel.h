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
} panel_finish;

/* Pack b (n, k), row-major. ERR_MEMORY, ERR_LIMIT. Caller: panel_free. */
int panel_create(panel **out, const float *b, int64_t n, int64_t k);
void panel_free(panel **p);
int64_t panel_rows(const panel *p);  /* n */
int64_t panel_depth(const panel *p); /* k */

/* out (m, n) = a (m, k) x B^T. a and out may not overlap. */
void panel_multiply(const panel *p, const float *a, int64_t m, float *out);

/* The same with rows a_stride and out_stride floats apart, and with a finish (NULL: none). A stride of a below k makes
 * rows that overlap: the windows of a convolution. */
void panel_layer(const panel *p, const float *a, int64_t a_stride, int64_t m, const panel_finish *finish, float *out,
                 int64_t out_stride);
