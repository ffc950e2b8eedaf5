#include "core/picture.h"

#include "base/memory.h"
#include "base/status.h"
#include "core/core_feature.h"

struct picture {
    const image_options *o;
    const core_model *model; /* NULL: patches */
    const projection *map;
    image_patch_options patch;
    image_patcher *patcher;
    int64_t raw_width, patch_rows, patch_columns;
    float *raw, *projected;
    encode_batch *batch;
    uint8_t *bytes; /* of a file that was too large to be read ahead */
    size_t capacity;
    const filter_options *measures; /* NULL: nothing is measured */
    picture_content content;
};

static int check_options(const picture *p)
{
    int rc = OK;
    if (p->patch_rows < 1 || p->patch_columns < 1)
        FAIL(ERR_CONFIG, "image.patch (%lld) is larger than the picture (%lld x %lld)", (long long)p->patch.size,
             (long long)p->patch.width, (long long)p->patch.height);
    if (p->map && projection_inputs(p->map) != p->raw_width)
        FAIL(ERR_CONFIG, "image.projection takes %lld values, a patch has %lld", (long long)projection_inputs(p->map),
             (long long)p->raw_width);
done:
    return rc;
}

int picture_create(picture **out, const image_options *o, const core_model *m, const projection *map)
{
    int rc = OK;
    picture *p = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(p, 1));
    p->o = o;
    p->model = m && m->encoder ? m : NULL;
    p->map = map;
    image_patch_options_from(o, p->model, &p->patch);
    TRY(image_patcher_create(&p->patcher, &p->patch));
    p->raw_width = image_vector_width(o, p->model);
    image_patcher_grid(p->patcher, &p->patch_rows, &p->patch_columns);
    TRY(check_options(p));
    int64_t n = p->patch_rows * p->patch_columns;
    TRY(MEM_ALLOC(p->raw, (size_t)(n * image_patcher_width(p->patcher))));
    if (map) TRY(MEM_ALLOC(p->projected, (size_t)(n * projection_outputs(map))));
    if (p->model) TRY(encode_batch_create(&p->batch, p->model, n));
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
    encode_batch_free(&p->batch);
    mem_free(&p->bytes);
    mem_free(pp);
}

int64_t picture_raw_width(const picture *p) { return p->raw_width; }

int64_t picture_width(const picture *p) { return p->map ? projection_outputs(p->map) : p->raw_width; }

void picture_grid(const picture *p, int64_t *rows, int64_t *columns) { image_grid(p->o, p->model, rows, columns); }

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
    if (!p->o->scale_on_decode) {
        TRY(image_decode(bytes, (size_t)source->size, &limits, p->o->alpha, out));
        goto done;
    }
    const byte_source memory = source_of_memory(bytes, (size_t)source->size);
    image_info info;
    TRY(image_probe(&memory, &info));
    const image_target t = image_patcher_target(p->patcher, info.width, info.height);
    TRY(image_decode_for(bytes, (size_t)source->size, &limits, p->o->alpha, t.full_width, t.full_height, out));
done:
    return rc;
}

/* The patches go to the encoder; which of its vectors are kept is the options' business. */
static int queue(picture *p, const vector_sink *sink)
{
    const encoder_picture *m = encoder_picture_of(p->model->encoder);
    int64_t n = p->patch_rows * p->patch_columns;
    batch_item item = {.n = n, .rows = p->patch_rows, .columns = p->patch_columns, .n_kept = n, .sink = *sink};
    if (p->model->output == ENCODER_POOLED)
        item.n_kept = 1;
    else if (p->o->encoder.class_token)
        item.n_kept = m->extra_tokens + n;
    else
        item.from = m->extra_tokens;
    return encode_batch_add(p->batch, &item, p->raw);
}

void picture_measures(picture *p, const filter_options *o) { p->measures = o; }

const picture_content *picture_measured(const picture *p) { return &p->content; }

int picture_run(picture *p, const byte_source *source, int raw, const vector_sink *sink)
{
    int rc = OK;
    image m = {0};
    int64_t n = p->patch_rows * p->patch_columns;
    TRY(decode(p, source, &m));
    if (p->measures) picture_measure(p->measures, &m, &p->content);
    TRY(image_patcher_run(p->patcher, &m, p->raw));
    if (p->model) {
        TRY(queue(p, sink));
        goto done;
    }
    if (p->map && !raw) projection_run(p->map, p->raw, n, p->projected);
    TRY(sink->vectors(sink->user, p->map && !raw ? p->projected : p->raw, 0, n));
done:
    image_free(&m);
    return rc;
}

int picture_finish(picture *p) { return p->batch ? encode_batch_run(p->batch) : OK; }

void picture_forget(picture *p)
{
    if (p->batch) encode_batch_clear(p->batch);
}

double picture_bytes(const core_model *m)
{
    const encoder_picture *p = encoder_picture_of(m->encoder);
    int64_t n = (p->width / p->patch) * (p->height / p->patch), items, units;
    encode_batch_limits(m, n, &items, &units);
    return encode_batch_bytes(m, n) + (double)encoder_room_bytes(m->encoder, items, units);
}

int picture_pixels(picture *p, const byte_source *source, image *out)
{
    int rc = OK;
    image m = {0};
    *out = (image){.width = p->patch.width, .height = p->patch.height};
    TRY(decode(p, source, &m));
    TRY(mem_alloc((void **)&out->rgb, (size_t)(out->width * out->height), 3));
    TRY(image_patcher_pixels(p->patcher, &m, out->rgb));
done:
    image_free(&m);
    if (rc != OK) image_free(out);
    return rc;
}
