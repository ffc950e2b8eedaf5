/* Pillow's resampling along one axis: which input samples make an output sample, with which weights
 * (src/libImaging/Resample.c, precompute_coeffs and normalize_coeffs_8bpc). Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef enum image_filter {
    FILTER_NEAREST,
    FILTER_BILINEAR,
    FILTER_BICUBIC,
    FILTER_LANCZOS,
    FILTER_BOX,
    FILTER_HAMMING,
    FILTER_END
} image_filter;

enum { IMAGE_MAX_SIDE = 1 << 20 }; /* longest input side: it bounds the tables */

/* Outputs first .. first + count - 1 of an axis that goes from `in` to `out` samples. Output first + i is the sum over
 * j < n[i] of sample lo[i] + j times weight k[i * taps + j] (image_sum.h). A zeroed struct is ready for
 * image_axis_prepare. */
typedef struct image_axis {
    int64_t in, out, first, count;
    image_filter filter;
    size_t taps;     /* stride of k */
    int32_t *lo, *n; /* (count) */
    int32_t *k;      /* (count, taps) */
    double *weights; /* (taps), while preparing */
    size_t lo_capacity, n_capacity, k_capacity, weights_capacity;
} image_axis;

/* Fill the tables, unless they are those already. Not for FILTER_NEAREST. ERR_LIMIT when in > IMAGE_MAX_SIDE;
 * ERR_MEMORY. */
int image_axis_prepare(image_axis *a, int64_t in, int64_t out, int64_t first, int64_t count, image_filter filter);
void image_axis_free(image_axis *a);

/* Input samples that any of the outputs uses: from *begin to before *end. */
void image_axis_span(const image_axis *a, int64_t *begin, int64_t *end);
