/* Compressed TIFF through libtiff, block by block as Pillow reads it (src/libImaging/TiffDecode.c). What libtiff has to
 * say goes to the handlers of the file at hand, and no allocation of it is larger than the picture warrants. */
#include "base/memory.h"
#include "base/status.h"
#include "decode/image_tiff_block.h"

#include <stdio.h>
#include <string.h>

#include <tiffio.h>

enum { SPARE_BYTES = 64 << 20 }; /* tables and buffers of a decoder; tiles larger than the picture */

typedef struct packed {
    const uint8_t *bytes;
    int64_t n, at;
    TIFF *tiff;
    int64_t most_bytes; /* of an allocation */
    int damaged;        /* a JPEG decoder went on behind damage */
    char message[256];
    uint8_t *blocks, *scratch;
    uint32_t *rgba;
} packed;

static int on_error(TIFF *tiff, void *user, const char *module, const char *format, va_list args)
{
    packed *s = user;
    if (!s->message[0]) vsnprintf(s->message, sizeof s->message, format, args);
    return 1;
}

static int on_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list args)
{
    packed *s = user;
    if (!module || strcmp(module, "JPEGLib") != 0) return 1;
    s->damaged = 1;
    return on_error(tiff, user, module, format, args);
}

static tmsize_t read_bytes(thandle_t handle, void *out, tmsize_t n)
{
    packed *s = (packed *)handle;
    if (s->at < 0 || s->at > s->n) return 0;
    if (n > s->n - s->at) n = s->n - s->at;
    memcpy(out, s->bytes + s->at, (size_t)n);
    s->at += n;
    return n;
}

static tmsize_t write_bytes(thandle_t handle, void *data, tmsize_t n) { return 0; }

static toff_t seek(thandle_t handle, toff_t to, int whence)
{
    packed *s = (packed *)handle;
    const int64_t from = whence == SEEK_CUR ? s->at : whence == SEEK_END ? s->n : 0;
    if (to > (toff_t)(INT64_MAX - s->n) || __builtin_add_overflow(from, (int64_t)to, &s->at)) s->at = INT64_MAX;
    return (toff_t)s->at;
}

static int close_nothing(thandle_t handle) { return 0; }
static toff_t size_of(thandle_t handle) { return (toff_t)((packed *)handle)->n; }

static int map(thandle_t handle, void **base, toff_t *size)
{
    packed *s = (packed *)handle;
    *base = (void *)(uintptr_t)s->bytes; /* libtiff only reads it */
    *size = (toff_t)s->n;
    return 1;
}

static void unmap(thandle_t handle, void *base, toff_t size) {}

static int fail_packed(const packed *s)
{
    int rc = OK;
    FAIL(ERR_FORMAT, "TIFF: %s", s->message[0] ? s->message : "damaged");
done:
    return rc;
}

static int open_packed(packed *s, const tiff_kind *k)
{
    int rc = OK;
    uint32_t width = 0, height = 0;
    TIFFOpenOptions *o = TIFFOpenOptionsAlloc();
    if (!o) FAIL(ERR_MEMORY, "no memory for the TIFF decoder");
    TIFFOpenOptionsSetMaxSingleMemAlloc(o, s->most_bytes);
    TIFFOpenOptionsSetErrorHandlerExtR(o, on_error, s);
    TIFFOpenOptionsSetWarningHandlerExtR(o, on_warning, s);
    s->tiff =
        TIFFClientOpenExt("picture", "r", s, read_bytes, write_bytes, seek, close_nothing, size_of, map, unmap, o);
    TIFFOpenOptionsFree(o);
    if (!s->tiff) return fail_packed(s);
    TIFFGetField(s->tiff, TIFFTAG_IMAGEWIDTH, &width);
    TIFFGetField(s->tiff, TIFFTAG_IMAGELENGTH, &height);
    if (width != k->width || height != k->height) FAIL(ERR_FORMAT, "TIFF: two sizes in one file");
done:
    return rc;
}

static int check_codec(const tiff_kind *k)
{
    static const uint16_t read[] = {
        COMPRESSION_CCITTRLE,      COMPRESSION_CCITTFAX3, COMPRESSION_CCITTFAX4, COMPRESSION_LZW,  COMPRESSION_JPEG,
        COMPRESSION_ADOBE_DEFLATE, COMPRESSION_DEFLATE,   COMPRESSION_PACKBITS,  COMPRESSION_LZMA, COMPRESSION_ZSTD};
    int rc = OK;
    if (k->compression == TIFF_PACKED_OLD_JPEG) FAIL(ERR_UNSUPPORTED, "TIFF with old-style JPEG is not supported yet");
    for (size_t i = 0; i < sizeof read / sizeof *read; i++)
        if (read[i] == k->compression && TIFFIsCODECConfigured(read[i])) return OK;
    FAIL(ERR_UNSUPPORTED, "TIFF with compression %lld is not supported yet", (long long)k->compression);
done:
    return rc;
}

/* After libtiff has put the samples into the byte order of this machine. Pillow takes signed and floating ones for
 * still in that of the file. */
static int kind_unpacked(const tiff_kind *k, tiff_kind *out)
{
    int rc = OK;
    *out = *k;
    out->flipped = 0;
    out->big_endian = 0;
    if (k->big_endian && k->color == TIFF_GREY && k->number != TIFF_NUMBER_UNSIGNED)
        FAIL(ERR_UNSUPPORTED, "big-endian TIFF with compressed signed or floating samples is not supported yet");
    if (k->planar && k->unnamed_alpha) out->alpha = TIFF_PREMULTIPLIED;
done:
    return rc;
}

static int read_grid(packed *s, const tiff_kind *k, tiff_grid *g, int64_t *size, int64_t *stride)
{
    int rc = OK;
    uint32_t width = (uint32_t)k->width, height = 0;
    const int tiled = TIFFIsTiled(s->tiff);
    g->planes = k->planar ? k->samples : 1;
    if (tiled) {
        TIFFGetField(s->tiff, TIFFTAG_TILEWIDTH, &width);
        TIFFGetField(s->tiff, TIFFTAG_TILELENGTH, &height);
    } else if (TIFFGetField(s->tiff, TIFFTAG_ROWSPERSTRIP, &height) != 1 || height > k->height) {
        height = (uint32_t)k->height;
    }
    if (width < 1 || height < 1 || width > INT32_MAX || height > INT32_MAX)
        FAIL(ERR_FORMAT, "TIFF: strips or tiles without size");
    *g = (tiff_grid){width, height, (k->width + width - 1) / width, (k->height + height - 1) / height, g->planes};
    *size = tiled ? TIFFTileSize(s->tiff) : TIFFStripSize(s->tiff);
    *stride = tiled ? TIFFTileRowSize(s->tiff) : TIFFScanlineSize(s->tiff);
    const int64_t row = ((int64_t)width * k->bits * k->samples / g->planes + 7) / 8;
    if (*size < 1 || *stride != row || *size / *stride < (tiled ? height : 1) || *size > row * height)
        FAIL(ERR_FORMAT, "TIFF: rows of %lld bytes in place of %lld", (long long)*stride, (long long)row);
    if (*size > s->most_bytes / g->planes) FAIL(ERR_LIMIT, "TIFF: tiles that are much larger than the picture");
done:
    return rc;
}

/* Block i of a plane; what the decoder does not fill is missing. */
static int read_block(packed *s, const tiff_grid *g, int64_t i, int plane, const tiff_block *b, int64_t size,
                      uint8_t *out)
{
    int rc = OK;
    const uint32_t number = (uint32_t)(i + plane * g->across * g->down);
    const int tiled = TIFFIsTiled(s->tiff);
    tmsize_t got =
        tiled ? TIFFReadEncodedTile(s->tiff, number, out, size) : TIFFReadEncodedStrip(s->tiff, number, out, size);
    if (got < 0 || s->damaged) return fail_packed(s);
    if (got < b->stride * b->h) FAIL(ERR_FORMAT, "TIFF: the picture ends early");
done:
    return rc;
}

static int decode_blocks(packed *s, const tiff_kind *k, alpha_policy alpha, uint8_t *rgb)
{
    int rc = OK;
    tiff_grid g = {0};
    int64_t size = 0, stride = 0;
    if (k->planar && k->samples > 1 && ((k->bits != 8 && k->bits != 16) || k->color == TIFF_INDEX || k->samples > 4))
        FAIL(ERR_UNSUPPORTED, "TIFF with compressed planes of this kind is not supported yet");
    TRY(read_grid(s, k, &g, &size, &stride));
    TRY(mem_reserve((void **)&s->blocks, (size_t)size, (size_t)g.planes));
    TRY(MEM_ALLOC(s->scratch, (size_t)(g.width * k->samples * 2)));
    for (int64_t i = 0; i < g.across * g.down; i++) {
        tiff_block b = {.n_planes = g.planes, .stride = stride};
        tiff_block_place(&g, k, i, &b);
        for (int p = 0; p < g.planes; p++) {
            b.planes[p] = s->blocks + p * size;
            TRY(read_block(s, &g, i, p, &b, size, s->blocks + p * size));
        }
        tiff_block_draw(&b, k, alpha, s->scratch, rgb);
    }
done:
    return rc;
}

/* Subsampled colors: libtiff makes RGBA of them, in parts of as many rows as a strip or tile has. */
static int decode_ycbcr(packed *s, const tiff_kind *k, uint8_t *rgb)
{
    int rc = OK, begun = 0;
    TIFFRGBAImage m;
    uint32_t rows = 0;
    uint16_t across = 2, down = 2;
    char text[1024] = "";
    TIFFGetFieldDefaulted(s->tiff, TIFFIsTiled(s->tiff) ? TIFFTAG_TILELENGTH : TIFFTAG_ROWSPERSTRIP, &rows);
    if (rows < 1 || rows > k->height) rows = (uint32_t)k->height;
    TIFFGetFieldDefaulted(s->tiff, TIFFTAG_YCBCRSUBSAMPLING, &across, &down);
    if (TIFFIsTiled(s->tiff) && across == 4 && down == 4)
        FAIL(ERR_UNSUPPORTED, "TIFF with tiles of 4 x 4 pixels to a color is not supported yet"); /* wrong in 4.5 */
    begun = TIFFRGBAImageOK(s->tiff, text) && TIFFRGBAImageBegin(&m, s->tiff, 1, text);
    if (!begun) FAIL(ERR_FORMAT, "TIFF: %s", text[0] ? text : s->message);
    m.orientation = m.req_orientation = ORIENTATION_TOPLEFT;
    TRY(mem_reserve((void **)&s->rgba, (size_t)k->width * rows, sizeof *s->rgba));
    for (int64_t y = 0; y < k->height; y += rows) {
        const uint32_t h = k->height - y < rows ? (uint32_t)(k->height - y) : rows;
        m.row_offset = (int)y;
        m.col_offset = 0;
        if (!TIFFRGBAImageGet(&m, s->rgba, (uint32_t)k->width, h) || s->damaged) TRY(fail_packed(s));
        for (int64_t i = 0; i < k->width * h; i++) {
            uint8_t *out = rgb + (y * k->width + i) * 3;
            out[0] = TIFFGetR(s->rgba[i]);
            out[1] = TIFFGetG(s->rgba[i]);
            out[2] = TIFFGetB(s->rgba[i]);
        }
    }
done:
    if (begun) TIFFRGBAImageEnd(&m);
    return rc;
}

int tiff_decode_packed(const tiff_kind *k, const uint8_t *bytes, size_t n, alpha_policy alpha, uint8_t *rgb)
{
    int rc = OK;
    tiff_kind unpacked;
    packed s = {.bytes = bytes, .n = (int64_t)n};
    TRY(check_codec(k));
    TRY(kind_unpacked(k, &unpacked));
    s.most_bytes = k->width * k->height * 8 + SPARE_BYTES;
    TRY(open_packed(&s, k));
    if (k->color == TIFF_YCBCR && (k->compression != TIFF_PACKED_JPEG || k->planar)) {
        TRY(decode_ycbcr(&s, k, rgb));
        goto done;
    }
    if (k->color == TIFF_YCBCR) {
        unpacked.color = TIFF_RGB;
        TIFFSetField(s.tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    }
    TRY(decode_blocks(&s, &unpacked, alpha, rgb));
done:
    if (s.tiff) TIFFClose(s.tiff);
    mem_free(&s.blocks);
    mem_free(&s.scratch);
    mem_free(&s.rgba);
    return rc;
}
