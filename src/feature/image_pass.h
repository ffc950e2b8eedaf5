/* The two passes of resampling over rows of RGB. Local. */
#pragma once

#include "feature/image_axis.h"
#include "feature/image_sum.h"

/* Bytes of scratch for the horizontal pass along this axis. ERR_LIMIT. */
int image_pass_scratch(const image_axis *a, size_t *n);

/* Rows of a->in pixels to rows of a->count pixels. Row r of the input starts at in + r * in_stride; the output alike.
 */
void image_pass_horizontal(const image_axis *a, const image_sum *sum, const uint8_t *in, size_t in_stride, int64_t rows,
                           uint8_t *scratch, uint8_t *out, size_t out_stride);

/* Columns of `width` bytes to a->count rows. in: the row at a->lo[0], so that rows above it need not exist. */
void image_pass_vertical(const image_axis *a, const image_sum *sum, const uint8_t *in, size_t in_stride, size_t width,
                         uint8_t *out, size_t out_stride);
