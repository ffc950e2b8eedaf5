/* BMP headers as Pillow reads them (BmpImagePlugin.py, _bitmap). */
#include "base/status.h"
#include "decode/image_bmp.h"

#include <string.h>

enum { FILE_HEADER = 14, RAW = 0, RLE8 = 1, RLE4 = 2, BITFIELDS = 3 };

typedef struct fields {
    uint32_t size, compression;
    int64_t n_colors, after; /* entries of the palette; the end of header and masks */
    int entry;               /* bytes of one */
    uint32_t masks[4];       /* red, green, blue, alpha */
} fields;

static int read_masks(image_window *w, fields *f)
{
    int rc = OK;
    const uint8_t *p;
    const int n = f->size >= 56 ? 4 : 3; /* 40 bytes: the masks follow them; more: they are part of it */
    TRY(image_window_get(w, FILE_HEADER + 40, (size_t)n * 4, &p));
    for (int i = 0; i < n; i++) f->masks[i] = image_u32le(p + (size_t)i * 4);
    if (f->size == 40) f->after += 12;
done:
    return rc;
}

static int read_fields(image_window *w, fields *f, bmp_header *b)
{
    int rc = OK;
    const uint8_t *p;
    TRY(image_window_get(w, FILE_HEADER, 4, &p));
    f->size = image_u32le(p);
    f->after = FILE_HEADER + f->size;
    TRY(image_window_get(w, FILE_HEADER, f->size, &p));
    if (f->size == 12) {
        b->width = image_u16le(p + 4);
        b->height = image_u16le(p + 6);
        b->bits = (int)image_u16le(p + 10);
        b->bottom_up = 1;
        f->entry = 3;
        return OK;
    }
    b->bottom_up = p[11] != 0xff;
    b->width = image_u32le(p + 4);
    b->height = b->bottom_up ? image_u32le(p + 8) : 0x100000000 - image_u32le(p + 8);
    b->bits = (int)image_u16le(p + 14);
    f->compression = image_u32le(p + 16);
    f->n_colors = image_u32le(p + 32);
    f->entry = 4;
    if (f->compression == BITFIELDS) TRY(read_masks(w, f));
done:
    return rc;
}

/* The layouts of color masks that are read. */
static int find_layout(const fields *f, bmp_header *b)
{
    static const struct {
        int bits;
        uint32_t masks[4];
        int place[4], green_bits;
    } known[] = {
        {32, {0xff0000, 0xff00, 0xff, 0}, {2, 1, 0, -1}, 0},
        {32, {0xff000000, 0xff0000, 0xff00, 0}, {3, 2, 1, -1}, 0},
        {32, {0xff000000, 0xff00, 0xff, 0}, {3, 1, 0, -1}, 0},
        {32, {0xff000000, 0xff0000, 0xff00, 0xff}, {3, 2, 1, 0}, 0},
        {32, {0xff, 0xff00, 0xff0000, 0xff000000}, {0, 1, 2, 3}, 0},
        {32, {0xff0000, 0xff00, 0xff, 0xff000000}, {2, 1, 0, 3}, 0},
        {32, {0xff000000, 0xff00, 0xff, 0xff0000}, {3, 1, 0, 2}, 0},
        {32, {0, 0, 0, 0}, {2, 1, 0, 3}, 0},
        {24, {0xff0000, 0xff00, 0xff, 0}, {2, 1, 0, -1}, 0},
        {16, {0xf800, 0x7e0, 0x1f, 0}, {0}, 6},
        {16, {0x7c00, 0x3e0, 0x1f, 0}, {0}, 5},
    };
    int rc = OK;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        size_t compared = (known[i].bits == 32 ? 4 : 3) * sizeof *f->masks;
        if (b->bits != known[i].bits || memcmp(f->masks, known[i].masks, compared) != 0) continue;
        memcpy(b->place, known[i].place, sizeof b->place);
        b->green_bits = known[i].green_bits;
        return OK;
    }
    FAIL(ERR_UNSUPPORTED, "BMP with these color masks is not supported yet");
done:
    return rc;
}

static int check_kind(const fields *f, bmp_header *b)
{
    int rc = OK;
    b->green_bits = 5;
    memcpy(b->place, (int[]){2, 1, 0, -1}, sizeof b->place);
    if (b->width < 1 || b->height < 1) FAIL(ERR_FORMAT, "BMP: a size of 0");
    if (b->bits != 1 && b->bits != 4 && b->bits != 8 && b->bits != 16 && b->bits != 24 && b->bits != 32)
        FAIL(ERR_UNSUPPORTED, "BMP with %d bits per pixel is not supported yet", b->bits);
    switch (f->compression) {
    case RAW: break;
    case RLE8:
    case RLE4:
        if (b->bits > 8) FAIL(ERR_FORMAT, "BMP: %d bits per pixel with run lengths", b->bits);
        b->run_length = f->compression == RLE4 ? 4 : 8;
        break;
    case BITFIELDS: TRY(find_layout(f, b)); break;
    default: FAIL(ERR_UNSUPPORTED, "BMP with compression %lu is not supported yet", (unsigned long)f->compression);
    }
done:
    return rc;
}

/* A palette that has the greys in their order, or black and white, is thrown away by Pillow, and then one of up to two
 * colors is read as 1 bit per pixel and any other as 8. The palette itself may end with the file. */
static int read_palette(image_window *w, const fields *f, bmp_header *b)
{
    int rc = OK, grey = 1;
    const uint8_t *p;
    if (f->n_colors > 65536) FAIL(ERR_UNSUPPORTED, "BMP with %lld colors", (long long)f->n_colors);
    for (int64_t i = 0; i < f->n_colors; i++) {
        const uint8_t v = f->n_colors == 2 ? (i ? 255 : 0) : (uint8_t)i;
        if (w->source->size - f->after < (i + 1) * f->entry) FAIL(ERR_FORMAT, "the file ends inside its header");
        TRY(image_window_get(w, f->after + i * f->entry, 3, &p));
        if (p[0] != v || p[1] != v || p[2] != v) grey = 0;
        if (i < 256) memcpy(b->colors[i], (uint8_t[]){p[2], p[1], p[0]}, 3);
    }
    if (!grey && f->n_colors > 256) FAIL(ERR_UNSUPPORTED, "BMP with %lld colors", (long long)f->n_colors);
    if (!grey) goto done;
    b->read_bits = f->n_colors <= 2 ? 1 : 8;
    for (int i = 0; i < 256; i++) memset(b->colors[i], b->read_bits == 1 && i ? 255 : i, 3);
done:
    return rc;
}

int bmp_header_read(const byte_source *source, bmp_header *out)
{
    int rc = OK;
    image_window w = {.source = source};
    fields f = {0};
    const uint8_t *p;
    *out = (bmp_header){0};
    TRY(read_fields(&w, &f, out));
    TRY(check_kind(&f, out));
    TRY(image_window_get(&w, 10, 4, &p));
    out->data_at = image_u32le(p);
    out->read_bits = out->bits;
    if (!f.n_colors) f.n_colors = (int64_t)1 << out->bits;
    const int indexed = out->bits <= 8, at_palette = out->data_at == FILE_HEADER + (int64_t)f.size;
    if (indexed) TRY(read_palette(&w, &f, out));
    if ((at_palette && indexed) || (out->data_at == 0 && indexed))
        out->data_at = out->data_at ? out->data_at + f.n_colors * f.entry : f.after + f.n_colors * f.entry;
    else if (out->data_at == 0)
        out->data_at = f.after;
done:
    return rc;
}
