#include "decode/image_png_chunks.h"

#include "base/status.h"

#include <string.h>

#include <zlib.h>

int png_chunk_at(image_window *w, int64_t at, png_chunk *out)
{
    int rc = OK;
    const uint8_t *p;
    *out = (png_chunk){.at = at};
    if (w->source->size - at < PNG_CHUNK_AROUND) FAIL(ERR_FORMAT, "PNG: the file ends before its last chunk");
    TRY(image_window_get(w, at, 8, &p));
    out->length = image_u32be(p);
    memcpy(out->type, p + 4, 4);
    if (out->length > w->source->size - at - PNG_CHUNK_AROUND) FAIL(ERR_FORMAT, "PNG: the file ends inside a chunk");
done:
    return rc;
}

int png_check(const uint8_t *bytes, size_t n)
{
    int rc = OK;
    const byte_source source = source_of_memory(bytes, n);
    image_window w = {.source = &source};
    png_chunk c = {0};
    for (int64_t at = PNG_SIGNATURE; strcmp(c.type, "IEND") != 0; at = png_chunk_next(&c)) {
        TRY(png_chunk_at(&w, at, &c));
        const uint8_t *p = bytes + c.at + 4;
        uint32_t crc = (uint32_t)crc32_z(0, p, (size_t)c.length + 4);
        if (crc != image_u32be(p + 4 + c.length)) FAIL(ERR_FORMAT, "PNG: a chunk with a wrong checksum");
    }
done:
    return rc;
}
