/* The vision transformer (Dosovitskiy et al. 2021, arXiv:2010.11929) as modeling_vit.py of transformers has it. */
#include "base/memory.h"
#include "base/status.h"
#include "encoder/block.h"
#include "encoder/encoder_parts.h"
#include "encoder/position_resize.h"
#include "tensor/elementwise.h"

#include <math.h>
#include <string.h>

typedef struct vit {
    block_shape block;
    int64_t layers, channels, patch;
    int64_t rows, columns; /* of the grid that the positions were trained for */
    int qkv_bias;
    const float *class_token, *positions; /* (width), (1 + rows * columns, width) */
    linear patches;
    block *blocks;
    norm norm;
    linear pooler;
} vit;

typedef struct vit_room {
    rows patches;          /* bf16 of a picture's patches; unused in fp32 */
    float *positions;      /* (1 + patches, width) for the grid of the pictures */
    int64_t rows, columns; /* that grid; 0: none yet */
    rows first;            /* class tokens of all pictures */
    int64_t *lengths;
    block_room block;
} vit_room;

static const char *const activation_names[] = {"gelu", NULL};
static const enum activation activations[] = {ACTIVATION_GELU};

/* Sizes in "size" are a number, {height, width} or {shortest_edge}. */
static int configure_picture(encoder_picture *p, const model_config *c)
{
    int rc = OK, crop, normalize;
    double half[] = {0.5, 0.5, 0.5};
    int64_t filter;
    memcpy(p->mean, half, sizeof half);
    memcpy(p->std, half, sizeof half);
    TRY(model_config_size(c, "size", "width", p->width, 1, 32768, &p->width));
    TRY(model_config_size(c, "size", "height", p->height, 1, 32768, &p->height));
    TRY(model_config_size(c, "size", "shortest_edge", 0, 1, 32768, &p->resize));
    TRY(model_config_bool(c, "do_center_crop", 0, &crop));
    if (crop) {
        TRY(model_config_size(c, "crop_size", "width", p->width, 1, 32768, &p->width));
        TRY(model_config_size(c, "crop_size", "height", p->height, 1, 32768, &p->height));
    }
    TRY(model_config_int(c, "resample", 2, 0, 3, &filter));
    p->resample = (int)filter;
    TRY(model_config_real(c, "rescale_factor", 1 / 255., &p->rescale));
    TRY(model_config_bool(c, "do_normalize", 1, &normalize));
    TRY(model_config_reals(c, "image_mean", 3, p->mean));
    TRY(model_config_reals(c, "image_std", 3, p->std));
    for (int i = 0; i < 3; i++) {
        if (!normalize) p->mean[i] = 0, p->std[i] = 1;
        if (!(p->std[i] > 0)) TRY(model_config_refuse(c, "image_std must be above 0"));
    }
done:
    return rc;
}

static int configure(encoder *e, const model_config *c, const model_config *preprocessor)
{
    int rc = OK, activation;
    vit *m = e->model;
    encoder_picture *p = &e->picture;
    double epsilon;
    TRY(model_config_int(c, "hidden_size", 768, 1, 1 << 16, &m->block.width));
    TRY(model_config_int(c, "num_hidden_layers", 12, 1, 1024, &m->layers));
    TRY(model_config_int(c, "num_attention_heads", 12, 1, 1 << 16, &m->block.heads));
    TRY(model_config_int(c, "intermediate_size", 3072, 1, 1 << 20, &m->block.inner));
    TRY(model_config_choice(c, "hidden_act", activation_names, 0, &activation));
    TRY(model_config_real(c, "layer_norm_eps", 1e-12, &epsilon));
    TRY(model_config_int(c, "num_channels", 3, 3, 3, &m->channels));
    TRY(model_config_int(c, "patch_size", 16, 1, 4096, &m->patch));
    TRY(model_config_size(c, "image_size", "width", 224, 1, 32768, &p->width));
    TRY(model_config_size(c, "image_size", "height", 224, 1, 32768, &p->height));
    TRY(model_config_bool(c, "qkv_bias", 1, &m->qkv_bias));
    if (m->block.width % m->block.heads)
        TRY(model_config_refuse(c, "hidden_size %lld is no multiple of num_attention_heads %lld",
                                (long long)m->block.width, (long long)m->block.heads));
    m->block.activation = activations[activation];
    m->block.epsilon = (float)epsilon;
    m->block.norm_first = 1;
    m->rows = p->height / m->patch;
    m->columns = p->width / m->patch;
    if (m->rows < 1 || m->columns < 1) TRY(model_config_refuse(c, "image_size is below patch_size"));
    p->patch = m->patch;
    p->extra_tokens = 1;
    e->n_layers = m->layers;
    TRY(configure_picture(p, preprocessor));
done:
    return rc;
}

static int load(encoder *e, parameters *p)
{
    static const block_names names = {
        "encoder.layer.%d.attention.attention.query", "encoder.layer.%d.attention.attention.key",
        "encoder.layer.%d.attention.attention.value", "encoder.layer.%d.attention.output.dense",
        "encoder.layer.%d.intermediate.dense",        "encoder.layer.%d.output.dense",
        "encoder.layer.%d.layernorm_before",          "encoder.layer.%d.layernorm_after"};
    int rc = OK;
    vit *m = e->model;
    int64_t d = m->block.width;
    const int64_t patch[] = {d, m->channels, m->patch, m->patch}, square[] = {d, d};
    TRY(parameters_shaped(p, &m->class_token, 3, (const int64_t[]){1, 1, d}, "embeddings.cls_token"));
    TRY(parameters_shaped(p, &m->positions, 3, (const int64_t[]){1, 1 + m->rows * m->columns, d},
                          "embeddings.position_embeddings"));
    TRY(parameters_linear(p, &m->patches, 4, patch, 1, "embeddings.patch_embeddings.projection"));
    if (!m->blocks) TRY(MEM_ALLOC(m->blocks, (size_t)m->layers));
    for (int64_t i = 0; i < m->layers; i++) {
        p->skip = i >= e->deepest;
        TRY(block_load(&m->blocks[i], p, &m->block, &names, i, m->qkv_bias));
    }
    p->skip = !encoder_wants(e, ENCODER_LAST) && !encoder_wants(e, ENCODER_POOLED);
    TRY(parameters_norm(p, &m->norm, d, m->block.epsilon, "layernorm"));
    p->skip = !encoder_wants(e, ENCODER_POOLED);
    if (!p->skip || weight_reader_has(p->weights, "pooler.dense.weight"))
        TRY(parameters_linear(p, &m->pooler, 2, square, 1, "pooler.dense"));
done:
    return rc;
}

static void free_model(void *model)
{
    vit *m = model;
    linear_free(&m->patches);
    linear_free(&m->pooler);
    for (int64_t i = 0; i < m->layers && m->blocks; i++) block_free(&m->blocks[i]);
    mem_free(&m->blocks);
}

static int64_t width(const encoder *e, int64_t output)
{
    const vit *m = e->model;
    return output == ENCODER_CODES || output > m->layers ? 0 : m->block.width;
}

static double operations(const encoder *e, int64_t n)
{
    const vit *m = e->model;
    double patch = 2 * (double)n * (double)(m->channels * m->patch * m->patch * m->block.width);
    return patch + (double)e->deepest * block_operations(&m->block, n + 1);
}

/* n_units patches, and a class token for each of n_items pictures. */
static int make_room(const encoder *e, encoder_room *r, arena *memory)
{
    int half = e->o.precision == ENCODER_BF16;
    const vit *m = e->model;
    vit_room *own = r->room;
    int64_t d = m->block.width, tokens = r->n_units + r->n_items;
    ARENA_TAKE(memory, own->lengths, r->n_items);
    ARENA_TAKE(memory, own->positions, (r->n_units + 1) * d);
    if (half) own->patches = rows_take(memory, half, r->n_units, m->channels * m->patch * m->patch);
    own->first = rows_take(memory, half, r->n_items, d);
    return block_room_create(&own->block, memory, half, &m->block, tokens, tokens);
}

static void free_room(void *room)
{
    vit_room *own = room;
    block_room_free(&own->block);
}

/* Positions for this grid. The trained ones stand in a square, unless the grid is just theirs. */
static int set_grid(const vit *m, vit_room *own, int64_t rows, int64_t columns)
{
    int rc = OK;
    int64_t d = m->block.width, n = m->rows * m->columns, side = (int64_t)sqrt((double)n);
    if (own->rows == rows && own->columns == columns) return OK;
    memcpy(own->positions, m->positions, (size_t)d * sizeof *own->positions);
    if (rows == m->rows && columns == m->columns)
        memcpy(own->positions, m->positions, (size_t)((n + 1) * d) * sizeof *own->positions);
    else if (side * side != n)
        FAIL(ERR_CONFIG, "%lld x %lld patches: positions of a model for %lld x %lld cannot be resized", (long long)rows,
             (long long)columns, (long long)m->rows, (long long)m->columns);
    else
        position_resize(m->positions + d, side, d, rows, columns, own->positions + d);
    own->rows = rows;
    own->columns = columns;
done:
    return rc;
}

/* Class token and patches of a picture, with their positions. */
static void embed(const vit *m, vit_room *own, const float *patches, int64_t n, float *x)
{
    int64_t d = m->block.width, k = m->channels * m->patch * m->patch;
    rows from = {(float *)patches, NULL, k};
    if (own->block.half) {
        rows_from(patches, k, n, k, own->patches);
        from = own->patches;
    }
    for (int64_t w = 0; w < d; w++) x[w] = m->class_token[w] + own->positions[w];
    linear_run(&m->patches, from, n, ACTIVATION_NONE, own->positions + d, d, (rows){x + d, NULL, d});
}

static void pool(const vit *m, const encoder *e, const encoder_room *r, int64_t n, int64_t tokens, float *const *out)
{
    vit_room *own = r->room;
    int64_t d = m->block.width;
    for (int64_t i = 0; i < n; i++) rows_from(own->block.x + i * tokens * d, d, 1, d, rows_at(own->first, i, 0));
    float *pooled = own->block.x; /* no longer needed */
    linear_run(&m->pooler, own->first, n, ACTIVATION_NONE, NULL, 0, (rows){pooled, NULL, d});
    num_tanh_each(pooled, pooled, (size_t)(n * d));
    encoder_give(e, r, ENCODER_POOLED, pooled, n, d, out);
}

int vit_run(const encoder *e, encoder_room *r, const float *const *patches, int64_t n, int64_t rows_, int64_t columns,
            float *const *out)
{
    int rc = OK;
    const vit *m = e->model;
    vit_room *own = r->room;
    block_room *b = &own->block;
    int64_t d = m->block.width, tokens = 1 + rows_ * columns;
    TRY(set_grid(m, own, rows_, columns));
    for (int64_t i = 0; i < n; i++) {
        own->lengths[i] = tokens;
        embed(m, own, patches[i], tokens - 1, b->x + i * tokens * d);
    }
    encoder_give(e, r, 0, b->x, n * tokens, d, out);
    for (int64_t i = 0; i < e->deepest; i++) {
        block_run(&m->blocks[i], &m->block, b, own->lengths, n);
        encoder_give(e, r, i + 1, b->x, n * tokens, d, out);
    }
    if (!encoder_wants(e, ENCODER_LAST) && !encoder_wants(e, ENCODER_POOLED)) goto done;
    norm_run(&m->norm, b->x, d, n * tokens, (rows){b->x, NULL, d});
    encoder_give(e, r, ENCODER_LAST, b->x, n * tokens, d, out);
    if (encoder_wants(e, ENCODER_POOLED)) pool(m, e, r, n, tokens, out);
done:
    return rc;
}

static const char *const prefixes[] = {"vit.", "", NULL};
static const char *const ignored[] = {"classifier.*", NULL};

const encoder_kind vit_kind = {.name = "vit",
                               .takes = ENCODER_PICTURES,
                               .model_bytes = sizeof(vit),
                               .room_bytes = sizeof(vit_room),
                               .prefixes = prefixes,
                               .ignored = ignored,
                               .configure = configure,
                               .load = load,
                               .free_model = free_model,
                               .width = width,
                               .operations = operations,
                               .make_room = make_room,
                               .free_room = free_room};
