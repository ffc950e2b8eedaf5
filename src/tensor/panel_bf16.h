/* Matrix products over packed panels as in panel.h, of bfloat16 numbers with sums in fp32.
 *
 * The numbers do not depend on batch, tile, vector width or processor. They are those of AVX512-BF16's vdpbf16ps: k are
 * taken in pairs (0, 1), (2, 3) ..., a zero behind an odd last one. A pair goes into its sum by two fused
 * multiply-adds, first that of the odd k, then that of the even k; each rounds to nearest even, as if exponents had no
 * lower end, and then turns results below 2^-126 into zeros of their sign. Operands below 2^-126 count as zeros. A
 * chain starts from zero and covers a block of 256 k; block sums are added in ascending order, in ordinary fp32. All
 * Local. */
#pragma once

#include "tensor/panel.h"

typedef struct panel_bf16 panel_bf16; /* B, rounded and packed; read-only after creation, so threads may share it */

/* Round b (n, k), row-major, to bf16 and pack it. ERR_MEMORY, ERR_LIMIT. Caller: panel_bf16_free. */
int panel_bf16_create(panel_bf16 **out, const float *b, int64_t n, int64_t k);
void panel_bf16_free(panel_bf16 **p);

/* As in panel.h; panel_bf16_pack rounds, panel_bf16_pack_half takes numbers that are bf16 already. */
int panel_bf16_create_at(panel_bf16 **out, void *memory);
void panel_bf16_pack(panel_bf16 *p, const float *b, int64_t n, int64_t k, int64_t row_stride, int64_t column_stride);
void panel_bf16_pack_half(panel_bf16 *p, const uint16_t *b, int64_t n, int64_t k, int64_t row_stride,
                          int64_t column_stride);
void panel_bf16_shape(panel_bf16 *p, int64_t n, int64_t k);
int panel_bf16_bytes(int64_t n, int64_t k, size_t *bytes);

int64_t panel_bf16_rows(const panel_bf16 *p);  /* n */
int64_t panel_bf16_depth(const panel_bf16 *p); /* k */

/* out (m, n) = a (m, k) x B^T, a in bf16. a and out may not overlap. */
void panel_bf16_multiply(const panel_bf16 *p, const uint16_t *a, int64_t m, float *out);

/* The same with rows a_stride and out_stride numbers apart, and with a finish, as panel_layer: bias, activation and
 * residual are fp32. With finish->half, out may be NULL. */
void panel_bf16_layer(const panel_bf16 *p, const uint16_t *a, int64_t a_stride, int64_t m, const panel_finish *finish,
                      float *out, int64_t out_stride);
