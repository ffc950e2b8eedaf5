#include "core/encode_batch.h"

#include "base/memory.h"
#include "base/status.h"

#include <string.h>

enum { MOST_CLIPS = 256 };

typedef struct waiting_item {
    batch_item item;
    size_t at; /* of its input */
} waiting_item;

struct encode_batch {
    const core_model *model;
    int64_t most_items, most_units; /* together */
    int64_t width, unit_values;     /* values of a vector; of a sample or patch */
    encoder_room *room;
    waiting_item *items;
    int64_t n, units;
    float *in, *out;
    size_t in_capacity, out_capacity;
    const float **inputs;
    int64_t *lengths;
};

static int hears(const core_model *m) { return encoder_takes(m->encoder) == ENCODER_SPEECH; }

void encode_batch_limits(const core_model *m, int64_t longest, int64_t *items, int64_t *units)
{
    int64_t together = m->batch < 1 ? 1 : m->batch;
    *items = hears(m) ? MOST_CLIPS : together;
    *units = hears(m) ? together : together * longest;
    if (*units < longest) *units = longest;
}

static int64_t values_of_unit(const core_model *m)
{
    int64_t patch = hears(m) ? 0 : encoder_picture_of(m->encoder)->patch;
    return hears(m) ? 1 : 3 * patch * patch;
}

/* Vectors of an item of n samples or patches. */
static int64_t vectors_of(const core_model *m, int64_t n)
{
    if (hears(m)) return encoder_frames(m->encoder, n);
    return m->output == ENCODER_POOLED ? 1 : encoder_picture_of(m->encoder)->extra_tokens + n;
}

double encode_batch_bytes(const core_model *m, int64_t longest)
{
    int64_t items, units, width = encoder_width(m->encoder, m->output);
    encode_batch_limits(m, longest, &items, &units);
    double vectors = hears(m) ? (double)encoder_frames(m->encoder, units) : (double)(items * vectors_of(m, longest));
    return 4 * ((double)(units * values_of_unit(m)) + vectors * (double)width);
}

int encode_batch_create(encode_batch **out, const core_model *m, int64_t longest)
{
    int rc = OK;
    encode_batch *b = NULL;
    *out = NULL;
    TRY(MEM_ALLOC(b, 1));
    b->model = m;
    b->width = encoder_width(m->encoder, m->output);
    b->unit_values = values_of_unit(m);
    encode_batch_limits(m, longest, &b->most_items, &b->most_units);
    TRY(MEM_ALLOC(b->items, (size_t)b->most_items));
    TRY(MEM_ALLOC(b->inputs, (size_t)b->most_items));
    TRY(MEM_ALLOC(b->lengths, (size_t)b->most_items));
    *out = b;
    b = NULL;
done:
    encode_batch_free(&b);
    return rc;
}

void encode_batch_free(encode_batch **pb)
{
    encode_batch *b = *pb;
    if (!b) return;
    encoder_room_free(&b->room);
    mem_free(&b->items);
    mem_free(&b->inputs);
    mem_free(&b->lengths);
    mem_free(&b->in);
    mem_free(&b->out);
    mem_free(pb);
}

void encode_batch_clear(encode_batch *b) { b->n = b->units = 0; }

void encode_batch_forget(encode_batch *b, const void *user)
{
    while (b->n && b->items[b->n - 1].item.sink.user == user) b->units -= b->items[--b->n].item.n;
}

/* ---- what waits ---- */

int encode_batch_add(encode_batch *b, const batch_item *item, const float *x)
{
    int rc = OK;
    if (b->n == b->most_items || b->units + item->n > b->most_units) TRY(encode_batch_run(b));
    /* a grid of its own needs positions of its own: such pictures are not computed together */
    if (b->n && (b->items[0].item.rows != item->rows || b->items[0].item.columns != item->columns))
        TRY(encode_batch_run(b));
    size_t at = (size_t)(b->units * b->unit_values), n = (size_t)(item->n * b->unit_values);
    TRY(MEM_GROW(b->in, &b->in_capacity, at + n));
    memcpy(b->in + at, x, n * sizeof *x);
    b->items[b->n++] = (waiting_item){*item, at};
    b->units += item->n;
done:
    return rc;
}

static int encode(encode_batch *b)
{
    int rc = OK;
    int64_t vectors = 0;
    const batch_item *first = &b->items[0].item;
    if (!b->room) TRY(encoder_room_create(&b->room, b->model->encoder, b->most_items, b->most_units));
    for (int64_t i = 0; i < b->n; i++) {
        b->inputs[i] = b->in + b->items[i].at;
        b->lengths[i] = b->items[i].item.n;
        vectors += vectors_of(b->model, b->lengths[i]);
    }
    TRY(MEM_GROW(b->out, &b->out_capacity, (size_t)(vectors * b->width)));
    TRY(hears(b->model)
            ? encoder_run_speech(b->model->encoder, b->room, b->inputs, b->lengths, b->n, &b->out)
            : encoder_run_pictures(b->model->encoder, b->room, b->inputs, b->n, first->rows, first->columns, &b->out));
done:
    return rc;
}

static int give(const encode_batch *b)
{
    int rc = OK;
    const float *x = b->out;
    for (int64_t i = 0; i < b->n; i++) {
        const batch_item *item = &b->items[i].item;
        TRY(item->sink.vectors(item->sink.user, x + item->from * b->width, item->first, item->n_kept));
        x += vectors_of(b->model, item->n) * b->width;
    }
done:
    return rc;
}

int encode_batch_run(encode_batch *b)
{
    int rc = OK;
    if (!b->n) return OK;
    const vector_sink *latest = &b->items[b->n - 1].item.sink;
    if (latest->tick) TRY(latest->tick(latest->user));
    TRY(encode(b));
    TRY(give(b));
done:
    encode_batch_clear(b);
    return rc;
}
