/* One row of stored PNG samples to RGB. Private to src/decode. Local. */
#pragma once

#include "decode/image_decode.h"

#include <spng.h>

typedef struct png_row_kind {
    uint8_t depth, color; /* bits per sample and color type of IHDR */
    int interlaced;
    int has_key, over_white;
    uint8_t key[3];        /* the color that is transparent, as Pillow compares it */
    size_t stride;         /* bytes of a row */
    uint8_t table[256][3]; /* grey up to 8 bits, palette: RGB of each sample, already over white */
} png_row_kind;

/* Bytes of a row of `width` pixels. */
size_t png_stride(int64_t width, uint8_t depth, uint8_t color);

/* palette: looked at for color type 3 only; trns may be NULL. Rows are as SPNG_FMT_RAW gives them. */
void png_row_prepare(png_row_kind *out, const struct spng_ihdr *ihdr, const struct spng_plte *palette,
                     const struct spng_trns *trns, alpha_policy alpha);

/* raw: kind->stride bytes; rgb: (width, 3). */
void png_row_to_rgb(const png_row_kind *kind, const uint8_t *raw, int64_t width, uint8_t *rgb);
