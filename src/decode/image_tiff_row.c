/* Rows of TIFF samples, as Pillow unpacks them (src/libImaging/Unpack.c) and converts them to RGB (Convert.c). */
#include "decode/image_tiff_kind.h"

#include <string.h>

static uint8_t flip_bits(uint8_t v)
{
    v = (uint8_t)(v >> 4 | v << 4);
    v = (uint8_t)((v & 0xcc) >> 2 | (v & 0x33) << 2);
    return (uint8_t)((v & 0xaa) >> 1 | (v & 0x55) << 1);
}

/* Values of up to 8 bits, most significant first, and alpha in the next byte. */
static void indices(const tiff_kind *k, const uint8_t *raw, int64_t width, int over_white, uint8_t *rgb)
{
    const int bits = k->bits, mask = (1 << bits) - 1, step = k->samples;
    for (int64_t x = 0; x < width; x++, rgb += 3) {
        const int64_t bit = x * bits;
        uint8_t byte = raw[(bit >> 3) * step];
        if (k->flipped) byte = flip_bits(byte);
        const uint8_t *color = k->table[byte >> (8 - bits - (bit & 7)) & mask];
        memcpy(rgb, color, 3);
        if (over_white && k->alpha)
            for (int c = 0; c < 3; c++) rgb[c] = image_over_white(color[c], raw[x * step + 1]);
    }
}

static int64_t grey_value(const tiff_kind *k, const uint8_t *raw, int64_t x)
{
    if (k->bits == 12) {
        const uint8_t *p = raw + x / 2 * 3;
        return x % 2 == 0 ? p[0] << 4 | p[1] >> 4 : (p[1] & 15) << 8 | p[2];
    }
    if (k->bits == 16) {
        uint8_t p[2] = {raw[2 * x], raw[2 * x + 1]};
        if (k->flipped) p[0] = flip_bits(p[0]), p[1] = flip_bits(p[1]);
        uint32_t v = k->big_endian ? image_u16be(p) : image_u16le(p);
        return k->number == TIFF_NUMBER_SIGNED ? (int16_t)v : (int64_t)v;
    }
    uint32_t v = k->big_endian ? image_u32be(raw + 4 * x) : image_u32le(raw + 4 * x);
    float f;
    if (k->number != TIFF_NUMBER_FLOAT) return (int32_t)v;
    memcpy(&f, &v, sizeof f);
    return f >= 255 ? 255 : f > 0 ? (int64_t)f : 0; /* no number: 0 */
}

static void greys(const tiff_kind *k, const uint8_t *raw, int64_t width, uint8_t *rgb)
{
    for (int64_t x = 0; x < width; x++) {
        int64_t v = grey_value(k, raw, x);
        memset(rgb + 3 * x, v < 0 ? 0 : v > 255 ? 255 : (int)v, 3);
    }
}

/* Tables of YCbCr: 64 times the share of a color, rounded towards zero after a half is added. */
static int share(double factor, int color) { return (int)((color - 128) * factor * 64 + 0.5); }

static uint8_t clip(int v) { return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v); }

static void ycbcr_to_rgb(const uint8_t p[3], uint8_t rgb[3])
{
    const int y = p[0], cb = p[1], cr = p[2];
    rgb[0] = clip(y + (share(1.402, cr) >> 6));
    rgb[1] = clip(y + ((share(-0.34414, cb) + share(-0.71414, cr)) >> 6));
    rgb[2] = clip(y + (share(1.772, cb) >> 6));
}

static void cmyk_to_rgb(const uint8_t p[4], uint8_t rgb[3])
{
    for (int c = 0; c < 3; c++) rgb[c] = image_ink_to_light(p[c], (uint8_t)(255 - p[3]));
}

/* Multiplied by alpha before: divided again; what is invisible is black. */
static void divide(uint32_t alpha, uint8_t rgb[3])
{
    for (int c = 0; c < 3 && alpha != 255; c++) rgb[c] = alpha ? clip((int)(rgb[c] * 255U / alpha)) : 0;
}

static void colors(const tiff_kind *k, const uint8_t *raw, int64_t width, int over_white, uint8_t *rgb)
{
    const int step = k->bits / 8, high = k->bits == 16 && !k->big_endian;
    for (int64_t x = 0; x < width; x++, raw += k->samples * step, rgb += 3) {
        uint8_t p[4];
        for (int c = 0; c < 4 && c < k->samples; c++) p[c] = raw[c * step + high];
        if (k->color == TIFF_CMYK)
            cmyk_to_rgb(p, rgb);
        else if (k->color == TIFF_YCBCR)
            ycbcr_to_rgb(p, rgb);
        else
            memcpy(rgb, p, 3);
        if (k->flipped)
            for (int c = 0; c < 3; c++) rgb[c] = flip_bits(rgb[c]);
        if (k->alpha == TIFF_PREMULTIPLIED) divide(p[3], rgb);
        if (over_white && k->alpha)
            for (int c = 0; c < 3; c++) rgb[c] = image_over_white(rgb[c], p[3]);
    }
}

/* The two most frequent kinds with more samples than a memcpy can take. */
static void cmyk8(const uint8_t *raw, int64_t width, uint8_t *rgb)
{
    for (int64_t x = 0; x < width; x++) cmyk_to_rgb(raw + 4 * x, rgb + 3 * x);
}

static void rgbx8(const uint8_t *raw, int64_t width, uint8_t *rgb)
{
    for (int64_t x = 0; x < width; x++) memcpy(rgb + 3 * x, raw + 4 * x, 3);
}

void tiff_row_to_rgb(const tiff_kind *k, const uint8_t *raw, int64_t width, alpha_policy alpha, uint8_t *rgb)
{
    if (k->color == TIFF_INDEX)
        indices(k, raw, width, alpha == ALPHA_WHITE, rgb);
    else if (k->color == TIFF_GREY)
        greys(k, raw, width, rgb);
    else if (k->color == TIFF_RGB && k->bits == 8 && k->samples == 3 && !k->flipped)
        memcpy(rgb, raw, (size_t)width * 3);
    else if (k->color == TIFF_CMYK && k->bits == 8 && k->samples == 4)
        cmyk8(raw, width, rgb);
    else if (k->color == TIFF_RGB && k->bits == 8 && k->samples == 4 && k->alpha != TIFF_PREMULTIPLIED &&
             (!k->alpha || alpha == ALPHA_DROP))
        rgbx8(raw, width, rgb);
    else
        colors(k, raw, width, alpha == ALPHA_WHITE, rgb);
}
