/* The chunks of a PNG file (W3C PNG, third edition, section 5). Private to src/decode. Local. */
#pragma once

#include "decode/image_format.h"

enum { PNG_SIGNATURE = 8, PNG_CHUNK_AROUND = 12 }; /* length, type and checksum around a chunk's data */

typedef struct png_chunk {
    int64_t at;     /* of its length field in the file */
    int64_t length; /* of its data, which starts at at + 8 */
    char type[5];
} png_chunk;

/* The chunk at `at`. ERR_FORMAT where the file ends inside it; ERR_ENVIRONMENT, ERR_CHANGED. */
int png_chunk_at(image_window *w, int64_t at, png_chunk *out);

static inline int64_t png_chunk_next(const png_chunk *c) { return c->at + PNG_CHUNK_AROUND + c->length; }

/* Whether the file is whole: chunks up to IEND, each with the right checksum. ERR_FORMAT. */
int png_check(const uint8_t *bytes, size_t n);

/* The orientation that eXIf, a raw EXIF profile in a text chunk, or XMP in a text chunk asks for, wherever in the
 * file; 1..8. A file that ends early is no error here. ERR_ENVIRONMENT, ERR_CHANGED, ERR_MEMORY. */
int png_orientation(const byte_source *source, int *orientation);
