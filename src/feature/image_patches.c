#include "feature/image_patches.h"

#include "base/memory.h"
#include "base/status.h"

#include <math.h>

enum { MAX_PATCH = 4096, MAX_SIDE = 1 << 15 };

struct image_patcher {
    image_patch_options o;
    int64_t channels, rows, columns;
    image_resizer *resizer;
    uint8_t *pixels;     /* (height, width, 3) */
    float value[3][256]; /* of each byte, for each channel */
};

image_patch_options image_patch_defaults(void)
{
    return (image_patch_options){.size = 16,
                                 .fit = FIT_SQUASH,
                                 .filter = FILTER_BICUBIC,
                                 .width = 224,
                                 .height = 224,
                                 .rescale = 1.0 / 255,
                                 .std = {1, 1, 1}};
}

static int check_options(const image_patch_options *o)
{
    int rc = OK;
    if (o->width < 1 || o->height < 1 || o->width > MAX_SIDE || o->height > MAX_SIDE)
        FAIL(ERR_CONFIG, "pictures of %lld x %lld pixels, allowed are 1 to %d", (long long)o->width,
             (long long)o->height, MAX_SIDE);
    if (o->size < 1 || o->size > MAX_PATCH || o->size > o->width || o->size > o->height)
        FAIL(ERR_CONFIG, "patches of %lld pixels in pictures of %lld x %lld", (long long)o->size, (long long)o->width,
             (long long)o->height);
    if (o->fit < 0 || o->fit >= FIT_END || o->filter < 0 || o->filter >= FILTER_END)
        FAIL(ERR_CONFIG, "fit %d or filter %d is not known", o->fit, o->filter);
    if (o->edge && (o->edge < o->width || o->edge < o->height || o->edge > MAX_SIDE))
        FAIL(ERR_CONFIG, "the shorter side is resized to %lld pixels, and %lld x %lld are kept", (long long)o->edge,
             (long long)o->width, (long long)o->height);
    if (!isfinite(o->rescale)) FAIL(ERR_CONFIG, "rescale is not a finite number");
    for (int c = 0; c < 3; c++)
        if (!isfinite(o->mean[c]) || !isfinite(o->std[c]) || (float)o->std[c] == 0)
            FAIL(ERR_CONFIG, "mean and std must be finite numbers, std not 0");
done:
    return rc;
}

/* As the image processors of transformers: the product in double, rounded once; the rest in float
 * (image_transforms.py). */
static void fill_values(image_patcher *p)
{
    for (int c = 0; c < 3; c++)
        for (int v = 0; v < 256; v++) {
            float x = (float)((double)v * p->o.rescale);
            p->value[c][v] = (x - (float)p->o.mean[c]) / (float)p->o.std[c];
        }
}

int image_patcher_create(image_patcher **out, const image_patch_options *o)
{
    int rc = OK;
    image_patcher *p = NULL;
    *out = NULL;
    TRY(check_options(o));
    TRY(MEM_ALLOC(p, 1));
    p->o = *o;
    p->channels = o->grey ? 1 : 3;
    p->rows = o->height / o->size;
    p->columns = o->width / o->size;
    fill_values(p);
    TRY(image_resizer_create(&p->resizer));
    TRY(mem_alloc((void **)&p->pixels, (size_t)(o->width * o->height), 3));
    *out = p;
    p = NULL;
done:
    image_patcher_free(&p);
    return rc;
}

void image_patcher_free(image_patcher **p)
{
    if (!*p) return;
    image_resizer_free(&(*p)->resizer);
    mem_free(&(*p)->pixels);
    mem_free(p);
}

int64_t image_patcher_width(const image_patcher *p) { return p->channels * p->o.size * p->o.size; }

void image_patcher_grid(const image_patcher *p, int64_t *rows, int64_t *columns)
{
    *rows = p->rows;
    *columns = p->columns;
}

static uint8_t grey_of(const uint8_t *rgb)
{
    return (uint8_t)((19595U * rgb[0] + 38470U * rgb[1] + 7471U * rgb[2] + 32768U) >> 16);
}

image_target image_patcher_target(const image_patcher *p, int64_t width, int64_t height)
{
    const image_patch_options *o = &p->o;
    if (o->fit == FIT_CROP && o->edge) return image_target_of_edge(width, height, o->edge, o->width, o->height);
    return image_target_of((image_fit)o->fit, width, height, o->width, o->height);
}

static int resize(image_patcher *p, const image *m, uint8_t *out)
{
    const image_target t = image_patcher_target(p, m->width, m->height);
    return image_resizer_run(p->resizer, m, &t, (image_filter)p->o.filter, out);
}

/* One row of pixels of one patch. */
static void fill_row(const image_patcher *p, const uint8_t *rgb, float *out)
{
    const int64_t n = p->o.size, plane = n * n;
    if (p->channels == 1) {
        for (int64_t x = 0; x < n; x++) out[x] = p->value[0][grey_of(rgb + 3 * x)];
        return;
    }
    for (int64_t x = 0; x < n; x++)
        for (int c = 0; c < 3; c++) out[c * plane + x] = p->value[c][rgb[3 * x + c]];
}

int image_patcher_run(image_patcher *p, const image *m, float *out)
{
    int rc = OK;
    const int64_t n = p->o.size, width = image_patcher_width(p);
    TRY(resize(p, m, p->pixels));
    for (int64_t y = 0; y < p->rows * n; y++)
        for (int64_t column = 0; column < p->columns; column++)
            fill_row(p, p->pixels + (y * p->o.width + column * n) * 3,
                     out + (y / n * p->columns + column) * width + y % n * n);
done:
    return rc;
}

int image_patcher_pixels(image_patcher *p, const image *m, uint8_t *out)
{
    int rc = OK;
    TRY(resize(p, m, out));
    for (int64_t i = 0; p->o.grey && i < p->o.width * p->o.height; i++) {
        uint8_t grey = grey_of(out + 3 * i);
        for (int c = 0; c < 3; c++) out[3 * i + c] = grey;
    }
done:
    return rc;
}
