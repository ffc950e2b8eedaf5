/* The inner loop of resampling: weighted sums of bytes, rounded and clipped to bytes. Whole numbers, so all variants
 * give the same. Used by image_pass.c and tests. Local. */
#pragma once

#include "tensor/isa.h"

#include <stddef.h>
#include <stdint.h>

enum {
    IMAGE_SUM_GROUP = 64,  /* bytes side by side */
    IMAGE_WEIGHT_BITS = 22 /* weights are multiples of 2^-22 */
};

/* For each i < width (a multiple of IMAGE_SUM_GROUP): out[i] = clip((2^21 + sum over j < n of in[j * stride + i] *
 * k[j]) >> 22). */
typedef void image_sum_function(const uint8_t *in, size_t stride, size_t width, const int32_t *k, int32_t n,
                                uint8_t *out);

typedef struct image_sum {
    const char *name; /* that of `isa` */
    enum isa isa;
    image_sum_function *all;      /* every byte */
    image_sum_function *of_three; /* the first three of every four; the fourth comes out as 0 */
} image_sum;

/* Variant i, fastest first, whether or not this processor has it; NULL behind the last. */
const image_sum *image_sum_at(size_t i);

/* The one of isa_best(). */
const image_sum *image_sum_best(void);

/* One such sum, for widths that are no multiple. */
uint8_t image_sum_one(const uint8_t *in, size_t stride, const int32_t *k, int32_t n);
