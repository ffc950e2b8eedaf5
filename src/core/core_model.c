#include "core/core_model.h"

#include "base/memory.h"
#include "base/status.h"
#include "core/core_feature.h"
#include "core/model_files.h"

#include <stdlib.h>
#include <string.h>

/* ---- keys that do not go together ---- */

static int check_unused(const encoder_keys *k, const char *section)
{
    int rc = OK;
    if (*k->path) FAIL(ERR_CONFIG, "%s.encoder.path is set, but %s.feature is not encoder", section, section);
done:
    return rc;
}

static int check_audio_keys(const audio_options *o, int64_t output)
{
    int rc = OK;
    if (o->scale) FAIL(ERR_CONFIG, "audio.scale is for mel filters; audio.feature is encoder");
    if (output != ENCODER_CODES) goto done;
    if (o->keep != KEEP_TOKENS) FAIL(ERR_CONFIG, "audio.keep: with audio.encoder.layer: codes there are tokens alone");
    if (o->reduce)
        FAIL(ERR_CONFIG, "audio.reduce: the ids of audio.encoder.layer: codes take turns, there are no runs");
    if (*o->codebook.path)
        FAIL(ERR_CONFIG, "audio.codebook.path is set, but audio.encoder.layer: codes needs no codebook");
done:
    return rc;
}

/* The model says what becomes of a picture. A key that says otherwise is refused; one at its default is not looked at.
 */
static int check_image_keys(const image_options *o, const encoder_picture *p)
{
    int rc = OK;
    const struct {
        const char *key;
        int64_t value, usual, model;
    } keys[] = {{"image.patch", o->patch, 16, p->patch},
                {"image.width", o->width, 224, p->width},
                {"image.height", o->height, 224, p->height}};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (keys[i].value != keys[i].usual && keys[i].value != keys[i].model)
            FAIL(ERR_CONFIG, "%s is %lld, but the model of image.encoder.path has %lld", keys[i].key,
                 (long long)keys[i].value, (long long)keys[i].model);
    if (o->grey) FAIL(ERR_CONFIG, "image.grey: the model of image.encoder.path takes colours");
    if (o->normalize) FAIL(ERR_CONFIG, "image.normalize: the model of image.encoder.path says how values are scaled");
    if (*o->projection) FAIL(ERR_CONFIG, "image.projection maps patches; image.feature is encoder");
    if (p->resize && (p->resize < p->width || p->resize < p->height))
        FAIL(ERR_CONFIG,
             "image.encoder.path: its preprocessor_config.json resizes to %lld pixels and keeps %lld x %lld of them",
             (long long)p->resize, (long long)p->width, (long long)p->height);
    if (p->width < p->patch || p->height < p->patch)
        FAIL(ERR_CONFIG, "image.encoder.path: its pictures of %lld x %lld have no patch of %lld", (long long)p->width,
             (long long)p->height, (long long)p->patch);
done:
    return rc;
}

/* ---- opening ---- */

/* `own`: the name of the output that only models of this kind have. */
static int read_layer(const encoder_keys *k, const char *section, const char *own, int64_t own_output, int64_t *output)
{
    int rc = OK;
    char *end = NULL;
    *output = strtoll(k->layer, &end, 10);
    if (!strcmp(k->layer, "last"))
        *output = ENCODER_LAST;
    else if (!strcmp(k->layer, own))
        *output = own_output;
    else if (end == k->layer || *end || *output < 0 || *output > 100000)
        FAIL(ERR_CONFIG, "%s.encoder.layer: \"%s\" is neither the number of a layer nor last or %s", section, k->layer,
             own);
done:
    return rc;
}

static int open_encoder(core_model *m, const encoder_keys *k, const char *section, encoder_input takes)
{
    int rc = OK;
    encoder_options o = {.folder = k->path,
                         .precision = (encoder_precision)k->precision,
                         .norm = (wave_norm)k->norm,
                         .outputs = &m->output,
                         .n_outputs = 1};
    if (!*k->path)
        FAIL(ERR_CONFIG, "%s.encoder.path is not set: the folder of a model (%s.feature is encoder)", section, section);
    TRY(model_files_check(k->path, section, takes));
    rc = encoder_open(&m->encoder, &o);
    if (rc != OK && rc != ERR_MEMORY)
        FAIL(ERR_CONFIG, "%s.encoder (path %s, layer %s): %s", section, k->path, k->layer, status_message());
    TRY(rc);
    TRY(model_files_hash(k->path, m->config_sha256));
done:
    return rc;
}

int core_model_open_audio(core_model *out, const audio_options *o)
{
    int rc = OK;
    *out = (core_model){0};
    if (!o->use) goto done;
    if (o->feature != AUDIO_FEATURE_ENCODER) {
        rc = check_unused(&o->encoder, "audio");
        goto done;
    }
    TRY(read_layer(&o->encoder, "audio", "codes", ENCODER_CODES, &out->output));
    TRY(check_audio_keys(o, out->output));
    TRY(open_encoder(out, &o->encoder, "audio", ENCODER_SPEECH));
done:
    if (rc != OK) core_model_close(out);
    return rc;
}

int core_model_open_image(core_model *out, const image_options *o)
{
    int rc = OK;
    *out = (core_model){0};
    if (!o->use) goto done;
    if (o->feature != IMAGE_FEATURE_ENCODER) {
        rc = check_unused(&o->encoder, "image");
        goto done;
    }
    TRY(read_layer(&o->encoder, "image", "pooled", ENCODER_POOLED, &out->output));
    TRY(open_encoder(out, &o->encoder, "image", ENCODER_PICTURES));
    TRY(check_image_keys(o, encoder_picture_of(out->encoder)));
done:
    if (rc != OK) core_model_close(out);
    return rc;
}

void core_model_close(core_model *m)
{
    encoder_close(&m->encoder);
    *m = (core_model){0};
}

/* ---- what it is ---- */

int core_model_has_codes(const core_model *m) { return m->encoder && m->output == ENCODER_CODES; }

int core_model_text(const core_model *m, char **text)
{
    if (!m->encoder) return mem_string(text, "none");
    return mem_format(text, "%s weights=%s config=%s", encoder_name(m->encoder), encoder_sha256(m->encoder),
                      m->config_sha256);
}

int64_t core_model_layer(const core_model *m)
{
    if (!m->encoder || m->output == ENCODER_CODES) return -1;
    return m->output < 0 ? encoder_layers(m->encoder) : m->output;
}
