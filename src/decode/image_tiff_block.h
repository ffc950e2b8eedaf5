/* The strips and tiles of a TIFF file. Private to src/decode. Local. */
#pragma once

#include "decode/image_tiff_kind.h"

typedef struct tiff_grid {
    int64_t width, height; /* of a block; those at the right and the lower edge reach over it */
    int64_t across, down;
    int planes;
} tiff_grid;

/* Part of the picture, decompressed. */
typedef struct tiff_block {
    const uint8_t *planes[TIFF_MAX_SAMPLES]; /* one, or one for each sample */
    int n_planes;
    int64_t stride;     /* bytes from row to row in each */
    int64_t x, y, w, h; /* where it lies in the picture */
} tiff_block;

/* Where the block of number i of a plane lies, cut at the edges. */
void tiff_block_place(const tiff_grid *g, const tiff_kind *k, int64_t i, tiff_block *out);

/* scratch: bytes of a row of pixels, where there are planes; else not used. */
void tiff_block_draw(const tiff_block *b, const tiff_kind *k, alpha_policy alpha, uint8_t *scratch, uint8_t *rgb);

/* Blocks that are not compressed, where the file has them. ERR_FORMAT, ERR_UNSUPPORTED, ERR_MEMORY. */
int tiff_decode_raw(tiff_tags *t, const tiff_kind *k, const uint8_t *bytes, size_t n, alpha_policy alpha, uint8_t *rgb);

/* Compressed ones, through libtiff. ERR_FORMAT, ERR_UNSUPPORTED, ERR_MEMORY. */
int tiff_decode_packed(const tiff_kind *k, const uint8_t *bytes, size_t n, alpha_policy alpha, uint8_t *rgb);
