/* Pictures to patch vectors: resize, grey if wanted, scale, cut. Local. */
#pragma once

#include "decode/image_decode.h"
#include "feature/image_resize.h"

typedef struct image_patch_options {
    int64_t size;           /* P: patches of P x P pixels, at most 4096; default 16 */
    int grey;               /* one channel, as Pillow's convert("L"), made after resizing; default 0: three */
    int fit;                /* image_fit; default FIT_SQUASH */
    int filter;             /* image_filter; default FILTER_BICUBIC */
    int64_t width, height;  /* the picture is resized to this, pixels, at most 32768; default 224 x 224 */
    int64_t edge;           /* FIT_CROP: shorter side after resizing, at least the sides that are kept; default 0: as
                               width x height just needs */
    double rescale;         /* values 0..255 are multiplied by this; default 1/255 */
    double mean[3], std[3]; /* then (x - mean) / std for each channel, grey: the first; default 0 and 1 */
} image_patch_options;

image_patch_options image_patch_defaults(void);

/* One per thread. ERR_CONFIG for options out of range, a patch larger than the picture among them; ERR_MEMORY. */
typedef struct image_patcher image_patcher;
int image_patcher_create(image_patcher **out, const image_patch_options *o);
void image_patcher_free(image_patcher **p);

/* Values of a patch vector: D = C * P * P. */
int64_t image_patcher_width(const image_patcher *p);

/* Patches down and across; pixels that are left over on the right and below belong to none. */
void image_patcher_grid(const image_patcher *p, int64_t *rows, int64_t *columns);

/* Where a picture of that size goes: what it is resized to, and which part of that is kept. */
image_target image_patcher_target(const image_patcher *p, int64_t width, int64_t height);

/* All patches of a picture. out: (rows * columns, D), patches from the top left, along rows; value c * P * P + y * P +
 * x of a vector is channel c of pixel (x, y) of the patch. ERR_LIMIT, ERR_MEMORY. */
int image_patcher_run(image_patcher *p, const image *m, float *out);

/* The pixels that the patches are cut from, before scaling. out: (height, width, 3), for grey three times the same.
 * ERR_LIMIT, ERR_MEMORY. */
int image_patcher_pixels(image_patcher *p, const image *m, uint8_t *out);
