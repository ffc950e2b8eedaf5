/* What the pixels of a TIFF file mean, and rows of them to RGB. Private to src/decode. Local. */
#pragma once

#include "decode/image_tiff_tags.h"

typedef enum tiff_color { TIFF_INDEX, TIFF_GREY, TIFF_RGB, TIFF_CMYK, TIFF_YCBCR } tiff_color;
typedef enum tiff_alpha { TIFF_OPAQUE, TIFF_STRAIGHT, TIFF_PREMULTIPLIED } tiff_alpha;
typedef enum tiff_number { TIFF_NUMBER_UNSIGNED, TIFF_NUMBER_SIGNED, TIFF_NUMBER_FLOAT } tiff_number;

enum {
    TIFF_MAX_SAMPLES = 6,
    TIFF_NOT_PACKED = 1,
    TIFF_PACKED_LZW = 5,
    TIFF_PACKED_OLD_JPEG = 6,
    TIFF_PACKED_JPEG = 7,
    TIFF_PACKED_DEFLATE = 8
};

typedef struct tiff_kind {
    int64_t width, height;
    int64_t compression, photometric;
    int planar;         /* samples are stored in planes of their own */
    int bits, samples;  /* bits of each sample; samples of a pixel */
    tiff_color color;   /* TIFF_INDEX: up to 8 bits through `table`; TIFF_GREY: more, clipped to 255 */
    tiff_alpha alpha;   /* which is the sample after the colors */
    tiff_number number; /* of TIFF_GREY */
    int unnamed_alpha;  /* 4 samples of RGB, of which none is said to be alpha */
    int flipped;        /* the bits of each byte are stored in the other order */
    int big_endian;     /* of samples of more than 8 bits */
    uint8_t table[256][3];
} tiff_kind;

/* ERR_FORMAT, ERR_UNSUPPORTED for what Pillow does not read or reads wrongly, ERR_ENVIRONMENT, ERR_CHANGED. */
int tiff_kind_read(tiff_tags *t, tiff_kind *out);

/* One row of `width` pixels, samples of a pixel together, to rgb (width, 3). */
void tiff_row_to_rgb(const tiff_kind *k, const uint8_t *raw, int64_t width, alpha_policy alpha, uint8_t *rgb);
