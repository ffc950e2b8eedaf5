/* Pictures: JPEG, PNG, WebP, GIF, TIFF, BMP and PNM to RGB as Pillow's convert("RGB") gives it, EXIF orientation
 * applied. Local. */
#pragma once

#include "base/source.h"

typedef enum alpha_policy { ALPHA_DROP, ALPHA_WHITE } alpha_policy;

typedef struct image_limits {
    int64_t max_pixels; /* ERR_LIMIT above, from the header, before anything is allocated; 0: none */
} image_limits;

typedef struct image_info {
    int64_t width, height; /* after orientation */
    int orientation;       /* EXIF tag, 1..8 */
    char format[16];       /* "jpeg", "png", "webp", "gif", "tiff", "bmp", "pnm" */
} image_info;

typedef struct image {
    int64_t width, height;
    uint8_t *rgb; /* (height, width, 3) */
} image;

/* Size, orientation and format from the header alone. ERR_EMPTY for an empty file, ERR_FORMAT, ERR_UNSUPPORTED,
 * ERR_ENVIRONMENT, ERR_CHANGED when the file is shorter than the source says, ERR_MEMORY. */
int image_probe(const byte_source *source, image_info *info);

/* Decode a whole file held in memory. A truncated or damaged file is ERR_FORMAT. Caller: image_free. ERR_EMPTY,
 * ERR_UNSUPPORTED, ERR_LIMIT, ERR_MEMORY. */
int image_decode(const uint8_t *bytes, size_t n, const image_limits *limits, alpha_policy alpha, image *out);
void image_free(image *m);

/* The same for a picture that is to be resized to width x height: JPEG comes at 1/2, 1/4 or 1/8 of its size, the
 * smallest that as a whole division is not below either, sides rounded up, as Pillow's draft(None, (width, height))
 * gives it (the inverse transform makes fewer pixels of a block). All else comes as from image_decode. Limits are for
 * the full size. */
int image_decode_for(const uint8_t *bytes, size_t n, const image_limits *limits, alpha_policy alpha, int64_t width,
                     int64_t height, image *out);

/* A picture of that size, its pixels not set. Caller: image_free. ERR_EMPTY, ERR_LIMIT, ERR_MEMORY. */
int image_create(int64_t width, int64_t height, image *out);
