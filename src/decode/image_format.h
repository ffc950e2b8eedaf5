/* What the picture formats share. One table entry per format; headers are read through a small window, so that a probe
 * touches few bytes of a file. Private to src/decode. Local. */
#pragma once

#include "decode/image_decode.h"

typedef struct image_header {
    int64_t width, height; /* as stored, before orientation; both at least 1 */
    int orientation;       /* EXIF tag, 1..8 */
    int64_t least_bytes;   /* no shorter file can hold that many pixels; 0: unknown */
    int scale;             /* decode gives 1/scale of width and height, rounded up: 1, 2, 4 or 8; 0 counts as 1 */
} image_header;

typedef struct image_format {
    const char *name;

    /* Whether the first n bytes of a file (up to 32) are of this format. */
    int (*recognise)(const uint8_t *head, size_t n);

    /* The header alone. ERR_FORMAT, ERR_UNSUPPORTED, ERR_ENVIRONMENT, ERR_CHANGED, ERR_MEMORY. */
    int (*probe)(const byte_source *source, image_header *out);

    /* All pixels of a whole file whose probe gave `header`, to rgb (header->height, header->width, 3), not yet turned.
     * ERR_FORMAT when anything is damaged or missing, ERR_UNSUPPORTED, ERR_MEMORY. */
    int (*decode)(const uint8_t *bytes, size_t n, const image_header *header, alpha_policy alpha, uint8_t *rgb);

    int scales; /* whether decode can give less than the full size */
} image_format;

extern const image_format image_format_jpeg, image_format_png, image_format_webp, image_format_gif;
extern const image_format image_format_tiff, image_format_bmp, image_format_pnm;

/* A window on a source for reading headers; a zeroed one with a source is ready. */
typedef struct image_window {
    const byte_source *source;
    int64_t at; /* where `bytes` starts in the source */
    size_t n;
    uint8_t bytes[1024];
} image_window;

/* *out points at n bytes (n <= 1024) at `offset`, valid until the next call. ERR_FORMAT where the source ends before
 * them, ERR_ENVIRONMENT, ERR_CHANGED. */
int image_window_get(image_window *w, int64_t offset, size_t n, const uint8_t **out);

/* v over white, as Pillow's alpha_composite does it in integers (AlphaComposite.c with an opaque background). */
static inline uint8_t image_over_white(uint32_t v, uint32_t alpha)
{
    if (alpha == 0) return 255;
    uint32_t t = v * 128 * alpha + 255 * 128 * (255 - alpha) + 16384;
    return (uint8_t)((((t >> 8) + t) >> 8) >> 7);
}

/* The light that an amount of ink leaves of `paper`, 255 less the black: CMYK to RGB as Pillow does it (Convert.c). */
static inline uint8_t image_ink_to_light(uint32_t ink, uint32_t paper)
{
    uint32_t t = ink * paper + 128;
    return (uint8_t)(paper - (((t >> 8) + t) >> 8));
}

static inline uint32_t image_u16le(const uint8_t *p) { return (uint32_t)p[0] | (uint32_t)p[1] << 8; }
static inline uint32_t image_u16be(const uint8_t *p) { return (uint32_t)p[1] | (uint32_t)p[0] << 8; }
static inline uint32_t image_u32le(const uint8_t *p) { return image_u16le(p) | image_u16le(p + 2) << 16; }
static inline uint32_t image_u32be(const uint8_t *p) { return image_u16be(p + 2) | image_u16be(p) << 16; }
