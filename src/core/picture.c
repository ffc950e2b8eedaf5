#include "core/picture.h"

#include "base/memory.h"
#include "base/status.h"

struct picture {
    const image_options *o;
    const projection *map;
    image_patcher *patcher;
    int64_t raw_width, rows, columns;
    float *raw, *projected;
    uint8_t *bytes; /* of a file that was too large to be read ahead */
    size_t capacity;
};

int picture_create(picture **out, const image_options *o, const projection *map)
{
    int rc = OK;
    picture *p = NULL;
    image_patch_options patch;
    *out = NULL;
    TRY(MEM_ALLOC(p, 1));
    p->o = o;
    p->map = map;
    image_patch_options_from(o, &patch);
    TRY(image_patcher_create(&p->patcher, &patch));
    p->raw_width = image_patcher_width(p->patcher);
    image_patcher_grid(p->patcher, &p->rows, &p->columns);
    if (p->rows < 1 || p->columns < 1)
        FAIL(ERR_CONFIG, "image.patch (%lld) is larger than the picture (%lld x %lld)", (long long)o->patch,
             (long long)o->width, (long long)o->height);
    if (map && projection_inputs(map) != p->raw_width)
        FAIL(ERR_CONFIG, "image.projection takes %lld values, a patch has %lld", (long long)projection_inputs(map),
             (long long)p->raw_width);
    TRY(MEM_ALLOC(p->raw, (size_t)(p->rows * p->columns * p->raw_width)));
    if (map) TRY(MEM_ALLOC(p->projected, (size_t)(p->rows * p->columns * projection_outputs(map))));
    *out = p;
    p = NULL;
done:
    picture_free(&p);
    return rc;
}

void picture_free(picture **pp)
{
    picture *p = *pp;
    if (!p) return;
    image_patcher_free(&p->patcher);
    mem_free(&p->raw);
    mem_free(&p->projected);
    mem_free(&p->bytes);
    mem_free(pp);
}

int64_t picture_raw_width(const picture *p) { return p->raw_width; }

int64_t picture_width(const picture *p) { return p->map ? projection_outputs(p->map) : p->raw_width; }

void picture_grid(const picture *p, int64_t *rows, int64_t *columns)
{
    *rows = p->rows;
    *columns = p->columns;
}

static int decode(picture *p, const byte_source *source, image *out)
{
    int rc = OK;
    const uint8_t *bytes = source->bytes;
    image_limits limits = {.max_pixels = p->o->max_pixels};
    if (!bytes) {
        size_t got;
        TRY(MEM_GROW(p->bytes, &p->capacity, (size_t)source->size));
        TRY(source_read(source, 0, p->bytes, (size_t)source->size, &got));
        if (got != (size_t)source->size) FAIL(ERR_CHANGED, "the file shrank while it was read");
        bytes = p->bytes;
    }
    TRY(image_decode(bytes, (size_t)source->size, &limits, p->o->alpha, out));
done:
    return rc;
}

int picture_run(picture *p, const byte_source *source, int raw, const float **x)
{
    int rc = OK;
    image m = {0};
    TRY(decode(p, source, &m));
    TRY(image_patcher_run(p->patcher, &m, p->raw));
    *x = p->raw;
    if (p->map && !raw) {
        projection_run(p->map, p->raw, p->rows * p->columns, p->projected);
        *x = p->projected;
    }
done:
    image_free(&m);
    return rc;
}

int picture_pixels(picture *p, const byte_source *source, image *out)
{
    int rc = OK;
    image m = {0};
    *out = (image){.width = p->o->width, .height = p->o->height};
    TRY(decode(p, source, &m));
    TRY(mem_alloc((void **)&out->rgb, (size_t)(out->width * out->height), 3));
    TRY(image_patcher_pixels(p->patcher, &m, out->rgb));
done:
    image_free(&m);
    if (rc != OK) image_free(out);
    return rc;
}
