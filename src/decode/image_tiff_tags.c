/* Which tags count follows Pillow (TiffImagePlugin.py, ImageFileDirectory_v2.load): the first of a name that can be
 * read, and no more data outside the directory than the file is long. */
#include "decode/image_tiff_tags.h"

#include "base/status.h"

#include <string.h>

/* In the order of tiff_name. */
static const uint16_t numbers[TIFF_TAG_NAMES] = {256, 257, 258, 259, 262, 266, 273, 274, 277, 278,
                                                 284, 320, 322, 323, 324, 338, 339, 530, 700, 0xBC01};

typedef struct directory {
    int big; /* BigTIFF: numbers of 8 bytes */
    int64_t at, n_entries;
    int64_t outside; /* bytes of data that are not in entries so far */
} directory;

static uint32_t u16(const tiff_tags *t, const uint8_t *p) { return t->big_endian ? image_u16be(p) : image_u16le(p); }
static uint32_t u32(const tiff_tags *t, const uint8_t *p) { return t->big_endian ? image_u32be(p) : image_u32le(p); }

/* INT64_MAX for what is larger. */
static int64_t u64(const tiff_tags *t, const uint8_t *p)
{
    uint64_t high = u32(t, t->big_endian ? p : p + 4), low = u32(t, t->big_endian ? p + 4 : p);
    uint64_t v = high << 32 | low;
    return v > INT64_MAX ? INT64_MAX : (int64_t)v;
}

static int64_t size_of_type(uint32_t type)
{
    static const uint8_t sizes[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8};
    return type < sizeof sizes ? sizes[type] : 0;
}

/* A big-endian BigTIFF is not told from a small one by Pillow, and so not read. */
static int read_head(tiff_tags *t, directory *d)
{
    int rc = OK;
    const uint8_t *p;
    TRY(image_window_get(&t->window, 0, 8, &p));
    t->big_endian = p[0] == 'M';
    d->big = p[2] == 43;
    if (t->big_endian && p[3] == 43) FAIL(ERR_UNSUPPORTED, "big-endian BigTIFF is not supported yet");
    t->directory = u32(t, p + 4);
    if (d->big) {
        TRY(image_window_get(&t->window, 8, 8, &p));
        t->directory = u64(t, p);
    }
    if (t->directory == 0) FAIL(ERR_FORMAT, "TIFF: no picture in it");
    if (t->directory > t->window.source->size - 2) FAIL(ERR_FORMAT, "the file ends inside its header");
    TRY(image_window_get(&t->window, t->directory, d->big ? 8 : 2, &p));
    d->n_entries = d->big ? u64(t, p) : u16(t, p);
    d->at = t->directory + (d->big ? 8 : 2);
done:
    return rc;
}

static int name_of(uint32_t number)
{
    int i = 0;
    while (i < TIFF_TAG_NAMES && numbers[i] != number) i++;
    return i;
}

/* *going = 0: the file ends before the data of the entry at *d. */
static int read_entry(tiff_tags *t, directory *d, int *going)
{
    int rc = OK;
    const uint8_t *p;
    const int64_t here = d->big ? 8 : 4, size = t->window.source->size;
    TRY(image_window_get(&t->window, d->at, d->big ? 20 : 12, &p));
    const uint32_t number = u16(t, p), type = u16(t, p + 2);
    const int64_t unit = size_of_type(type), count = d->big ? u64(t, p + 4) : u32(t, p + 4);
    const int name = name_of(number);
    if (unit == 0 || count == 0 || (name < TIFF_TAG_NAMES && t->tags[name].count)) return OK;
    tiff_tag tag = {.type = type, .count = count, .at = d->at + (d->big ? 12 : 8)};
    if (count > here / unit) {
        if (count > size || d->outside + count * unit > size) {
            d->outside = size; /* nothing more fits */
            return OK;
        }
        d->outside += count * unit;
        tag.at = d->big ? u64(t, p + 12) : u32(t, p + 8);
        if (tag.at > size - count * unit) {
            if (name < TIFF_TAG_XMP) FAIL(ERR_FORMAT, "the file ends inside its header");
            *going = 0;
            return OK;
        }
    }
    if (name < TIFF_TAG_NAMES) t->tags[name] = tag;
done:
    return rc;
}

int tiff_tags_read(const byte_source *source, tiff_tags *out)
{
    int rc = OK, going = 1;
    directory d = {0};
    *out = (tiff_tags){.window.source = source};
    TRY(read_head(out, &d));
    const int64_t entry = d.big ? 20 : 12;
    for (int64_t i = 0; i < d.n_entries && going; i++, d.at += entry) {
        if (source->size - d.at < entry) FAIL(ERR_FORMAT, "the file ends inside its header");
        TRY(read_entry(out, &d, &going));
    }
done:
    return rc;
}

int64_t tiff_count(const tiff_tags *t, tiff_name name) { return t->tags[name].count; }

int tiff_value(tiff_tags *t, tiff_name name, int64_t i, int64_t missing, int64_t *value)
{
    int rc = OK;
    const tiff_tag *tag = &t->tags[name];
    const uint8_t *p;
    *value = missing;
    if (tag->count == 0) return OK;
    const int64_t unit = size_of_type(tag->type);
    if (i >= tag->count) FAIL(ERR_FORMAT, "TIFF: tag %d has too few values", numbers[name]);
    TRY(image_window_get(&t->window, tag->at + i * unit, (size_t)unit, &p));
    switch (tag->type) {
    case 3: *value = u16(t, p); break;
    case 4:
    case 13: *value = u32(t, p); break;
    case 16: *value = u64(t, p); break;
    default: FAIL(ERR_FORMAT, "TIFF: tag %d is of type %lu", numbers[name], (unsigned long)tag->type);
    }
done:
    return rc;
}
