/* PNG through libspng, to what Pillow's convert("RGB") gives: the modes of PngImagePlugin.py, converted by
 * src/libImaging/Convert.c. */
#include "base/memory.h"
#include "base/status.h"
#include "decode/image_format.h"
#include "decode/image_png_chunks.h"
#include "decode/image_png_row.h"

#include <string.h>

#include <spng.h>
#include <zlib.h>

static const uint8_t signature[PNG_SIGNATURE] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};

static int recognise(const uint8_t *head, size_t n)
{
    return n >= PNG_SIGNATURE && memcmp(head, signature, PNG_SIGNATURE) == 0;
}

static int depth_fits(uint8_t depth, uint8_t color)
{
    switch (color) {
    case 0: return depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16;
    case 3: return depth == 1 || depth == 2 || depth == 4 || depth == 8;
    case 2:
    case 4:
    case 6: return depth == 8 || depth == 16;
    default: return 0;
    }
}

static int probe(const byte_source *source, image_header *out)
{
    int rc = OK;
    image_window w = {.source = source};
    const uint8_t *p;
    TRY(image_window_get(&w, PNG_SIGNATURE, PNG_CHUNK_AROUND + 13, &p));
    if (memcmp(p + 4, "CgBI", 4) == 0) FAIL(ERR_UNSUPPORTED, "Apple's variant of PNG (CgBI) is not supported yet");
    if (image_u32be(p) != 13 || memcmp(p + 4, "IHDR", 4) != 0 || (uint32_t)crc32_z(0, p + 4, 17) != image_u32be(p + 21))
        FAIL(ERR_FORMAT, "PNG: a damaged header");
    const uint8_t *h = p + 8;
    out->width = image_u32be(h);
    out->height = image_u32be(h + 4);
    if (out->width < 1 || out->height < 1 || out->width > INT32_MAX || out->height > INT32_MAX)
        FAIL(ERR_FORMAT, "PNG: a size that is not allowed");
    if (!depth_fits(h[8], h[9]) || h[10] || h[11] || h[12] > 1) FAIL(ERR_FORMAT, "PNG: a kind that is not allowed");
    /* Deflate makes at most 1032 bytes of one (zlib.net/zlib_tech.html). */
    out->least_bytes = (int64_t)((double)png_stride(out->width, h[8], h[9]) * (double)out->height / 1032);
    TRY(png_orientation(source, &out->orientation));
done:
    return rc;
}

/* What libspng reads: only the chunks that make pixels, so that no other can fail or fill the memory. The file has been
 * checked. */
typedef struct pieces {
    const uint8_t *file;
    int64_t next;        /* chunk to look at when the piece is used up */
    const uint8_t *data; /* rest of the piece */
    size_t n;
} pieces;

static int wanted(const uint8_t *type)
{
    static const char types[][5] = {"IHDR", "PLTE", "tRNS", "IDAT", "IEND"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (memcmp(type, types[i], 4) == 0) return 1;
    return 0;
}

static int read_pieces(spng_ctx *ctx, void *user, void *out, size_t n)
{
    pieces *s = user;
    uint8_t *to = out;
    while (n > 0) {
        if (s->n == 0 && s->next < 0) return SPNG_IO_EOF;
        if (s->n == 0) {
            const uint8_t *chunk = s->file + s->next;
            int64_t size = (int64_t)image_u32be(chunk) + PNG_CHUNK_AROUND;
            s->next = memcmp(chunk + 4, "IEND", 4) == 0 ? -1 : s->next + size;
            if (!wanted(chunk + 4)) continue;
            s->data = chunk;
            s->n = (size_t)size;
        }
        size_t k = n < s->n ? n : s->n;
        memcpy(to, s->data, k);
        to += k;
        n -= k;
        s->data += k;
        s->n -= k;
    }
    return 0;
}

static int fail_spng(int code)
{
    int rc = OK;
    FAIL(code == SPNG_EMEM ? ERR_MEMORY : ERR_FORMAT, "PNG: %s", spng_strerror(code));
done:
    return rc;
}

#define SPNG(call)                                                                                                     \
    do {                                                                                                               \
        int code = (call);                                                                                             \
        if (code != 0) TRY(fail_spng(code));                                                                           \
    } while (0)

static int open_decoder(pieces *s, alpha_policy alpha, spng_ctx **out, png_row_kind *kind)
{
    int rc = OK;
    struct spng_ihdr ihdr;
    struct spng_plte palette = {0};
    struct spng_trns trns = {0};
    spng_ctx *ctx = *out = spng_ctx_new(0);
    if (!ctx) FAIL(ERR_MEMORY, "no memory for the PNG decoder");
    SPNG(spng_set_crc_action(ctx, SPNG_CRC_USE, SPNG_CRC_USE));
    SPNG(spng_set_png_stream(ctx, read_pieces, s));
    SPNG(spng_get_ihdr(ctx, &ihdr));
    SPNG(spng_decode_image(ctx, NULL, 0, SPNG_FMT_RAW, SPNG_DECODE_PROGRESSIVE));
    int has_trns = spng_get_trns(ctx, &trns) == 0;
    if (ihdr.color_type == 3) SPNG(spng_get_plte(ctx, &palette));
    png_row_prepare(kind, &ihdr, &palette, has_trns ? &trns : NULL, alpha);
done:
    return rc;
}

/* Adam7: the passes fill rows bit by bit, so the whole picture is kept as stored. */
static int read_interlaced(spng_ctx *ctx, const png_row_kind *kind, const image_header *h, uint8_t *rgb)
{
    int rc = OK, code = 0;
    uint8_t *raw = NULL;
    size_t size;
    struct spng_row_info info;
    TRY(size_mul(kind->stride, (size_t)h->height, &size));
    TRY(MEM_ALLOC(raw, size));
    while (code == 0) {
        code = spng_get_row_info(ctx, &info);
        if (code == 0) code = spng_decode_row(ctx, raw + (size_t)info.row_num * kind->stride, kind->stride);
    }
    if (code != SPNG_EOI) TRY(fail_spng(code));
    for (int64_t y = 0; y < h->height; y++)
        png_row_to_rgb(kind, raw + (size_t)y * kind->stride, h->width, rgb + y * h->width * 3);
done:
    mem_free(&raw);
    return rc;
}

static int read_rows(spng_ctx *ctx, const png_row_kind *kind, const image_header *h, uint8_t *rgb)
{
    int rc = OK;
    uint8_t *raw = NULL;
    TRY(MEM_RESERVE(raw, kind->stride));
    for (int64_t y = 0; y < h->height; y++) {
        int code = spng_decode_row(ctx, raw, kind->stride);
        if (code != (y + 1 < h->height ? 0 : SPNG_EOI)) TRY(fail_spng(code));
        png_row_to_rgb(kind, raw, h->width, rgb + y * h->width * 3);
    }
done:
    mem_free(&raw);
    return rc;
}

static int decode(const uint8_t *bytes, size_t n, const image_header *header, alpha_policy alpha, uint8_t *rgb)
{
    int rc = OK;
    spng_ctx *ctx = NULL;
    png_row_kind kind;
    pieces s = {.file = bytes, .next = PNG_SIGNATURE, .data = bytes, .n = PNG_SIGNATURE};
    TRY(png_check(bytes, n));
    TRY(open_decoder(&s, alpha, &ctx, &kind));
    if (kind.interlaced)
        TRY(read_interlaced(ctx, &kind, header, rgb));
    else
        TRY(read_rows(ctx, &kind, header, rgb));
done:
    spng_ctx_free(ctx);
    return rc;
}

const image_format image_format_png = {"png", recognise, probe, decode, .scales = 0};
