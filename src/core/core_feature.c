#include "core/core_feature.h"

#include "base/memory.h"
#include "base/status.h"
#include "core/sound_hint.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const audio_feature_names[] = {"mfcc", "logmel", "spectrogram", "encoder", NULL};
const char *const image_feature_names[] = {"patches", "encoder", NULL};
const char *const sensor_normalize_names[] = {"none", "row", "sample", NULL};
const char *const image_fit_names[] = {"squash", "crop", NULL};
const char *const image_filter_names[] = {"nearest", "bilinear", "bicubic", "lanczos", "box", "hamming", NULL};
const char *const image_normalize_names[] = {"none", "half", "imagenet", "clip", NULL};
static const char resampler[] = "torchaudio-sinc-hann-6-0.99";

enum { FEATURE_HOP = 160 };

/* ---- names ---- */

const char *audio_encoder_name(const audio_options *o, const core_model *m)
{
    return m && m->encoder ? encoder_name(m->encoder) : audio_feature_names[o->feature];
}

const char *image_encoder_name(const core_model *m) { return m && m->encoder ? encoder_name(m->encoder) : "patches"; }

const char *encoder_keys_precision(const encoder_keys *k, const core_model *m)
{
    return m && m->encoder ? encoder_precision_names[k->precision] : "";
}

/* What both kinds of encoders have in their text; layer 03 is layer 3. */
static int encoder_text(const encoder_keys *k, const core_model *m, char **text)
{
    int rc = OK;
    char *identity = NULL, layer[32];
    snprintf(layer, sizeof layer, "%s", k->layer);
    if (m->output >= 0) snprintf(layer, sizeof layer, "%lld", (long long)m->output);
    TRY(core_model_text(m, &identity));
    TRY(mem_format(text, "%s layer=%s precision=%s", identity, layer, encoder_precision_names[k->precision]));
done:
    mem_free(&identity);
    return rc;
}

/* left is channel 0. */
static const char *channel_text(const audio_options *o, char text[24])
{
    int64_t channel = sound_channel(o);
    snprintf(text, 24, "%lld", (long long)channel);
    return channel == AUDIO_MEAN ? "mean" : text;
}

int audio_feature_text(const audio_options *o, const core_model *m, char **text)
{
    int rc = OK;
    char *encoder = NULL, channel[24];
    if (!m || !m->encoder)
        return mem_format(text, "%s rate=%d frame=400 hop=160 mels=%lld scale=%d channels=%s resampler=%s",
                          audio_encoder_name(o, m), CORE_RATE_HZ, (long long)(o->feature == 1 ? o->mels : 0),
                          o->feature == 2 ? 0 : o->scale, channel_text(o, channel), resampler);
    TRY(encoder_text(&o->encoder, m, &encoder));
    TRY(mem_format(text, "%s norm=%s rate=%d channels=%s resampler=%s", encoder, wave_norm_names[o->encoder.norm],
                   CORE_RATE_HZ, channel_text(o, channel), resampler));
done:
    mem_free(&encoder);
    return rc;
}

int image_feature_text(const image_options *o, const core_model *m, const char *projection, char **text)
{
    static const char *const alpha[] = {"drop", "white"};
    const char *scaled = o->scale_on_decode ? " scaled" : "";
    int rc = OK;
    char *encoder = NULL;
    if (!m || !m->encoder)
        return mem_format(
            text,
            "patches size=%lld grey=%d width=%lld height=%lld fit=%s filter=%s alpha=%s normalize=%s projection=%s%s",
            (long long)o->patch, o->grey, (long long)o->width, (long long)o->height, image_fit_names[o->fit],
            image_filter_names[o->filter], alpha[o->alpha], image_normalize_names[o->normalize],
            *projection ? projection : "none", scaled);
    TRY(encoder_text(&o->encoder, m, &encoder));
    TRY(mem_format(text, "%s class_token=%d alpha=%s%s", encoder, o->encoder.class_token, alpha[o->alpha], scaled));
done:
    mem_free(&encoder);
    return rc;
}

stream_kind core_stream(media_kind kind)
{
    static const stream_kind streams[] = {
        [MEDIA_AUDIO] = STREAM_AUDIO, [MEDIA_IMAGE] = STREAM_IMAGE, [MEDIA_SENSOR] = STREAM_SENSOR};
    return streams[kind];
}

/* ---- sound ---- */

int64_t audio_hop(const core_model *m) { return m && m->encoder ? encoder_hop(m->encoder) : FEATURE_HOP; }

double audio_frame_hz(const core_model *m) { return (double)CORE_RATE_HZ / (double)audio_hop(m); }

int64_t audio_window_frames(const audio_options *o, const core_model *m)
{
    int64_t n = (int64_t)(o->window_s * audio_frame_hz(m) + 0.5);
    return n < 1 ? 1 : n;
}

int64_t audio_windows(const audio_options *o, const core_model *m, double seconds)
{
    double windows = ceil(seconds * audio_frame_hz(m) / (double)audio_window_frames(o, m));
    return windows < 1 ? 1 : windows > 1e12 ? (int64_t)1e12 : (int64_t)windows;
}

int64_t audio_vector_width(const audio_options *o, const core_model *m)
{
    const int64_t widths[] = {39, o->mels, 257};
    return m && m->encoder ? encoder_width(m->encoder, m->output) : widths[o->feature];
}

void audio_feature_options_from(const audio_options *o, audio_feature_options *out)
{
    static const audio_feature_kind kinds[] = {AUDIO_MFCC, AUDIO_LOGMEL,
                                               AUDIO_SPECTROGRAM}; /* order of audio_feature_names */
    *out = audio_feature_defaults();
    out->kind = kinds[o->feature];
    out->n_mels = o->mels;
    out->scale = o->scale ? 32768 : 1;
}

/* ---- sensors ---- */

static const double LIKELY_BYTES = 8; /* of a value in a file whose length is not known: fp64, or a field of CSV */
static const double LIKELY_HZ = 100;
enum { MOST_WIDTH = 1 << 16 };

int64_t sensor_hop(const sensor_options *o) { return o->hop ? o->hop : o->frame; }

double sensor_frame_hz(const sensor_options *o) { return o->rate_hz / (double)sensor_hop(o); }

int sensor_feature_text(const sensor_options *o, char **text)
{
    return mem_format(text, "frames size=%lld hop=%lld channels=%lld rate=%.9g normalize=%s resampler=%s",
                      (long long)o->frame, (long long)sensor_hop(o), (long long)o->channels, o->rate_hz,
                      sensor_normalize_names[o->normalize], resampler);
}

double sensor_vectors_of(const sensor_options *o, const corpus_totals *t)
{
    double channels = o->channels > 0 ? (double)o->channels : 1;
    double samples = (double)t->sensor_bytes / (LIKELY_BYTES * channels) +
                     t->sensor_seconds * (o->rate_hz > 0 ? o->rate_hz : LIKELY_HZ);
    return samples / (double)sensor_hop(o);
}

int sensor_options_check(const sensor_options *o)
{
    int rc = OK;
    if (!o->use) goto done;
    if (o->channels * o->frame > MOST_WIDTH)
        FAIL(ERR_CONFIG, "sensor.channels times sensor.frame is %lld, at most %d values make a vector",
             (long long)(o->channels * o->frame), MOST_WIDTH);
    if (o->normalize == SENSOR_NORMALIZE_SAMPLE && o->keep == KEEP_VECTORS)
        FAIL(ERR_CONFIG, "sensor.normalize: sample needs a codebook, which keeps mean and deviation; choose "
                         "sensor.keep: both, or sensor.normalize: row");
done:
    return rc;
}

/* ---- pictures ---- */

int64_t image_vector_width(const image_options *o, const core_model *m)
{
    return m && m->encoder ? encoder_width(m->encoder, m->output) : (o->grey ? 1 : 3) * o->patch * o->patch;
}

void image_grid(const image_options *o, const core_model *m, int64_t *rows, int64_t *columns)
{
    *rows = o->height / o->patch;
    *columns = o->width / o->patch;
    if (!m || !m->encoder) return;
    const encoder_picture *p = encoder_picture_of(m->encoder);
    *rows = p->height / p->patch;
    *columns = p->width / p->patch;
    if (m->output == ENCODER_POOLED) *rows = *columns = 1;
    if (m->output == ENCODER_POOLED || !o->encoder.class_token) return;
    *columns = p->extra_tokens + *rows * *columns;
    *rows = 1;
}

int image_pca_components(const image_options *o, int64_t *n)
{
    int rc = OK;
    *n = 0;
    if (strncmp(o->projection, "pca:", 4)) goto done;
    char *end;
    *n = strtoll(o->projection + 4, &end, 10);
    int64_t width = (o->grey ? 1 : 3) * o->patch * o->patch;
    if (*end || end == o->projection + 4 || *n < 1 || *n > width)
        FAIL(ERR_CONFIG,
             "image.projection: \"%s\" is not pca:D with a whole number D from 1 to %lld (the size of a patch)",
             o->projection, (long long)width);
done:
    return rc;
}

/* As preprocessor_config.json says. */
static void from_model(const encoder_picture *p, image_patch_options *out)
{
    static const image_filter filters[] = {FILTER_NEAREST, FILTER_LANCZOS, FILTER_BILINEAR,
                                           FILTER_BICUBIC}; /* Pillow's numbers */
    out->size = p->patch;
    out->width = p->width;
    out->height = p->height;
    out->fit = p->resize ? FIT_CROP : FIT_SQUASH;
    out->edge = p->resize;
    out->filter = filters[p->resample];
    out->rescale = p->rescale;
    memcpy(out->mean, p->mean, sizeof out->mean);
    memcpy(out->std, p->std, sizeof out->std);
}

void image_patch_options_from(const image_options *o, const core_model *m, image_patch_options *out)
{
    static const struct {
        double mean[3], std[3];
    } normal[] = {
        {{0, 0, 0}, {1, 1, 1}},
        {{0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}},
        {{0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}},
        {{0.48145466, 0.4578275, 0.40821073}, {0.26862954, 0.26130258, 0.27577711}},
    }; /* order of image_normalize_names */
    *out = image_patch_defaults();
    if (m && m->encoder) {
        from_model(encoder_picture_of(m->encoder), out);
        return;
    }
    out->size = o->patch;
    out->grey = o->grey;
    out->fit = o->fit;
    out->filter = o->filter;
    out->width = o->width;
    out->height = o->height;
    memcpy(out->mean, normal[o->normalize].mean, sizeof out->mean);
    memcpy(out->std, normal[o->normalize].std, sizeof out->std);
}
