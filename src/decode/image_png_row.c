#include "decode/image_png_row.h"

#include "decode/image_format.h"

#include <string.h>

enum { GREY = 0, RGB = 2, PALETTE = 3, GREY_ALPHA = 4, RGB_ALPHA = 6 };

static int channels(uint8_t color)
{
    switch (color) {
    case RGB: return 3;
    case GREY_ALPHA: return 2;
    case RGB_ALPHA: return 4;
    default: return 1;
    }
}

size_t png_stride(int64_t width, uint8_t depth, uint8_t color)
{
    return ((size_t)width * (size_t)channels(color) * depth + 7) / 8;
}

/* Pillow compares the low byte of each tRNS value with the 8-bit pixel, also where that was scaled up (2 and 4 bits) or
 * is the high byte (16 bits); a 1-bit value is scaled first (Convert.c, rgbT2rgba; PngImagePlugin.py, chunk_tRNS). */
static void prepare_key(png_row_kind *k, const struct spng_trns *trns)
{
    uint8_t grey = k->depth == 1 ? (trns->gray ? 255 : 0) : (uint8_t)trns->gray;
    k->has_key = k->color == GREY || k->color == RGB;
    for (int c = 0; c < 3; c++) k->key[c] = grey;
    if (k->color == RGB) {
        k->key[0] = (uint8_t)trns->red;
        k->key[1] = (uint8_t)trns->green;
        k->key[2] = (uint8_t)trns->blue;
    }
}

/* v over white where that is wanted. */
static inline uint8_t settle(const png_row_kind *k, uint8_t v, uint8_t a)
{
    return k->over_white ? image_over_white(v, a) : v;
}

static void prepare_grey(png_row_kind *k)
{
    const uint32_t most = k->depth < 8 ? (1U << k->depth) - 1 : 255;
    for (uint32_t v = 0; v <= most; v++) {
        uint8_t grey = (uint8_t)(v * 255 / most);
        memset(k->table[v], settle(k, grey, k->has_key && grey == k->key[0] ? 0 : 255), 3);
    }
}

/* Samples that the palette does not have are black. */
static void prepare_palette(png_row_kind *k, const struct spng_plte *palette, const struct spng_trns *trns)
{
    for (uint32_t v = 0; v < palette->n_entries && v < 256; v++) {
        uint8_t a = trns && v < trns->n_type3_entries ? trns->type3_alpha[v] : 255;
        k->table[v][0] = settle(k, palette->entries[v].red, a);
        k->table[v][1] = settle(k, palette->entries[v].green, a);
        k->table[v][2] = settle(k, palette->entries[v].blue, a);
    }
}

void png_row_prepare(png_row_kind *out, const struct spng_ihdr *ihdr, const struct spng_plte *palette,
                     const struct spng_trns *trns, alpha_policy alpha)
{
    png_row_kind *k = out;
    *k = (png_row_kind){.depth = ihdr->bit_depth, .color = ihdr->color_type, .interlaced = ihdr->interlace_method != 0};
    k->stride = png_stride(ihdr->width, k->depth, k->color);
    k->over_white = alpha == ALPHA_WHITE && (k->color == GREY_ALPHA || k->color == RGB_ALPHA || trns);
    if (trns) prepare_key(k, trns);
    if (k->color == GREY) prepare_grey(k);
    if (k->color == PALETTE) prepare_palette(k, palette, trns);
}

/* Samples of 1 to 8 bits, most significant first, through the table. */
static void packed(const png_row_kind *k, const uint8_t *raw, int64_t width, uint8_t *rgb)
{
    const uint32_t mask = (1U << k->depth) - 1;
    if (k->depth == 8) {
        for (int64_t x = 0; x < width; x++) memcpy(rgb + 3 * x, k->table[raw[x]], 3);
        return;
    }
    for (int64_t x = 0; x < width; x++) {
        int64_t bit = x * k->depth;
        uint32_t v = (uint32_t)raw[bit >> 3] >> (8 - k->depth - (bit & 7)) & mask;
        memcpy(rgb + 3 * x, k->table[v], 3);
    }
}

/* 16-bit grey is clipped, not scaled (mode I;16 to RGB). */
static void grey16(const png_row_kind *k, const uint8_t *raw, int64_t width, uint8_t *rgb)
{
    for (int64_t x = 0; x < width; x++) {
        uint8_t v = raw[2 * x] ? 255 : raw[2 * x + 1];
        memset(rgb + 3 * x, settle(k, v, k->has_key && v == k->key[0] ? 0 : 255), 3);
    }
}

/* Colors of 8 or 16 bits, of which the high byte counts. */
static void colors(const png_row_kind *k, const uint8_t *raw, int64_t width, uint8_t *rgb)
{
    const int step = k->depth / 8, n = channels(k->color);
    for (int64_t x = 0; x < width; x++) {
        const uint8_t *p = raw + x * n * step;
        const uint8_t pixel[3] = {p[0], n == 2 ? p[0] : p[step], n == 2 ? p[0] : p[2 * step]};
        uint8_t a = n == 3 ? 255 : p[(n - 1) * step];
        if (k->has_key && memcmp(pixel, k->key, 3) == 0) a = 0;
        for (int c = 0; c < 3; c++) rgb[3 * x + c] = settle(k, pixel[c], a);
    }
}

void png_row_to_rgb(const png_row_kind *kind, const uint8_t *raw, int64_t width, uint8_t *rgb)
{
    if (kind->color == RGB && kind->depth == 8 && !kind->over_white)
        memcpy(rgb, raw, (size_t)width * 3);
    else if (kind->color == GREY && kind->depth == 16)
        grey16(kind, raw, width, rgb);
    else if (kind->color == GREY || kind->color == PALETTE)
        packed(kind, raw, width, rgb);
    else
        colors(kind, raw, width, rgb);
}
