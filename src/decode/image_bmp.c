/* BMP, to what Pillow's convert("RGB") gives. */
#include "decode/image_bmp.h"

#include "base/memory.h"
#include "base/status.h"

#include <string.h>

static int recognise(const uint8_t *head, size_t n)
{
    static const uint8_t sizes[] = {12, 40, 52, 56, 64, 108, 124};
    if (n < 18 || memcmp(head, "BM", 2) != 0 || head[15] || head[16] || head[17]) return 0;
    for (size_t i = 0; i < sizeof sizes; i++)
        if (head[14] == sizes[i]) return 1;
    return 0;
}

/* Rows are padded to 4 bytes. */
static int64_t stride_of(const bmp_header *b) { return (b->width * b->bits + 31) / 32 * 4; }

static int probe(const byte_source *source, image_header *out)
{
    int rc = OK;
    bmp_header b;
    TRY(bmp_header_read(source, &b));
    out->width = b.width;
    out->height = b.height;
    /* The product of two 32-bit numbers fits; that of all three may not. */
    if (!b.run_length && b.width <= INT32_MAX && b.height <= INT32_MAX) out->least_bytes = b.width * b.height / 8;
done:
    return rc;
}

/* Indices of 1, 4 or 8 bits, most significant first. */
static void indices_to_rgb(const bmp_header *b, const uint8_t *raw, uint8_t *rgb)
{
    const int bits = b->read_bits, mask = (1 << bits) - 1;
    if (bits == 8) {
        for (int64_t x = 0; x < b->width; x++) memcpy(rgb + 3 * x, b->colors[raw[x]], 3);
        return;
    }
    for (int64_t x = 0; x < b->width; x++) {
        int64_t bit = x * bits;
        memcpy(rgb + 3 * x, b->colors[raw[bit >> 3] >> (8 - bits - (bit & 7)) & mask], 3);
    }
}

static void words_to_rgb(const bmp_header *b, const uint8_t *raw, uint8_t *rgb)
{
    const uint32_t most = (1U << b->green_bits) - 1;
    for (int64_t x = 0; x < b->width; x++) {
        uint32_t v = image_u16le(raw + 2 * x);
        rgb[3 * x] = (uint8_t)((v >> (5 + b->green_bits) & 31) * 255 / 31);
        rgb[3 * x + 1] = (uint8_t)((v >> 5 & most) * 255 / most);
        rgb[3 * x + 2] = (uint8_t)((v & 31) * 255 / 31);
    }
}

static void bytes_to_rgb(const bmp_header *b, const uint8_t *raw, int over_white, uint8_t *rgb)
{
    const int step = b->bits / 8, r = b->place[0], g = b->place[1], blue = b->place[2], a = b->place[3];
    for (int64_t x = 0; x < b->width; x++, raw += step, rgb += 3) {
        rgb[0] = raw[r];
        rgb[1] = raw[g];
        rgb[2] = raw[blue];
        if (over_white && a >= 0)
            for (int c = 0; c < 3; c++) rgb[c] = image_over_white(rgb[c], raw[a]);
    }
}

static int decode_rows(const bmp_header *b, const uint8_t *bytes, size_t n, alpha_policy alpha, uint8_t *rgb)
{
    int rc = OK;
    const int64_t stride = stride_of(b), row = (b->width * b->read_bits + 7) / 8;
    if (row > stride) FAIL(ERR_UNSUPPORTED, "BMP with a palette of greys and %d bits per pixel", b->bits);
    if ((int64_t)n < b->data_at || ((int64_t)n - b->data_at - row) / stride < b->height - 1 ||
        (int64_t)n - b->data_at < row)
        FAIL(ERR_FORMAT, "BMP: the picture ends early");
    for (int64_t y = 0; y < b->height; y++) {
        const uint8_t *raw = bytes + b->data_at + y * stride;
        uint8_t *out = rgb + (b->bottom_up ? b->height - 1 - y : y) * b->width * 3;
        if (b->bits <= 8)
            indices_to_rgb(b, raw, out);
        else if (b->bits == 16)
            words_to_rgb(b, raw, out);
        else
            bytes_to_rgb(b, raw, alpha == ALPHA_WHITE, out);
    }
done:
    return rc;
}

/* Indices in the order of the file, which is also how runs and jumps pass from one row to the next. */
typedef struct runs {
    const uint8_t *p, *end;
    int64_t parity; /* of the offset of `p` in the file, when counted from here */
    int64_t x, width;
    uint8_t *out;
    size_t at, size;
} runs;

static void put(runs *r, uint8_t index)
{
    if (r->at < r->size) r->out[r->at++] = index;
}

/* n pixels of two indices in turn, no more than the row has left. */
static void repeat(runs *r, int64_t n, uint8_t value, int bits)
{
    if (n > r->width - r->x) n = r->width > r->x ? r->width - r->x : 0;
    for (int64_t i = 0; i < n; i++) {
        uint8_t index = bits == 8 ? value : i % 2 == 0 ? value >> 4 : value & 15;
        put(r, index);
    }
    r->x += n;
}

/* n indices as they are, padded to an even offset in the file. 0: the data end inside them. */
static int copy(runs *r, int64_t n, int bits, const uint8_t *file)
{
    int64_t pixels = n < (int64_t)(r->size - r->at) ? n : (int64_t)(r->size - r->at);
    int64_t bytes = bits == 8 ? pixels : (pixels + 1) / 2;
    if (r->end - r->p < bytes) return 0;
    for (int64_t i = 0; i < pixels; i++) put(r, bits == 8 ? r->p[i] : i % 2 == 0 ? r->p[i / 2] >> 4 : r->p[i / 2] & 15);
    r->p += bytes;
    r->x += n;
    if ((r->p - file) % 2 != 0 && r->p < r->end) r->p++;
    return 1;
}

/* 0: the end of the bitmap, or of the data. */
static int take_escape(runs *r, uint8_t kind, int bits, const uint8_t *file)
{
    if (kind > 2) return copy(r, kind, bits, file);
    if (kind == 1) return 0;
    if (kind == 0) {
        while (r->at < r->size && r->at % (size_t)r->width) put(r, 0);
        r->x = 0;
        return 1;
    }
    if (r->end - r->p < 2) return 0;
    int64_t jump = r->p[0] + r->p[1] * r->width;
    for (; jump > 0 && r->at < r->size; jump--) put(r, 0);
    r->x = (int64_t)(r->at % (size_t)r->width);
    r->p += 2;
    return 1;
}

static int decode_runs(const bmp_header *b, const uint8_t *bytes, size_t n, uint8_t *rgb)
{
    int rc = OK, going = 1;
    uint8_t *indices = NULL;
    runs r = {.width = b->width, .end = bytes + n, .p = bytes + n};
    if (b->data_at < (int64_t)n) r.p = bytes + b->data_at;
    TRY(size_mul((size_t)b->width, (size_t)b->height, &r.size));
    TRY(MEM_RESERVE(indices, r.size));
    r.out = indices;
    while (going && r.at < r.size && r.end - r.p >= 2) {
        uint8_t count = r.p[0], value = r.p[1];
        r.p += 2;
        if (count)
            repeat(&r, count, value, b->run_length);
        else
            going = take_escape(&r, value, b->run_length, bytes);
    }
    if (r.at < r.size) FAIL(ERR_FORMAT, "BMP: the picture ends after %zu of %zu pixels", r.at, r.size);
    for (int64_t y = 0; y < b->height; y++) {
        const uint8_t *from = indices + y * b->width;
        uint8_t *out = rgb + (b->bottom_up ? b->height - 1 - y : y) * b->width * 3;
        for (int64_t x = 0; x < b->width; x++) memcpy(out + 3 * x, b->colors[from[x]], 3);
    }
done:
    mem_free(&indices);
    return rc;
}

static int decode(const uint8_t *bytes, size_t n, const image_header *header, alpha_policy alpha, uint8_t *rgb)
{
    int rc = OK;
    const byte_source source = source_of_memory(bytes, n);
    bmp_header b;
    TRY(bmp_header_read(&source, &b));
    if (b.run_length)
        TRY(decode_runs(&b, bytes, n, rgb));
    else
        TRY(decode_rows(&b, bytes, n, alpha, rgb));
done:
    return rc;
}

const image_format image_format_bmp = {"bmp", recognise, probe, decode, .scales = 0};
