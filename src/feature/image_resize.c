#include "feature/image_resize.h"

#include "base/memory.h"
#include "base/status.h"
#include "feature/image_pass.h"

#include <string.h>

struct image_resizer {
    const image_sum *sum;
    image_axis horizontal, vertical;
    uint8_t *between, *scratch; /* rows between the passes; scratch of the horizontal pass */
    int64_t *columns;           /* nearest: input column of each output column */
    size_t between_capacity, scratch_capacity, columns_capacity;
};

/* Rows of RGB somewhere in memory. */
typedef struct rows {
    const uint8_t *rgb;
    size_t stride; /* bytes */
    int64_t n;
} rows;

image_target image_target_of(image_fit fit, int64_t in_width, int64_t in_height, int64_t width, int64_t height)
{
    image_target t = {.full_width = width, .full_height = height, .width = width, .height = height};
    if (fit != FIT_CROP) return t;
    if (width * in_height >= height * in_width)
        t.full_height = width * in_height / in_width;
    else
        t.full_width = height * in_width / in_height;
    t.left = (t.full_width - width) / 2;
    t.top = (t.full_height - height) / 2;
    return t;
}

image_target image_target_of_edge(int64_t in_width, int64_t in_height, int64_t edge, int64_t width, int64_t height)
{
    image_target t = {.full_width = edge, .full_height = edge, .width = width, .height = height};
    if (in_width <= in_height)
        t.full_height = edge * in_height / in_width;
    else
        t.full_width = edge * in_width / in_height;
    t.left = (t.full_width - width) / 2;
    t.top = (t.full_height - height) / 2;
    return t;
}

int image_resizer_create(image_resizer **out) { return image_resizer_create_for(out, image_sum_best()); }

int image_resizer_create_for(image_resizer **out, const image_sum *sum)
{
    int rc = MEM_ALLOC(*out, 1);
    if (rc == OK) (*out)->sum = sum;
    return rc;
}

void image_resizer_free(image_resizer **r)
{
    if (!*r) return;
    image_axis_free(&(*r)->horizontal);
    image_axis_free(&(*r)->vertical);
    mem_free(&(*r)->between);
    mem_free(&(*r)->scratch);
    mem_free(&(*r)->columns);
    mem_free(r);
}

/* Pillow adds up the positions (src/libImaging/Geometry.c, ImagingScaleAffine), which rounds; so do we. -1: outside. */
static int64_t nearest_step(double *position, double scale, int64_t in)
{
    int64_t i = *position < 0.0 ? -1 : (int64_t)*position;
    *position += scale;
    return i < in ? i : -1;
}

static int nearest(image_resizer *r, const image *in, const image_target *t, uint8_t *rgb)
{
    int rc = OK;
    const double x_scale = (double)in->width / (double)t->full_width;
    const double y_scale = (double)in->height / (double)t->full_height;
    double x_at = x_scale * 0.5, y_at = y_scale * 0.5;
    TRY(MEM_GROW(r->columns, &r->columns_capacity, (size_t)t->width));
    for (int64_t x = 0; x < t->left; x++) nearest_step(&x_at, x_scale, in->width);
    for (int64_t y = 0; y < t->top; y++) nearest_step(&y_at, y_scale, in->height);
    for (int64_t x = 0; x < t->width; x++) r->columns[x] = nearest_step(&x_at, x_scale, in->width);
    memset(rgb, 0, (size_t)(t->width * t->height) * 3);
    for (int64_t y = 0; y < t->height; y++) {
        int64_t from = nearest_step(&y_at, y_scale, in->height);
        if (from < 0) continue;
        for (int64_t x = 0; x < t->width; x++)
            if (r->columns[x] >= 0)
                memcpy(rgb + (y * t->width + x) * 3, in->rgb + (from * in->width + r->columns[x]) * 3, 3);
    }
done:
    return rc;
}

/* The horizontal pass over all of `in`, to out with its own stride. */
static int pass_horizontal(image_resizer *r, const rows *in, uint8_t *out)
{
    int rc = OK;
    size_t n;
    TRY(image_pass_scratch(&r->horizontal, &n));
    TRY(MEM_GROW(r->scratch, &r->scratch_capacity, n));
    image_pass_horizontal(&r->horizontal, r->sum, in->rgb, in->stride, in->n, r->scratch, out,
                          (size_t)r->horizontal.count * 3);
done:
    return rc;
}

static int grow_between(image_resizer *r, int64_t height, int64_t width)
{
    int rc = OK;
    size_t n;
    TRY(size_mul((size_t)height, (size_t)width * 3, &n));
    TRY(MEM_GROW(r->between, &r->between_capacity, n));
done:
    return rc;
}

/* Both passes, horizontal first; only the rows that the vertical pass needs. */
static int both(image_resizer *r, const image *in, const image_target *t, uint8_t *rgb)
{
    int rc = OK;
    int64_t begin, end;
    const size_t stride = (size_t)in->width * 3, out_stride = (size_t)t->width * 3;
    image_axis_span(&r->vertical, &begin, &end);
    const rows from = {in->rgb + (size_t)begin * stride, stride, end - begin};
    TRY(grow_between(r, from.n, t->width));
    TRY(pass_horizontal(r, &from, r->between));
    image_pass_vertical(&r->vertical, r->sum, r->between, out_stride, out_stride, rgb, out_stride);
done:
    return rc;
}

static int vertical_first(image_resizer *r, const image *in, const image_target *t, uint8_t *rgb)
{
    int rc = OK;
    int64_t begin, end;
    const size_t stride = (size_t)in->width * 3;
    image_axis_span(&r->vertical, &begin, &end);
    TRY(grow_between(r, t->height, in->width));
    image_pass_vertical(&r->vertical, r->sum, in->rgb + (size_t)begin * stride, stride, stride, r->between, stride);
    TRY(pass_horizontal(r, &(rows){r->between, stride, t->height}, rgb));
done:
    return rc;
}

static int vertical_only(image_resizer *r, const image *in, const image_target *t, uint8_t *rgb)
{
    int64_t begin, end;
    const size_t stride = (size_t)in->width * 3, width = (size_t)t->width * 3;
    image_axis_span(&r->vertical, &begin, &end);
    image_pass_vertical(&r->vertical, r->sum, in->rgb + (size_t)begin * stride + (size_t)t->left * 3, stride, width,
                        rgb, width);
    return OK;
}

static int copy(const image *in, const image_target *t, uint8_t *rgb)
{
    for (int64_t y = 0; y < t->height; y++)
        memcpy(rgb + y * t->width * 3, in->rgb + ((t->top + y) * in->width + t->left) * 3, (size_t)t->width * 3);
    return OK;
}

/* Since version 13 (ImagingResampleInner) Pillow takes the vertical pass first where the height loses more than twice
 * as many pixels as the width. */
static int is_vertical_first(const image *in, const image_target *t)
{
    const int64_t lost = in->height - t->full_height;
    return lost > 0 && lost > (in->width - t->full_width) * 2;
}

int image_resizer_run(image_resizer *r, const image *in, const image_target *target, image_filter filter, uint8_t *rgb)
{
    int rc = OK;
    const image_target *t = target;
    const int across = t->full_width != in->width, down = t->full_height != in->height;
    if (!across && !down) return copy(in, t, rgb);
    if (filter == FILTER_NEAREST) return nearest(r, in, t, rgb);
    if (across) TRY(image_axis_prepare(&r->horizontal, in->width, t->full_width, t->left, t->width, filter));
    if (down) TRY(image_axis_prepare(&r->vertical, in->height, t->full_height, t->top, t->height, filter));
    if (across && down) {
        if (is_vertical_first(in, t))
            TRY(vertical_first(r, in, t, rgb));
        else
            TRY(both(r, in, t, rgb));
    } else if (across) {
        const size_t stride = (size_t)in->width * 3;
        TRY(pass_horizontal(r, &(rows){in->rgb + (size_t)t->top * stride, stride, t->height}, rgb));
    } else {
        TRY(vertical_only(r, in, t, rgb));
    }
done:
    return rc;
}
