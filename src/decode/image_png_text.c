/* Orientation of a PNG: eXIf, else the "Raw profile type exif" that ImageMagick writes as text, else XMP; in Pillow's
 * order (PngImagePlugin.py, Image.getexif). Of chunks of one kind the last counts. */
#include "base/memory.h"
#include "base/status.h"
#include "decode/image_exif.h"
#include "decode/image_png_chunks.h"

#include <string.h>

#include <zlib.h>

static const char xmp_key[] = "XML:com.adobe.xmp", raw_key[] = "Raw profile type exif";

/* Inflate into new memory, at most IMAGE_TEXT_LIMIT bytes; damaged or longer text is left out (*out = NULL). */
static int inflate_text(const uint8_t *in, size_t n, uint8_t **out, size_t *n_out)
{
    int rc = OK, z = Z_OK;
    z_stream stream = {0};
    uint8_t *text = NULL;
    size_t capacity = 0, used = 0;
    *out = NULL;
    *n_out = 0;
    if (inflateInit(&stream) != Z_OK) FAIL(ERR_MEMORY, "no memory to inflate a text");
    stream.next_in = (uint8_t *)in; /* zlib does not write to it */
    stream.avail_in = (uInt)n;
    while (z == Z_OK && used <= IMAGE_TEXT_LIMIT) {
        TRY(MEM_GROW(text, &capacity, used + 4096));
        stream.next_out = text + used;
        stream.avail_out = (uInt)(capacity - used);
        z = inflate(&stream, Z_NO_FLUSH);
        used = capacity - stream.avail_out;
    }
    if (z == Z_MEM_ERROR) FAIL(ERR_MEMORY, "no memory to inflate a text");
    if (z == Z_STREAM_END && used <= IMAGE_TEXT_LIMIT) {
        *out = text;
        *n_out = used;
        text = NULL;
    }
done:
    inflateEnd(&stream);
    mem_free(&text);
    return rc;
}

/* Where the text of a chunk starts and whether it is compressed; 0 where the chunk is malformed. */
static size_t text_start(const png_chunk *c, const uint8_t *data, size_t n, int *compressed)
{
    const uint8_t *p = memchr(data, 0, n), *end = data + n;
    *compressed = 0;
    if (!p) return 0;
    p++;
    if (c->type[0] == 't') return (size_t)(p - data);
    if (c->type[0] == 'z') {
        *compressed = 1;
        return p < end && *p == 0 ? (size_t)(p + 1 - data) : 0;
    }
    if (end - p < 2 || (p[0] && p[1])) return 0; /* iTXt: flag, method, then language and translated key */
    *compressed = p[0] != 0;
    p += 2;
    for (int i = 0; i < 2; i++) {
        p = memchr(p, 0, (size_t)(end - p));
        if (!p) return 0;
        p++;
    }
    return (size_t)(p - data);
}

/* The text of a chunk in new memory, *out = NULL where it has none. Caller: mem_free. */
static int read_text(const byte_source *source, const png_chunk *c, uint8_t **out, size_t *n_out)
{
    int rc = OK, compressed;
    uint8_t *data = NULL;
    size_t got;
    *out = NULL;
    *n_out = 0;
    if (c->length > IMAGE_TEXT_LIMIT) return OK;
    TRY(MEM_ALLOC(data, (size_t)c->length));
    TRY(source_read(source, c->at + 8, data, (size_t)c->length, &got));
    size_t start = text_start(c, data, got, &compressed);
    if (start > 0 && compressed) {
        TRY(inflate_text(data + start, got - start, out, n_out));
    } else if (start > 0) {
        *out = data;
        *n_out = got - start;
        memmove(data, data + start, *n_out);
        data = NULL;
    }
done:
    mem_free(&data);
    return rc;
}

static int digit(uint8_t c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* "\nexif\n    1234\n45786966..." to bytes, in place; 0 bytes where it is malformed. */
static size_t decode_profile(uint8_t *text, size_t n)
{
    const uint8_t *p = text, *end = text + n;
    size_t used = 0;
    for (int line = 0; line < 3; line++) {
        p = memchr(p, '\n', (size_t)(end - p));
        if (!p) return 0;
        p++;
    }
    while (p < end) {
        if (strchr(" \t\n\r\f\v", *p) && *p) {
            p++;
        } else {
            if (end - p < 2 || digit(p[0]) < 0 || digit(p[1]) < 0) return 0;
            text[used++] = (uint8_t)(digit(p[0]) << 4 | digit(p[1]));
            p += 2;
        }
    }
    return used;
}

/* Keep the latest orientation of either kind that a text chunk says; 0 in them means that none was seen. */
static int note_text(image_window *w, const png_chunk *c, int *raw, int *xmp)
{
    int rc = OK;
    uint8_t *text = NULL;
    const uint8_t *p;
    size_t n;
    if (strcmp(c->type, "tEXt") != 0 && strcmp(c->type, "zTXt") != 0 && strcmp(c->type, "iTXt") != 0) return OK;
    if (c->length < (int64_t)sizeof raw_key) return OK;
    TRY(image_window_get(w, c->at + 8, sizeof raw_key, &p));
    int is_raw = memcmp(p, raw_key, sizeof raw_key) == 0, is_xmp = memcmp(p, xmp_key, sizeof xmp_key) == 0;
    if (!is_raw && !is_xmp) return OK;
    TRY(read_text(w->source, c, &text, &n));
    if (is_xmp) *xmp = text ? image_xmp_orientation(text, n) : -1;
    if (is_raw && text) {
        n = decode_profile(text, n);
        const byte_source profile = source_of_memory(text, n);
        TRY(image_exif_orientation(&profile, 0, (int64_t)n, raw));
    }
done:
    mem_free(&text);
    return rc;
}

int png_orientation(const byte_source *source, int *orientation)
{
    int rc = OK, raw = -1, xmp = -1, value = -1, has_exif = 0;
    image_window w = {.source = source};
    png_chunk c = {0};
    *orientation = 1;
    for (int64_t at = PNG_SIGNATURE; strcmp(c.type, "IEND") != 0; at = png_chunk_next(&c)) {
        rc = png_chunk_at(&w, at, &c);
        if (rc == ERR_FORMAT) {
            rc = OK;
            break;
        }
        TRY(rc);
        if (strcmp(c.type, "eXIf") == 0) {
            has_exif = 1;
            TRY(image_exif_orientation(source, c.at + 8, c.length, &value));
        }
        TRY(note_text(&w, &c, &raw, &xmp));
    }
    if (!has_exif) value = raw;
    *orientation = image_orientation_or_1(value >= 0 ? value : xmp);
done:
    return rc;
}
