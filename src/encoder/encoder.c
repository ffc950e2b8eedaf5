#include "encoder/encoder.h"

#include "base/file.h"
#include "base/memory.h"
#include "base/status.h"
#include "encoder/encoder_parts.h"
#include "encoder/weights.h"

#include <stdio.h>
#include <string.h>

const char *const encoder_precision_names[] = {"fp32", "bf16", NULL};
const char *const wave_norm_names[] = {"auto", "none", "hf", "fairseq", NULL};

static const encoder_kind *const kinds[] = {&hubert_kind, &wav2vec2_kind, &vit_kind};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

static int find_kind(const encoder_kind **kind, const model_config *config)
{
    const char *names[N_KINDS + 1] = {NULL};
    int at = -1, rc = OK;
    for (int i = 0; i < N_KINDS; i++) names[i] = kinds[i]->name;
    TRY(model_config_choice(config, "model_type", names, -1, &at));
    if (at < 0) TRY(model_config_refuse(config, "model_type is missing"));
    *kind = kinds[at];
done:
    return rc;
}

/* How far the model is run, and whether it has what is wanted. */
static int check_outputs(encoder *e, const model_config *config)
{
    int rc = OK;
    e->deepest = -1;
    for (int64_t i = 0; i < e->o.n_outputs; i++) {
        int64_t output = e->o.outputs[i], layer = output == ENCODER_CODES ? -1 : output < 0 ? e->n_layers : output;
        if (output >= 0 && output > e->n_layers)
            TRY(model_config_refuse(config, "layer %lld is wanted, but the model has %lld", (long long)output,
                                    (long long)e->n_layers));
        if (encoder_width(e, output) == 0)
            TRY(model_config_refuse(config, "a model of type %s has no %s", e->kind->name,
                                    output == ENCODER_CODES ? "codes" : "pooled vector"));
        if (layer > e->deepest) e->deepest = layer;
    }
done:
    return rc;
}

static int use_weights(encoder *e, parameters *p)
{
    int rc = OK;
    weight_reader *reader = NULL;
    int n_prefixes = 0, n_ignored = 0;
    while (e->kind->prefixes[n_prefixes]) n_prefixes++;
    while (e->kind->ignored[n_ignored]) n_ignored++;
    p->half = e->o.precision == ENCODER_BF16;
    TRY(weight_reader_create(&reader, e->weights, e->kind->prefixes, n_prefixes));
    p->weights = reader;
    TRY(e->kind->load(e, p));
    TRY(weight_reader_finish(reader, e->kind->ignored, n_ignored));
    if (p->memory.used == SIZE_MAX) FAIL(ERR_CONFIG, "a model of these sizes does not fit into memory");
done:
    weight_reader_free(&reader);
    return rc;
}

int encoder_open(encoder **out, const encoder_options *o)
{
    int rc = OK;
    encoder *e = NULL;
    model_config *config = NULL, *preprocessor = NULL;
    int64_t *outputs = NULL;
    parameters p = {.n_parts = 1};
    *out = NULL;
    TRY(MEM_ALLOC(e, 1));
    TRY(MEM_ALLOC(outputs, (size_t)o->n_outputs));
    memcpy(outputs, o->outputs, (size_t)o->n_outputs * sizeof *outputs);
    e->o = *o;
    e->o.outputs = outputs;
    TRY(model_config_open(&config, o->folder, "config.json", NULL, 0));
    TRY(model_config_open(&preprocessor, o->folder, "preprocessor_config.json", NULL, 1));
    TRY(find_kind(&e->kind, config));
    TRY(mem_alloc(&e->model, 1, e->kind->model_bytes));
    TRY(e->kind->configure(e, config, preprocessor));
    TRY(check_outputs(e, config));
    TRY(weights_open(&e->weights, o->folder));
    TRY(use_weights(e, &p));
    snprintf(e->sha256, sizeof e->sha256, "%s", weights_sha256(e->weights));
    e->bytes = p.memory.used;
    *out = e;
    e = NULL;
done:
    model_config_free(&config);
    model_config_free(&preprocessor);
    encoder_close(&e);
    return rc;
}

void encoder_close(encoder **out)
{
    encoder *e = *out;
    if (!e) return;
    if (e->model) e->kind->free_model(e->model);
    weights_close(e->weights);
    mem_free(&e->model);
    mem_free((int64_t **)&e->o.outputs);
    mem_free(out);
}

size_t encoder_bytes(const encoder *e) { return e->bytes; }

int encoder_pack(encoder *e, void *memory, int part, int n_parts)
{
    parameters p = {.memory = {.base = memory}, .part = part, .n_parts = n_parts};
    int rc = use_weights(e, &p);
    weights_close(e->weights);
    e->weights = NULL;
    return rc;
}

encoder_input encoder_takes(const encoder *e) { return e->kind->takes; }
const char *encoder_name(const encoder *e) { return e->kind->name; }
const char *encoder_sha256(const encoder *e) { return e->sha256; }
int64_t encoder_layers(const encoder *e) { return e->n_layers; }
int64_t encoder_width(const encoder *e, int64_t output) { return e->kind->width(e, output); }
double encoder_operations(const encoder *e, int64_t n) { return e->kind->operations(e, n); }
const encoder_picture *encoder_picture_of(const encoder *e) { return &e->picture; }

static int hears(const encoder *e) { return e->kind->takes == ENCODER_SPEECH; }
int64_t encoder_codes(const encoder *e) { return hears(e) ? speech_codes(e->model) : 0; }
int64_t encoder_frames(const encoder *e, int64_t n) { return hears(e) ? speech_frames(e->model, n) : 0; }
int64_t encoder_samples(const encoder *e, int64_t n) { return hears(e) ? speech_samples(e->model, n) : 0; }
int64_t encoder_hop(const encoder *e) { return hears(e) ? speech_hop(e->model) : 0; }

int encoder_wants(const encoder *e, int64_t output)
{
    for (int64_t i = 0; i < e->o.n_outputs; i++)
        if (e->o.outputs[i] == output) return 1;
    return 0;
}

void encoder_see(const encoder_room *r, const char *stage, int64_t index, const float *x, int64_t n, int64_t width)
{
    if (r->probe.see) r->probe.see(r->probe.user, stage, index, x, n, width);
}

void encoder_give(const encoder *e, const encoder_room *r, int64_t output, const float *x, int64_t n, int64_t width,
                  float *const *out)
{
    encoder_see(r, "hidden", output, x, n, width);
    for (int64_t i = 0; i < e->o.n_outputs; i++)
        if (e->o.outputs[i] == output) memcpy(out[i], x, (size_t)(n * width) * sizeof *x);
}
