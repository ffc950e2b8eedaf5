#include "decode/image_orient.h"

#include "base/memory.h"
#include "base/status.h"

#include <string.h>

static void swap_pixels(uint8_t *a, uint8_t *b)
{
    uint8_t t[3];
    memcpy(t, a, 3);
    memcpy(a, b, 3);
    memcpy(b, t, 3);
}

static void flip_left_right(image *m)
{
    for (int64_t y = 0; y < m->height; y++) {
        uint8_t *left = m->rgb + y * m->width * 3, *right = left + (m->width - 1) * 3;
        for (; left < right; left += 3, right -= 3) swap_pixels(left, right);
    }
}

static void flip_top_bottom(image *m)
{
    size_t row = (size_t)m->width * 3;
    for (int64_t y = 0; y < m->height / 2; y++) {
        uint8_t *top = m->rgb + (size_t)y * row, *bottom = m->rgb + (size_t)(m->height - 1 - y) * row;
        for (size_t i = 0; i < row; i++) {
            uint8_t t = top[i];
            top[i] = bottom[i];
            bottom[i] = t;
        }
    }
}

/* out(x, y) = in(y, x), in tiles so that both sides stay in the cache. */
static int transpose(image *m)
{
    enum { TILE = 32 };
    int rc = OK;
    image out;
    TRY(image_create(m->height, m->width, &out));
    for (int64_t y0 = 0; y0 < out.height; y0 += TILE) {
        int64_t y1 = y0 + TILE < out.height ? y0 + TILE : out.height;
        for (int64_t x0 = 0; x0 < out.width; x0 += TILE) {
            int64_t x1 = x0 + TILE < out.width ? x0 + TILE : out.width;
            for (int64_t y = y0; y < y1; y++)
                for (int64_t x = x0; x < x1; x++)
                    memcpy(out.rgb + (y * out.width + x) * 3, m->rgb + (x * m->width + y) * 3, 3);
        }
    }
    image_free(m);
    *m = out;
done:
    return rc;
}

int image_orient(image *m, int orientation)
{
    int rc = OK;
    /* Every orientation is an optional transposition and then flips: 6 is in(y, H-1-x), that is transpose, left-right.
     */
    if (orientation >= 5) TRY(transpose(m));
    if (orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7) flip_left_right(m);
    if (orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8) flip_top_bottom(m);
done:
    return rc;
}
