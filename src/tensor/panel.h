/* Matrix products over packed panels: C[m][n] = sum over k of A[m][k] * B[n][k], B packed once.
 *
 * The numbers do not depend on batch, tile, vector width or processor: each output is a sum over fixed blocks of 256 k;
 * inside a block one chain of fused multiply-adds in ascending order from zero; block sums added in ascending order.
 * All Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct panel panel; /* B, packed; read-only after creation, so threads may share it */

/* Pack b (n, k), row-major. ERR_MEMORY, ERR_LIMIT. Caller: panel_free. */
int panel_create(panel **out, const float *b, int64_t n, int64_t k);
void panel_free(panel **p);
int64_t panel_rows(const panel *p);  /* n */
int64_t panel_depth(const panel *p); /* k */

/* out (m, n) = a (m, k) x B^T. a and out may not overlap. */
void panel_multiply(const panel *p, const float *a, int64_t m, float *out);
