#include "encoder/speech.h"
#include "base/memory.h"
#include "base/status.h"
#include "encoder/encoder_parts.h"

#include <math.h>
#include <string.h>

typedef struct speech {
    speech_settings s;
    speech_convs convs;
    norm projection_norm;
    linear projection;
    linear quantizer; /* logits of the product quantizer, always fp32 */
    speech_position position;
    norm norm; /* encoder.layer_norm */
    block *layers;
} speech;

typedef struct speech_room {
    speech_convs_room convs;
    rows position;
    float *features; /* (frames, channels) what the convolutions give, then normed */
    rows taken;      /* the same in bf16, NULL: fp32 */
    float *logits;
    block_room block;
    int64_t *lengths; /* frames of each clip */
} speech_room;

static int configure(encoder *e, int has_quantizer, const model_config *config, const model_config *preprocessor)
{
    speech *m = e->model;
    int rc = speech_configure(&m->s, has_quantizer, config, preprocessor);
    e->n_layers = m->s.layers;
    if (e->o.norm == WAVE_NORM_AUTO) e->o.norm = m->s.normalize ? WAVE_NORM_HF : WAVE_NORM_NONE;
    return rc;
}

static int configure_hubert(encoder *e, const model_config *config, const model_config *preprocessor)
{
    return configure(e, 0, config, preprocessor);
}

static int configure_wav2vec2(encoder *e, const model_config *config, const model_config *preprocessor)
{
    return configure(e, 1, config, preprocessor);
}

static int load_quantizer(speech *m, parameters *p)
{
    int rc = OK, fill;
    const speech_settings *s = &m->s;
    int64_t n = s->groups * s->entries, k = s->channels[s->n_convs - 1], shape[] = {n, k};
    const float *bias;
    float *w = NULL;
    TRY(parameters_vector(p, &bias, n, "quantizer.weight_proj.bias"));
    TRY(weight_reader_check(p->weights, 2, shape, "quantizer.weight_proj.weight"));
    TRY(parameters_place(p, &m->quantizer, 0, n, k, bias, &fill));
    if (!fill) goto done;
    TRY(weight_reader_take(p->weights, &w, 2, shape, "quantizer.weight_proj.weight"));
    linear_pack(&m->quantizer, w);
done:
    mem_free(&w);
    return rc;
}

static int load_transformer(encoder *e, speech *m, parameters *p)
{
    static const block_names names = {"encoder.layers.%d.attention.q_proj",
                                      "encoder.layers.%d.attention.k_proj",
                                      "encoder.layers.%d.attention.v_proj",
                                      "encoder.layers.%d.attention.out_proj",
                                      "encoder.layers.%d.feed_forward.intermediate_dense",
                                      "encoder.layers.%d.feed_forward.output_dense",
                                      "encoder.layers.%d.layer_norm",
                                      "encoder.layers.%d.final_layer_norm"};
    int rc = OK;
    const speech_settings *s = &m->s;
    const int64_t shape[] = {s->block.width, s->channels[s->n_convs - 1]};
    p->skip = e->deepest < 0;
    TRY(parameters_linear(p, &m->projection, 2, shape, 1, "feature_projection.projection"));
    TRY(speech_position_load(&m->position, p, s));
    TRY(parameters_norm(p, &m->norm, s->block.width, s->block.epsilon, "encoder.layer_norm"));
    if (!m->layers) TRY(MEM_ALLOC(m->layers, (size_t)s->layers));
    for (int64_t i = 0; i < s->layers; i++) {
        p->skip = i >= e->deepest;
        TRY(block_load(&m->layers[i], p, &s->block, &names, i, 1));
    }
done:
    return rc;
}

static int load(encoder *e, parameters *p)
{
    int rc = OK;
    speech *m = e->model;
    const speech_settings *s = &m->s;
    TRY(speech_convs_load(&m->convs, p, s));
    if (s->projection_norm)
        TRY(parameters_norm(p, &m->projection_norm, s->channels[s->n_convs - 1], s->block.epsilon,
                            "feature_projection.layer_norm"));
    if (encoder_wants(e, ENCODER_CODES)) TRY(load_quantizer(m, p));
    TRY(load_transformer(e, m, p));
done:
    return rc;
}

static void free_model(void *model)
{
    speech *m = model;
    speech_convs_free(&m->convs);
    linear_free(&m->projection);
    linear_free(&m->quantizer);
    speech_position_free(&m->position, &m->s);
    for (int64_t i = 0; i < m->s.layers && m->layers; i++) block_free(&m->layers[i]);
    mem_free(&m->layers);
}

static int64_t width(const encoder *e, int64_t output)
{
    const speech *m = e->model;
    if (output == ENCODER_CODES) return m->s.groups;
    return output == ENCODER_POOLED || output > m->s.layers ? 0 : m->s.block.width;
}

static double operations(const encoder *e, int64_t n)
{
    const speech *m = e->model;
    const speech_settings *s = &m->s;
    double sum = 0, channels = 1, d = (double)s->block.width;
    for (int64_t i = 0; i < s->n_convs; i++) {
        sum += 2 * (double)speech_rows(s, i, n) * channels * (double)(s->kernel[i] * s->channels[i]);
        channels = (double)s->channels[i];
    }
    if (e->deepest < 0) return sum;
    int64_t frames = speech_rows(s, s->n_convs - 1, n);
    sum += 2 * (double)frames * d * (channels + (double)s->position_kernel * d / (double)s->position_groups);
    return sum + (double)e->deepest * block_operations(&s->block, frames);
}

static int make_room(const encoder *e, encoder_room *r, arena *memory)
{
    int rc = OK, half = e->o.precision == ENCODER_BF16;
    const speech *m = e->model;
    const speech_settings *s = &m->s;
    speech_room *own = r->room;
    int64_t d = s->channels[s->n_convs - 1], frames = speech_rows(s, s->n_convs - 1, r->n_units);
    ARENA_TAKE(memory, own->lengths, r->n_items);
    ARENA_TAKE(memory, own->features, frames * d);
    TRY(speech_convs_room_create(&own->convs, memory, half, s, r->n_units));
    if (encoder_wants(e, ENCODER_CODES)) ARENA_TAKE(memory, own->logits, frames * s->groups * s->entries);
    if (e->deepest < 0) goto done;
    if (half) own->taken = rows_take(memory, half, frames, d);
    own->position = speech_position_room(memory, half, s, frames);
    TRY(block_room_create(&own->block, memory, half, &s->block, frames, frames));
done:
    return rc;
}

static void free_room(void *room)
{
    speech_room *own = room;
    block_room_free(&own->block);
}

/* (x - mean) / sqrt(variance + epsilon), sums in fp64 in ascending order of 16 lanes. */
static const float *normalise(const encoder *e, const float *x, int64_t n, float *out)
{
    enum { LANES = 16 };
    double sum[LANES] = {0}, squares[LANES] = {0}, mean = 0, variance = 0;
    if (e->o.norm == WAVE_NORM_NONE) return x;
    for (int64_t i = 0; i < n; i++) sum[i % LANES] += (double)x[i];
    for (int l = 0; l < LANES; l++) mean += sum[l];
    mean /= (double)n;
    for (int64_t i = 0; i < n; i++) {
        double off = (double)x[i] - mean;
        squares[i % LANES] += off * off;
    }
    for (int l = 0; l < LANES; l++) variance += squares[l];
    double scale = 1 / sqrt(variance / (double)n + (e->o.norm == WAVE_NORM_HF ? 1e-7 : 1e-5));
    for (int64_t i = 0; i < n; i++) out[i] = (float)(((double)x[i] - mean) * scale);
    return out;
}

static void give_codes(const encoder *e, const encoder_room *r, int64_t n, float *const *out)
{
    const speech *m = e->model;
    const speech_room *own = r->room;
    int64_t groups = m->s.groups, entries = m->s.entries, d = m->s.channels[m->s.n_convs - 1];
    linear_run(&m->quantizer, (rows){own->features, NULL, d}, n, ACTIVATION_NONE, NULL, 0,
               (rows){own->logits, NULL, groups * entries});
    encoder_see(r, "logits", 0, own->logits, n, groups * entries);
    for (int64_t j = 0; j < e->o.n_outputs; j++)
        for (int64_t i = 0; i < n * groups && e->o.outputs[j] == ENCODER_CODES; i++) {
            const float *x = own->logits + i * entries;
            int64_t best = 0;
            for (int64_t v = 1; v < entries; v++) best = x[v] > x[best] ? v : best;
            out[j][i] = (float)(i % groups * entries + best);
        }
}

static void run_transformer(const encoder *e, encoder_room *r, int64_t n_clips, int64_t n, float *const *out)
{
    const speech *m = e->model;
    const speech_settings *s = &m->s;
    speech_room *own = r->room;
    block_room *b = &own->block;
    int64_t d = s->channels[s->n_convs - 1], w = s->block.width;
    rows x = {b->x, NULL, w}, from = b->half ? own->taken : (rows){own->features, NULL, d};
    if (b->half) rows_from(own->features, d, n, d, from);
    linear_run(&m->projection, from, n, ACTIVATION_NONE, NULL, 0, x);
    encoder_see(r, "features", 0, b->x, n, w);
    for (int64_t i = 0, at = 0; i < n_clips; at += own->lengths[i++])
        speech_position_run(&m->position, s, own->position, b->x + at * w, own->lengths[i]);
    if (!s->block.norm_first) norm_run(&m->norm, b->x, w, n, x);
    block_begin(&s->block, b, n);
    encoder_give(e, r, 0, b->x, n, w, out);
    for (int64_t i = 0; i < e->deepest; i++) {
        block_run(&m->layers[i], &s->block, b, own->lengths, n_clips);
        encoder_give(e, r, i + 1, b->x, n, w, out);
    }
    if (!encoder_wants(e, ENCODER_LAST)) return;
    if (s->block.norm_first) norm_run(&m->norm, b->x, w, n, x);
    encoder_give(e, r, ENCODER_LAST, b->x, n, w, out);
}

int speech_run(const encoder *e, encoder_room *r, const float *const *samples, const int64_t *lengths, int64_t n_clips,
               float *const *out)
{
    int rc = OK;
    const speech *m = e->model;
    const speech_settings *s = &m->s;
    speech_room *own = r->room;
    int64_t d = s->channels[s->n_convs - 1], n = 0;
    for (int64_t i = 0; i < n_clips; i++) {
        own->lengths[i] = speech_rows(s, s->n_convs - 1, lengths[i]);
        if (own->lengths[i] < 1)
            FAIL(ERR_EMPTY, "%lld samples are too few for a frame, which takes %lld", (long long)lengths[i],
                 (long long)speech_span(s, 0, s->n_convs - 1, 1));
        const float *x = normalise(e, samples[i], lengths[i], own->convs.wave);
        speech_convs_run(&m->convs, s, &own->convs, x, lengths[i], &r->probe, own->features + n * d);
        n += own->lengths[i];
    }
    if (s->projection_norm) norm_run(&m->projection_norm, own->features, d, n, (rows){own->features, NULL, d});
    if (encoder_wants(e, ENCODER_CODES)) give_codes(e, r, n, out);
    if (e->deepest >= 0) run_transformer(e, r, n_clips, n, out);
done:
    return rc;
}

int64_t speech_frames(const void *model, int64_t n_samples)
{
    const speech *m = model;
    return speech_rows(&m->s, m->s.n_convs - 1, n_samples);
}

int64_t speech_samples(const void *model, int64_t n_frames)
{
    const speech *m = model;
    return speech_span(&m->s, 0, m->s.n_convs - 1, n_frames);
}

int64_t speech_hop(const void *model) { return speech_samples(model, 2) - speech_samples(model, 1); }

int64_t speech_codes(const void *model)
{
    const speech *m = model;
    return m->s.groups * m->s.entries;
}

static const char *const ignored[] = {"masked_spec_embed",
                                      "lm_head.*",
                                      "quantizer.*",
                                      "project_q.*",
                                      "project_hid.*",
                                      "classifier.*",
                                      "projector.*",
                                      "label_embs_concat",
                                      "layer_weights",
                                      "*.num_batches_tracked",
                                      NULL};
static const char *const hubert_prefixes[] = {"hubert.", "", NULL};
static const char *const wav2vec2_prefixes[] = {"wav2vec2.", "", NULL};

#define SPEECH_KIND                                                                                                    \
    .takes = ENCODER_SPEECH, .model_bytes = sizeof(speech), .room_bytes = sizeof(speech_room), .ignored = ignored,     \
    .load = load, .free_model = free_model, .width = width, .operations = operations, .make_room = make_room,          \
    .free_room = free_room

const encoder_kind hubert_kind = {
    .name = "hubert", .prefixes = hubert_prefixes, .configure = configure_hubert, SPEECH_KIND};
const encoder_kind wav2vec2_kind = {
    .name = "wav2vec2", .prefixes = wav2vec2_prefixes, .configure = configure_wav2vec2, SPEECH_KIND};
