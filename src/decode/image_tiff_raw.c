#include "decode/image_tiff_block.h"

#include "base/memory.h"
#include "base/status.h"

#include <string.h>

void tiff_block_place(const tiff_grid *g, const tiff_kind *k, int64_t i, tiff_block *out)
{
    out->x = i % g->across * g->width;
    out->y = i / g->across * g->height;
    out->w = k->width - out->x < g->width ? k->width - out->x : g->width;
    out->h = k->height - out->y < g->height ? k->height - out->y : g->height;
}

void tiff_block_draw(const tiff_block *b, const tiff_kind *k, alpha_policy alpha, uint8_t *scratch, uint8_t *rgb)
{
    const int step = k->bits / 8;
    for (int64_t y = 0; y < b->h; y++) {
        const uint8_t *row = b->planes[0] + y * b->stride;
        for (int s = 0; s < b->n_planes && b->n_planes > 1; s++)
            for (int64_t x = 0; x < b->w; x++)
                memcpy(scratch + (x * b->n_planes + s) * step, b->planes[s] + y * b->stride + x * step, (size_t)step);
        tiff_row_to_rgb(k, b->n_planes > 1 ? scratch : row, b->w, alpha, rgb + ((b->y + y) * k->width + b->x) * 3);
    }
}

/* Uncompressed samples that Pillow does not read with their bits in the other order; and those of most kinds that it
 * reads wrongly in planes of their own. */
static int check_layout(const tiff_kind *k)
{
    int rc = OK;
    if (k->flipped && ((k->photometric == 0 && k->bits == 8) || (k->photometric == 3 && k->bits < 8)))
        FAIL(ERR_UNSUPPORTED, "uncompressed TIFF of this kind with fill order 2 is not supported yet");
    if (!k->planar) return OK;
    const int lone = k->samples == 1 && k->photometric != 0 && (k->bits == 8 || (k->bits == 1 && k->photometric == 1));
    const int many = k->samples > 1 && k->bits == 8 && k->alpha != TIFF_PREMULTIPLIED &&
                     k->samples == (k->color == TIFF_CMYK || k->alpha ? 4 : 3);
    if (k->flipped || k->color == TIFF_GREY || (!lone && !many))
        FAIL(ERR_UNSUPPORTED, "TIFF with uncompressed planes of this kind is not supported yet");
done:
    return rc;
}

static int read_grid(tiff_tags *t, const tiff_kind *k, tiff_name *offsets, tiff_grid *g)
{
    int rc = OK;
    const int strips = tiff_count(t, TIFF_TAG_STRIP_OFFSETS) > 0;
    *offsets = strips ? TIFF_TAG_STRIP_OFFSETS : TIFF_TAG_TILE_OFFSETS;
    g->width = k->width;
    if (strips) {
        TRY(tiff_value(t, TIFF_TAG_ROWS_PER_STRIP, 0, k->height, &g->height));
    } else {
        TRY(tiff_value(t, TIFF_TAG_TILE_WIDTH, 0, 0, &g->width));
        TRY(tiff_value(t, TIFF_TAG_TILE_HEIGHT, 0, 0, &g->height));
    }
    if (g->width < 1 || g->height < 1 || g->width > INT32_MAX) FAIL(ERR_FORMAT, "TIFF: strips or tiles without size");
    if (g->height > k->height && strips) g->height = k->height;
    if (g->height > INT32_MAX) FAIL(ERR_FORMAT, "TIFF: tiles of %lld rows", (long long)g->height);
    g->across = (k->width + g->width - 1) / g->width;
    g->down = (k->height + g->height - 1) / g->height;
    g->planes = k->planar ? k->samples : 1;
done:
    return rc;
}

/* Rows of a block at `offset`, of which the last needs no more bytes than it has pixels in the picture. */
static int check_block(const tiff_kind *k, int64_t offset, const tiff_block *b, size_t n)
{
    int rc = OK;
    const int64_t bits = (int64_t)k->bits * (b->n_planes > 1 ? 1 : k->samples), last = (b->w * bits + 7) / 8;
    if (offset > (int64_t)n || (int64_t)n - offset < last || ((int64_t)n - offset - last) / b->stride < b->h - 1)
        FAIL(ERR_FORMAT, "TIFF: the picture ends early");
done:
    return rc;
}

static int draw_block(tiff_tags *t, const tiff_kind *k, const tiff_grid *g, tiff_name offsets, int64_t i,
                      const uint8_t *bytes, size_t n, alpha_policy alpha, uint8_t *scratch, uint8_t *rgb)
{
    int rc = OK;
    tiff_block b = {.n_planes = g->planes};
    const int64_t bits = (int64_t)k->bits * (g->planes > 1 ? 1 : k->samples), per_plane = g->across * g->down;
    const int64_t count = tiff_count(t, offsets);
    tiff_block_place(g, k, i, &b);
    b.stride = (g->width * bits + 7) / 8;
    for (int s = 0; s < g->planes; s++) {
        int64_t offset, at = i + s * per_plane;
        if (per_plane == 1 && g->planes == 1) at = count - 1; /* of several that are the whole picture, the last */
        TRY(tiff_value(t, offsets, at, 0, &offset));
        TRY(check_block(k, offset, &b, n));
        b.planes[s] = bytes + offset;
    }
    tiff_block_draw(&b, k, alpha, scratch, rgb);
done:
    return rc;
}

int tiff_decode_raw(tiff_tags *t, const tiff_kind *k, const uint8_t *bytes, size_t n, alpha_policy alpha, uint8_t *rgb)
{
    int rc = OK;
    tiff_grid g;
    tiff_name offsets;
    uint8_t *scratch = NULL;
    TRY(check_layout(k));
    TRY(read_grid(t, k, &offsets, &g));
    const int64_t count = tiff_count(t, offsets), per_plane = g.across * g.down;
    if (count < 1) FAIL(ERR_FORMAT, "TIFF: neither strips nor tiles");
    if (count != per_plane * g.planes && (per_plane > 1 || g.planes > 1))
        FAIL(ERR_FORMAT, "TIFF: %lld strips or tiles in place of %lld", (long long)count,
             (long long)(per_plane * g.planes));
    if (g.planes > 1) TRY(MEM_ALLOC(scratch, (size_t)(g.width * k->samples)));
    for (int64_t i = 0; i < per_plane; i++) TRY(draw_block(t, k, &g, offsets, i, bytes, n, alpha, scratch, rgb));
done:
    mem_free(&scratch);
    return rc;
}
