/* WebP through libwebp; of an animation the first frame, on the canvas that Pillow shows it on. */
#include "base/memory.h"
#include "base/status.h"
#include "decode/image_exif.h"
#include "decode/image_format.h"

#include <string.h>

#include <webp/decode.h>
#include <webp/demux.h>

enum { RIFF_HEADER = 12, CHUNK_HEADER = 8, FLAG_EXIF = 0x08, FLAG_XMP = 0x04 };

static int recognise(const uint8_t *head, size_t n)
{
    return n >= 16 && memcmp(head, "RIFF", 4) == 0 && memcmp(head + 8, "WEBPVP8", 7) == 0;
}

static uint32_t u24le(const uint8_t *p) { return image_u16le(p) | (uint32_t)p[2] << 16; }

/* Size from the first chunk (RFC 9649): VP8X has the canvas, else the picture's own header. */
static int read_size(const uint8_t *p, image_header *out)
{
    int rc = OK;
    const uint8_t *data = p + RIFF_HEADER + CHUNK_HEADER;
    const char kind = (char)p[RIFF_HEADER + 3];
    if (kind == 'X') {
        out->width = (int64_t)u24le(data + 4) + 1;
        out->height = (int64_t)u24le(data + 7) + 1;
    } else if (kind == 'L' && data[0] == 0x2f) {
        uint32_t bits = image_u32le(data + 1);
        out->width = (bits & 0x3fff) + 1;
        out->height = (bits >> 14 & 0x3fff) + 1;
    } else if (kind == ' ' && memcmp(data + 3, "\x9d\x01\x2a", 3) == 0) {
        out->width = image_u16le(data + 6) & 0x3fff;
        out->height = image_u16le(data + 8) & 0x3fff;
    } else {
        FAIL(ERR_FORMAT, "WebP: a damaged header");
    }
    if (out->width < 1 || out->height < 1) FAIL(ERR_FORMAT, "WebP: a size of 0");
done:
    return rc;
}

/* Metadata chunks that VP8X announces; the first of each kind counts. A file that ends early is no error here. */
static int find_metadata(image_window *w, uint8_t flags, image_metadata *m)
{
    int rc = OK;
    const uint8_t *p;
    for (int64_t at = RIFF_HEADER; at + CHUNK_HEADER <= w->source->size;) {
        TRY(image_window_get(w, at, CHUNK_HEADER, &p));
        int64_t size = image_u32le(p + 4), data = at + CHUNK_HEADER;
        if (size > w->source->size - data) break;
        if ((flags & FLAG_EXIF) && memcmp(p, "EXIF", 4) == 0 && m->exif_n == 0) {
            m->exif_at = data;
            m->exif_n = size;
        } else if ((flags & FLAG_XMP) && memcmp(p, "XMP ", 4) == 0 && m->xmp_n == 0) {
            m->xmp_at = data;
            m->xmp_n = size;
        }
        at = data + size + (size & 1);
    }
done:
    return rc;
}

static int probe(const byte_source *source, image_header *out)
{
    int rc = OK;
    image_window w = {.source = source};
    image_metadata meta = {0};
    const uint8_t *p;
    TRY(image_window_get(&w, 0, 30, &p));
    TRY(read_size(p, out));
    if (p[RIFF_HEADER + 3] == 'X') TRY(find_metadata(&w, p[RIFF_HEADER + CHUNK_HEADER], &meta));
    TRY(image_metadata_orientation(source, &meta, &out->orientation));
done:
    return rc;
}

static const char *status_text(VP8StatusCode code)
{
    switch (code) {
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED: return "the file ends early";
    case VP8_STATUS_UNSUPPORTED_FEATURE: return "an unsupported feature";
    default: return "damaged";
    }
}

/* One frame into its place on the canvas, which has n channels. */
static int decode_frame(const WebPIterator *frame, int64_t width, size_t n, uint8_t *canvas)
{
    int rc = OK;
    WebPDecoderConfig config;
    if (!WebPInitDecoderConfig(&config)) FAIL(ERR_INTERNAL, "libwebp has another version than its header");
    VP8StatusCode code = WebPGetFeatures(frame->fragment.bytes, frame->fragment.size, &config.input);
    if (code == VP8_STATUS_OK && (config.input.width != frame->width || config.input.height != frame->height))
        code = VP8_STATUS_BITSTREAM_ERROR;
    if (code == VP8_STATUS_OK) {
        const size_t stride = (size_t)width * n;
        uint8_t *at = canvas + (size_t)frame->y_offset * stride + (size_t)frame->x_offset * n;
        config.output.colorspace = n == 4 ? MODE_RGBA : MODE_RGB;
        config.output.is_external_memory = 1;
        config.output.u.RGBA.rgba = at;
        config.output.u.RGBA.stride = (int)stride;
        config.output.u.RGBA.size = (size_t)(frame->height - 1) * stride + (size_t)frame->width * n;
        code = WebPDecode(frame->fragment.bytes, frame->fragment.size, &config);
    }
    if (code == VP8_STATUS_OUT_OF_MEMORY) FAIL(ERR_MEMORY, "no memory for a WebP picture");
    if (code != VP8_STATUS_OK) FAIL(ERR_FORMAT, "WebP: %s", status_text(code));
done:
    return rc;
}

/* With alpha over white: the canvas outside the frame is transparent black, as in Pillow. */
static int decode_over_white(const WebPIterator *frame, const image_header *h, uint8_t *rgb)
{
    int rc = OK;
    uint8_t *canvas = NULL;
    const size_t pixels = (size_t)h->width * (size_t)h->height;
    TRY(mem_alloc((void **)&canvas, pixels, 4));
    TRY(decode_frame(frame, h->width, 4, canvas));
    for (size_t i = 0; i < pixels; i++)
        for (size_t c = 0; c < 3; c++) rgb[3 * i + c] = image_over_white(canvas[4 * i + c], canvas[4 * i + 3]);
done:
    mem_free(&canvas);
    return rc;
}

static int decode(const uint8_t *bytes, size_t n, const image_header *h, alpha_policy alpha, uint8_t *rgb)
{
    int rc = OK, has_frame = 0;
    const WebPData data = {bytes, n};
    WebPIterator frame = {0};
    WebPBitstreamFeatures features;
    WebPDemuxState state;
    WebPDemuxer *demux = WebPDemuxPartial(&data, &state);
    if (state == WEBP_DEMUX_PARSE_ERROR) FAIL(ERR_FORMAT, "WebP: damaged");
    if (!demux || state != WEBP_DEMUX_DONE) FAIL(ERR_FORMAT, "WebP: the file ends early");
    if (WebPDemuxGetI(demux, WEBP_FF_CANVAS_WIDTH) != h->width ||
        WebPDemuxGetI(demux, WEBP_FF_CANVAS_HEIGHT) != h->height)
        FAIL(ERR_FORMAT, "WebP: two sizes in one file");
    has_frame = WebPDemuxGetFrame(demux, 1, &frame);
    if (!has_frame || !frame.complete || WebPGetFeatures(bytes, n, &features) != VP8_STATUS_OK)
        FAIL(ERR_FORMAT, "WebP: no picture in it");
    if (features.has_alpha && alpha == ALPHA_WHITE) {
        TRY(decode_over_white(&frame, h, rgb));
    } else {
        if (frame.width != h->width || frame.height != h->height)
            memset(rgb, 0, (size_t)h->width * (size_t)h->height * 3);
        TRY(decode_frame(&frame, h->width, 3, rgb));
    }
done:
    if (has_frame) WebPDemuxReleaseIterator(&frame);
    WebPDemuxDelete(demux);
    return rc;
}

const image_format image_format_webp = {"webp", recognise, probe, decode, .scales = 0};
