#include "decode/image_exif.h"

#include "base/memory.h"
#include "base/status.h"
#include "decode/image_format.h"

#include <string.h>

enum { TAG_ORIENTATION = 0x0112, IFD_ENTRY = 12 };

/* A TIFF block inside a source (TIFF 6.0, section 2). */
typedef struct tiff {
    image_window window;
    int64_t at, n;
    int big_endian;
} tiff;

static uint32_t u16(const tiff *t, const uint8_t *p) { return t->big_endian ? image_u16be(p) : image_u16le(p); }
static uint32_t u32(const tiff *t, const uint8_t *p) { return t->big_endian ? image_u32be(p) : image_u32le(p); }

/* n bytes at `offset` of the block; *out = NULL where the block is shorter. */
static int block_get(tiff *t, int64_t offset, size_t n, const uint8_t **out)
{
    *out = NULL;
    if (offset < 0 || offset > t->n || t->n - offset < (int64_t)n) return OK;
    return image_window_get(&t->window, t->at + offset, n, out);
}

/* Where IFD0 is; 0: not a TIFF block. The two byte orders of the number 42 are both met in either byte order. */
static int block_open(tiff *t, int64_t *ifd)
{
    int rc = OK;
    const uint8_t *p;
    *ifd = 0;
    for (int i = 0; i < 2; i++) {
        TRY(block_get(t, 0, 6, &p));
        if (!p || memcmp(p, "Exif\0", 6) != 0) break;
        t->at += 6;
        t->n -= 6;
    }
    TRY(block_get(t, 0, 8, &p));
    if (!p) return OK;
    t->big_endian = p[0] == 'M';
    if (memcmp(p, "II", 2) != 0 && memcmp(p, "MM", 2) != 0) return OK;
    if (memcmp(p + 2, "*\0", 2) != 0 && memcmp(p + 2, "\0*", 2) != 0) return OK;
    *ifd = u32(t, p + 4);
done:
    return rc;
}

/* First value of an entry of a whole-number type; -1 for other types. *size: bytes of one value. */
static int64_t whole_number(const tiff *t, uint32_t type, const uint8_t *p)
{
    switch (type) {
    case 3: return u16(t, p);
    case 4:
    case 13: return u32(t, p);
    case 6: return (int8_t)p[0];
    case 8: return (int16_t)u16(t, p);
    case 9: return (int32_t)u32(t, p);
    default: return -1;
    }
}

static size_t size_of_type(uint32_t type)
{
    static const uint8_t sizes[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4};
    return type < sizeof sizes ? sizes[type] : 0;
}

static int entry_value(tiff *t, const uint8_t entry[IFD_ENTRY], int *value)
{
    int rc = OK;
    uint32_t type = u16(t, entry + 2), count = u32(t, entry + 4);
    uint64_t size = (uint64_t)count * size_of_type(type);
    const uint8_t *p = entry + 8;
    if (size == 0) return OK;
    if (size > 4) {
        int64_t offset = u32(t, p);
        if (size > (uint64_t)t->n || offset > t->n - (int64_t)size) return OK;
        TRY(block_get(t, offset, size < 8 ? (size_t)size : 8, &p));
        if (!p) return OK;
    }
    int64_t v = whole_number(t, type, p);
    *value = v >= 0 && v <= 0xffff ? (int)v : 0;
done:
    return rc;
}

int image_exif_orientation(const byte_source *source, int64_t at, int64_t n, int *value)
{
    int rc = OK;
    tiff t = {.window.source = source, .at = at, .n = n};
    const uint8_t *p;
    uint8_t entry[IFD_ENTRY];
    int64_t ifd;
    *value = -1;
    TRY(block_open(&t, &ifd));
    TRY(block_get(&t, ifd, 2, &p));
    if (ifd == 0 || !p) return OK;
    uint32_t count = u16(&t, p);
    for (uint32_t i = 0; i < count && *value < 0; i++) { /* the first that can be read counts */
        TRY(block_get(&t, ifd + 2 + (int64_t)i * IFD_ENTRY, IFD_ENTRY, &p));
        if (!p) break;
        if (u16(&t, p) != TAG_ORIENTATION) continue;
        memcpy(entry, p, sizeof entry);
        TRY(entry_value(&t, entry, value));
    }
done:
    return rc;
}

int image_xmp_orientation(const uint8_t *text, size_t n)
{
    static const char name[] = "tiff:Orientation";
    const size_t length = sizeof name - 1;
    const uint8_t *p = text, *end = text + n;
    while (p && p < end && (p = memmem(p, (size_t)(end - p), name, length))) {
        p += length;
        if (end - p >= 3 && p[0] == '=' && p[1] == '"' && p[2] >= '0' && p[2] <= '9') return p[2] - '0';
        if (end - p >= 2 && p[0] == '>' && p[1] >= '0' && p[1] <= '9') return p[1] - '0';
    }
    return -1;
}

int image_orientation_or_1(int value) { return value >= 1 && value <= 8 ? value : 1; }

int image_metadata_orientation(const byte_source *source, const image_metadata *m, int *orientation)
{
    int rc = OK, value = -1;
    uint8_t *text = NULL;
    size_t got;
    *orientation = 1;
    if (m->exif_n > 0) TRY(image_exif_orientation(source, m->exif_at, m->exif_n, &value));
    if (value < 0 && m->xmp_n > 0 && m->xmp_n <= IMAGE_TEXT_LIMIT) {
        TRY(MEM_ALLOC(text, (size_t)m->xmp_n));
        TRY(source_read(source, m->xmp_at, text, (size_t)m->xmp_n, &got));
        value = image_xmp_orientation(text, got);
    }
    *orientation = image_orientation_or_1(value);
done:
    mem_free(&text);
    return rc;
}
