#include "decode/image_decode.h"

#include "base/memory.h"
#include "base/status.h"
#include "decode/image_format.h"
#include "decode/image_magic.h"
#include "decode/image_orient.h"

#include <stdio.h>
#include <string.h>

static const image_format *const formats[] = {&image_format_jpeg, &image_format_png,  &image_format_webp,
                                              &image_format_gif,  &image_format_tiff, &image_format_bmp,
                                              &image_format_pnm};

enum { HEAD = 32 };

int image_window_get(image_window *w, int64_t offset, size_t n, const uint8_t **out)
{
    int rc = OK;
    *out = NULL;
    if (n > sizeof w->bytes) FAIL(ERR_INTERNAL, "a header window of %zu bytes", n);
    if (offset < 0 || w->source->size < (int64_t)n || offset > w->source->size - (int64_t)n)
        FAIL(ERR_FORMAT, "the file ends inside its header");
    if (w->source->bytes) {
        *out = w->source->bytes + offset;
        return OK;
    }
    if (offset < w->at || offset + (int64_t)n > w->at + (int64_t)w->n) {
        w->at = offset;
        TRY(source_read(w->source, offset, w->bytes, sizeof w->bytes, &w->n));
        if (w->n < n)
            FAIL(ERR_CHANGED, "the file is shorter than the %lld bytes that it had", (long long)w->source->size);
    }
    *out = w->bytes + (offset - w->at);
done:
    return rc;
}

static int find_format(const byte_source *source, const image_format **out)
{
    int rc = OK;
    uint8_t head[HEAD];
    size_t n;
    *out = NULL;
    if (source->size == 0) FAIL(ERR_EMPTY, "the file is empty");
    TRY(source_read(source, 0, head, sizeof head, &n));
    for (size_t i = 0; i < sizeof formats / sizeof *formats && !*out; i++)
        if (formats[i]->recognise(head, n)) *out = formats[i];
    if (!*out) TRY(image_magic_refuse(head, n));
done:
    return rc;
}

static int probe(const byte_source *source, const image_format **format, image_header *header)
{
    int rc = OK;
    *header = (image_header){.orientation = 1};
    TRY(find_format(source, format));
    TRY((*format)->probe(source, header));
done:
    return rc;
}

int image_probe(const byte_source *source, image_info *info)
{
    int rc = OK;
    const image_format *format;
    image_header header;
    *info = (image_info){0};
    TRY(probe(source, &format, &header));
    int turned = header.orientation >= 5;
    info->width = turned ? header.height : header.width;
    info->height = turned ? header.width : header.height;
    info->orientation = header.orientation;
    snprintf(info->format, sizeof info->format, "%s", format->name);
done:
    return rc;
}

/* Before anything is allocated. */
static int check_size(const image_header *h, size_t n, const image_limits *limits)
{
    int rc = OK;
    size_t pixels, bytes;
    TRY(size_mul((size_t)h->width, (size_t)h->height, &pixels));
    TRY(size_mul(pixels, 3, &bytes));
    if (limits->max_pixels > 0 && pixels > (size_t)limits->max_pixels)
        FAIL(ERR_LIMIT, "%lld x %lld pixels, more than the limit of %lld", (long long)h->width, (long long)h->height,
             (long long)limits->max_pixels);
    if (n < (size_t)h->least_bytes)
        FAIL(ERR_FORMAT, "%zu bytes can not hold %lld x %lld pixels", n, (long long)h->width, (long long)h->height);
done:
    return rc;
}

/* The largest of 8, 4, 2, 1 that leaves at least width x height (after orientation), counted as Pillow's draft does. */
static int scale_for(const image_header *h, int64_t width, int64_t height)
{
    const int turned = h->orientation >= 5;
    const int64_t across = h->width / (turned ? height : width), down = h->height / (turned ? width : height);
    int scale = 8;
    while (scale > 1 && (across < scale || down < scale)) scale /= 2;
    return scale;
}

int image_decode_for(const uint8_t *bytes, size_t n, const image_limits *limits, alpha_policy alpha, int64_t width,
                     int64_t height, image *out)
{
    int rc = OK;
    const byte_source source = source_of_memory(bytes, n);
    const image_format *format;
    image_header header;
    *out = (image){0};
    TRY(probe(&source, &format, &header));
    TRY(check_size(&header, n, limits));
    header.scale = format->scales ? scale_for(&header, width, height) : 1;
    TRY(image_create((header.width + header.scale - 1) / header.scale,
                     (header.height + header.scale - 1) / header.scale, out));
    TRY(format->decode(source.bytes, n, &header, alpha, out->rgb));
    TRY(image_orient(out, header.orientation));
done:
    if (rc != OK) image_free(out);
    return rc;
}

int image_decode(const uint8_t *bytes, size_t n, const image_limits *limits, alpha_policy alpha, image *out)
{
    return image_decode_for(bytes, n, limits, alpha, INT64_MAX, INT64_MAX, out);
}

int image_create(int64_t width, int64_t height, image *out)
{
    int rc = OK;
    size_t pixels;
    *out = (image){0};
    if (width < 1 || height < 1)
        FAIL(ERR_EMPTY, "a picture of %lld x %lld pixels", (long long)width, (long long)height);
    TRY(size_mul((size_t)width, (size_t)height, &pixels));
    TRY(size_mul(pixels, 3, &pixels));
    TRY(MEM_RESERVE(out->rgb, pixels));
    out->width = width;
    out->height = height;
done:
    return rc;
}

void image_free(image *m)
{
    mem_free(&m->rgb);
    *m = (image){0};
}
