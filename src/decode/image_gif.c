/* GIF: the first frame on the canvas that Pillow shows it on (GifImagePlugin.py, _seek and load_prepare): as large as
 * the screen or the end of the frame, filled with the transparent index, else with index 0. The background color of
 * the screen is not used. */
#include "base/memory.h"
#include "base/status.h"
#include "decode/image_format.h"
#include "decode/image_lzw.h"

#include <string.h>

enum { SCREEN = 13, DESCRIPTOR = 9, COLOR_TABLE = 0x80, INTERLACED = 0x40 };

typedef struct gif_frame {
    int64_t width, height; /* of the canvas */
    int64_t x, y, w, h;
    int interlaced, bits;
    int transparent;        /* -1: none */
    int64_t data_at;        /* the first block of compressed data */
    uint8_t colors[256][3]; /* of each index; black where the table has none */
} gif_frame;

static int recognise(const uint8_t *head, size_t n)
{
    return n >= 6 && (memcmp(head, "GIF87a", 6) == 0 || memcmp(head, "GIF89a", 6) == 0);
}

/* A table that has every index as its own grey counts for none: the frame then has the colors of the screen, and
 * without those an index is a grey. */
static int read_colors(image_window *w, int64_t *at, uint8_t flags, gif_frame *f)
{
    int rc = OK, ramp = 1;
    const int n = flags & COLOR_TABLE ? 2 << (flags & 7) : 0;
    const uint8_t *p = NULL;
    if (n) TRY(image_window_get(w, *at, (size_t)n * 3, &p));
    for (int i = 0; i < n && ramp; i++) ramp = p[3 * i] == i && p[3 * i + 1] == i && p[3 * i + 2] == i;
    if (!ramp) {
        memset(f->colors, 0, sizeof f->colors);
        memcpy(f->colors, p, (size_t)n * 3);
    }
    *at += (int64_t)n * 3;
done:
    return rc;
}

/* Pass over the next block of data; *size = 0 for the one that ends them. */
static int skip_block(image_window *w, int64_t *at, uint8_t *size)
{
    int rc = OK;
    const uint8_t *p;
    TRY(image_window_get(w, *at, 1, &p));
    *size = p[0];
    *at += 1 + p[0];
done:
    return rc;
}

/* Of the extensions only the index that a graphic control block makes transparent counts. After a first block that is
 * empty Pillow looks for more, so this does. */
static int read_extension(image_window *w, int64_t *at, gif_frame *f)
{
    enum { GRAPHIC_CONTROL = 249, COMMENT = 254 };
    int rc = OK;
    uint8_t size, label;
    const uint8_t *p;
    TRY(image_window_get(w, *at, 1, &p));
    label = p[0];
    *at += 1;
    int64_t first = *at + 1;
    TRY(skip_block(w, at, &size));
    if (label == GRAPHIC_CONTROL && size) {
        if (size < 4) FAIL(ERR_FORMAT, "GIF: a graphic control block that is too short");
        TRY(image_window_get(w, first, 4, &p));
        if (p[0] & 1) f->transparent = p[3];
    }
    if (label == COMMENT && !size) return OK;
    do TRY(skip_block(w, at, &size));
    while (size);
done:
    return rc;
}

static int read_descriptor(image_window *w, int64_t *at, gif_frame *f)
{
    int rc = OK;
    const uint8_t *p;
    TRY(image_window_get(w, *at, DESCRIPTOR, &p));
    const uint8_t flags = p[8];
    f->x = image_u16le(p);
    f->y = image_u16le(p + 2);
    f->w = image_u16le(p + 4);
    f->h = image_u16le(p + 6);
    if (f->w == 0 || f->h == 0) FAIL(ERR_FORMAT, "GIF: a frame without pixels");
    if (f->x + f->w > f->width) f->width = f->x + f->w;
    if (f->y + f->h > f->height) f->height = f->y + f->h;
    f->interlaced = (flags & INTERLACED) != 0;
    *at += DESCRIPTOR;
    if (flags & COLOR_TABLE) TRY(read_colors(w, at, flags, f));
    TRY(image_window_get(w, *at, 1, &p));
    f->bits = p[0];
    f->data_at = *at + 1;
    if (f->bits > 12) FAIL(ERR_FORMAT, "GIF: codes of %d bits", f->bits);
done:
    return rc;
}

/* Walks to the first frame; bytes between blocks are passed over, as in Pillow. */
static int find_frame(const byte_source *source, gif_frame *f)
{
    int rc = OK;
    image_window w = {.source = source};
    const uint8_t *p;
    uint8_t kind = 0;
    int64_t at = SCREEN;
    *f = (gif_frame){.transparent = -1};
    for (int i = 0; i < 256; i++) memset(f->colors[i], i, 3);
    TRY(image_window_get(&w, 0, SCREEN, &p));
    f->width = image_u16le(p + 6);
    f->height = image_u16le(p + 8);
    TRY(read_colors(&w, &at, p[10], f));
    while (kind != ',') {
        TRY(image_window_get(&w, at++, 1, &p));
        kind = p[0];
        if (kind == ';') FAIL(ERR_FORMAT, "GIF: no picture in it");
        if (kind == '!') TRY(read_extension(&w, &at, f));
    }
    TRY(read_descriptor(&w, &at, f));
done:
    return rc;
}

static int probe(const byte_source *source, image_header *out)
{
    int rc = OK;
    gif_frame f;
    TRY(find_frame(source, &f));
    out->width = f.width;
    out->height = f.height;
    /* A code is at least 3 bits long but for odd files, and gives at most 4096 pixels. */
    out->least_bytes = f.w * f.h / ((int64_t)4096 * 8);
done:
    return rc;
}

/* The row of the frame that is stored as number i. */
static int64_t row_of(const gif_frame *f, int64_t i)
{
    static const int first[] = {0, 4, 2, 1}, step[] = {8, 8, 4, 2};
    if (!f->interlaced) return i;
    for (int pass = 0; pass < 4; pass++) {
        int64_t rows = (f->h - first[pass] + step[pass] - 1) / step[pass];
        if (i < rows) return first[pass] + i * step[pass];
        i -= rows;
    }
    return 0;
}

static void draw(const gif_frame *f, const uint8_t *indices, uint8_t *rgb)
{
    const size_t pixels = (size_t)f->width * (size_t)f->height;
    if (f->w != f->width || f->h != f->height)
        for (size_t i = 0; i < pixels; i++) memcpy(rgb + 3 * i, f->colors[f->transparent < 0 ? 0 : f->transparent], 3);
    for (int64_t i = 0; i < f->h; i++) {
        const uint8_t *from = indices + i * f->w;
        uint8_t *to = rgb + ((f->y + row_of(f, i)) * f->width + f->x) * 3;
        for (int64_t x = 0; x < f->w; x++) memcpy(to + 3 * x, f->colors[from[x]], 3);
    }
}

static int decode(const uint8_t *bytes, size_t n, const image_header *header, alpha_policy alpha, uint8_t *rgb)
{
    int rc = OK;
    const byte_source source = source_of_memory(bytes, n);
    gif_frame f;
    uint8_t *indices = NULL;
    size_t size;
    TRY(find_frame(&source, &f));
    TRY(size_mul((size_t)f.w, (size_t)f.h, &size));
    TRY(MEM_RESERVE(indices, size));
    TRY(image_lzw_decode(bytes + f.data_at, n - (size_t)f.data_at, f.bits, indices, size));
    if (alpha == ALPHA_WHITE && f.transparent >= 0) memset(f.colors[f.transparent], 255, 3);
    draw(&f, indices, rgb);
done:
    mem_free(&indices);
    return rc;
}

const image_format image_format_gif = {"gif", recognise, probe, decode, .scales = 0};
