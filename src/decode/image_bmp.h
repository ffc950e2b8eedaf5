/* What the header of a BMP file says. Private to src/decode. Local. */
#pragma once

#include "decode/image_format.h"

typedef struct bmp_header {
    int64_t width, height;
    int bottom_up;
    int bits;       /* per pixel in the file */
    int read_bits;  /* that Pillow takes for a pixel; another number only where a palette of greys misleads it */
    int run_length; /* 0, or the bits of a run length coded index: 4, 8 */
    int place[4];   /* of 24 and 32 bits: the byte of red, green, blue, and alpha (-1: none) */
    int green_bits; /* of 16 bits: 5, 6 */
    int64_t data_at;
    uint8_t colors[256][3]; /* up to 8 bits: of each index; black where the palette has none */
} bmp_header;

/* ERR_FORMAT, ERR_UNSUPPORTED, ERR_ENVIRONMENT, ERR_CHANGED. */
int bmp_header_read(const byte_source *source, bmp_header *out);
