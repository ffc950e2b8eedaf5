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

void png_row_prepare(png_row_kind *out, const struct spng_ihdr *ihdr, const struct spng_plte *palette,
                     const struct spng_trns *trns)
{
    png_row_kind *k = out;
    *k = (png_row_kind){.depth = ihdr->bit_depth, .color = ihdr->color_type, .interlaced = ihdr->interlace_method != 0};
    k->stride = png_stride(ihdr->width, k->depth, k->color);
    k->has_alpha = k->color == GREY_ALPHA || k->color == RGB_ALPHA || trns;
    if (trns) prepare_key(k, trns);
    for (uint32_t v = 0; v < 256; v++) {
        uint8_t *t = k->table[v];
        uint32_t most = k->depth < 8 ? (1U << k->depth) - 1 : 255;
        memset(t, v <= most ? (int)(v * 255 / most) : 0, 3);
        t[3] = k->has_key && t[0] == k->key[0] ? 0 : 255;
        if (k->color == PALETTE) {
            memset(t, 0, 3);
            if (v < palette->n_entries) {
                t[0] = palette->entries[v].red;
                t[1] = palette->entries[v].green;
                t[2] = palette->entries[v].blue;
            }
            if (trns && v < trns->n_type3_entries) t[3] = trns->type3_alpha[v];
        }
    }
}

static inline void put(uint8_t *rgb, const uint8_t *from, uint8_t a, alpha_policy alpha)
{
    for (int c = 0; c < 3; c++) rgb[c] = alpha == ALPHA_WHITE ? image_over_white(from[c], a) : from[c];
}

/* Samples of 1 to 8 bits, most significant first, through the table. */
static void packed(const png_row_kind *k, const uint8_t *raw, int64_t width, alpha_policy alpha, uint8_t *rgb)
{
    const uint32_t mask = (1U << k->depth) - 1;
    for (int64_t x = 0; x < width; x++) {
        int64_t bit = x * k->depth;
        uint32_t v = (uint32_t)raw[bit >> 3] >> (8 - k->depth - (bit & 7)) & mask;
        put(rgb + 3 * x, k->table[v], k->table[v][3], alpha);
    }
}

/* 16-bit grey is clipped, not scaled (mode I;16 to RGB). */
static void grey16(const png_row_kind *k, const uint8_t *raw, int64_t width, alpha_policy alpha, uint8_t *rgb)
{
    for (int64_t x = 0; x < width; x++) {
        uint8_t v = raw[2 * x] ? 255 : raw[2 * x + 1], grey[3] = {v, v, v};
        put(rgb + 3 * x, grey, k->has_key && v == k->key[0] ? 0 : 255, alpha);
    }
}

/* Colors of 8 or 16 bits, of which the high byte counts. */
static void colors(const png_row_kind *k, const uint8_t *raw, int64_t width, alpha_policy alpha, uint8_t *rgb)
{
    const int step = k->depth / 8, n = channels(k->color);
    for (int64_t x = 0; x < width; x++) {
        const uint8_t *p = raw + x * n * step;
        uint8_t pixel[3] = {p[0], n == 2 ? p[0] : p[step], n == 2 ? p[0] : p[2 * step]};
        uint8_t a = n == 3 ? 255 : p[(n - 1) * step];
        if (k->has_key && memcmp(pixel, k->key, 3) == 0) a = 0;
        put(rgb + 3 * x, pixel, a, alpha);
    }
}

void png_row_to_rgb(const png_row_kind *kind, const uint8_t *raw, int64_t width, alpha_policy alpha, uint8_t *rgb)
{
    if (!kind->has_alpha) alpha = ALPHA_DROP;
    if (kind->color == RGB && kind->depth == 8 && alpha == ALPHA_DROP)
        memcpy(rgb, raw, (size_t)width * 3);
    else if (kind->color == GREY && kind->depth == 16)
        grey16(kind, raw, width, alpha, rgb);
    else if (kind->color == GREY || kind->color == PALETTE)
        packed(kind, raw, width, alpha, rgb);
    else
        colors(kind, raw, width, alpha, rgb);
}
