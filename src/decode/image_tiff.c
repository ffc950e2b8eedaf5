/* TIFF: the first picture of a file, to what Pillow's convert("RGB") gives. */
#include "base/memory.h"
#include "base/status.h"
#include "decode/image_exif.h"
#include "decode/image_tiff_block.h"

#include <string.h>

/* Also with the two bytes of the number 42 exchanged, which is met. */
static int recognise(const uint8_t *head, size_t n)
{
    static const char marks[][5] = {"MM\0*", "II*\0", "MM*\0", "II\0*", "MM\0+", "II+\0"};
    for (size_t i = 0; i < sizeof marks / sizeof *marks && n >= 4; i++)
        if (memcmp(head, marks[i], 4) == 0) return 1;
    return 0;
}

/* The tag, else XMP. */
static int read_orientation(tiff_tags *t, int *orientation)
{
    int rc = OK;
    int64_t value;
    const tiff_tag *tag = &t->tags[TIFF_TAG_ORIENTATION], *xmp = &t->tags[TIFF_TAG_XMP];
    const image_metadata text = {.xmp_at = xmp->at, .xmp_n = xmp->type == 1 || xmp->type == 7 ? xmp->count : 0};
    *orientation = 1;
    if (!tag->count) return image_metadata_orientation(t->window.source, &text, orientation);
    if (tag->type != 3 && tag->type != 4) return OK;
    TRY(tiff_value(t, TIFF_TAG_ORIENTATION, 0, 1, &value));
    *orientation = value <= 8 ? image_orientation_or_1((int)value) : 1;
done:
    return rc;
}

/* How many bytes at most are made of one. */
static int64_t largest_ratio(int64_t compression)
{
    switch (compression) {
    case TIFF_NOT_PACKED: return 1;
    case TIFF_PACKED_LZW: return 4096;
    case TIFF_PACKED_JPEG: return 64 * 8 * 4;
    case TIFF_PACKED_DEFLATE:
    case 32946: return 1032;
    case 32773: return 128;
    default: return 0;
    }
}

static int probe(const byte_source *source, image_header *out)
{
    int rc = OK;
    tiff_tags t;
    tiff_kind k;
    TRY(tiff_tags_read(source, &t));
    TRY(tiff_kind_read(&t, &k));
    out->width = k.width;
    out->height = k.height;
    const int64_t ratio = largest_ratio(k.compression);
    const double stored = (double)k.width * (double)k.height * (k.color == TIFF_YCBCR ? 8 : k.bits * k.samples) / 8;
    if (ratio > 1) out->least_bytes = (int64_t)(stored / (double)ratio);
    TRY(read_orientation(&t, &out->orientation));
done:
    return rc;
}

static int decode(const uint8_t *bytes, size_t n, const image_header *header, alpha_policy alpha, uint8_t *rgb)
{
    int rc = OK;
    const byte_source source = source_of_memory(bytes, n);
    tiff_tags t;
    tiff_kind k;
    TRY(tiff_tags_read(&source, &t));
    TRY(tiff_kind_read(&t, &k));
    if (k.compression == TIFF_NOT_PACKED)
        TRY(tiff_decode_raw(&t, &k, bytes, n, alpha, rgb));
    else
        TRY(tiff_decode_packed(&k, bytes, n, alpha, rgb));
done:
    return rc;
}

const image_format image_format_tiff = {"tiff", recognise, probe, decode, .scales = 0};
