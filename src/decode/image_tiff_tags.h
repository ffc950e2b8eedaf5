/* The tags of the first picture of a TIFF file. Private to src/decode. Local. */
#pragma once

#include "decode/image_format.h"

typedef enum tiff_name {
    TIFF_TAG_WIDTH,
    TIFF_TAG_HEIGHT,
    TIFF_TAG_BITS,
    TIFF_TAG_COMPRESSION,
    TIFF_TAG_PHOTOMETRIC,
    TIFF_TAG_FILL_ORDER,
    TIFF_TAG_STRIP_OFFSETS,
    TIFF_TAG_ORIENTATION,
    TIFF_TAG_SAMPLES,
    TIFF_TAG_ROWS_PER_STRIP,
    TIFF_TAG_PLANAR,
    TIFF_TAG_COLOR_MAP,
    TIFF_TAG_TILE_WIDTH,
    TIFF_TAG_TILE_HEIGHT,
    TIFF_TAG_TILE_OFFSETS,
    TIFF_TAG_EXTRA_SAMPLES,
    TIFF_TAG_SAMPLE_FORMAT,
    TIFF_TAG_SUBSAMPLING,
    TIFF_TAG_XMP,
    TIFF_TAG_PHOTO_CONTAINER, /* of Windows Media Photo */
    TIFF_TAG_NAMES
} tiff_name;

typedef struct tiff_tag {
    uint32_t type;
    int64_t count, at; /* values, and where they are in the file; 0 values: no such tag */
} tiff_tag;

typedef struct tiff_tags {
    image_window window;
    int big_endian;
    int64_t directory; /* where it is in the file */
    tiff_tag tags[TIFF_TAG_NAMES];
} tiff_tags;

/* Which tags there are. One that no pixel needs, with data behind the end of the file, ends them, as in Pillow.
 * ERR_FORMAT, ERR_UNSUPPORTED (a kind of header that Pillow does not read), ERR_ENVIRONMENT, ERR_CHANGED. */
int tiff_tags_read(const byte_source *source, tiff_tags *out);

int64_t tiff_count(const tiff_tags *t, tiff_name name);

/* Value i of a tag of whole numbers; `missing` where there is no such tag, and then i does not matter. ERR_FORMAT when
 * it has no value i or its type is another, ERR_ENVIRONMENT, ERR_CHANGED. */
int tiff_value(tiff_tags *t, tiff_name name, int64_t i, int64_t missing, int64_t *value);
