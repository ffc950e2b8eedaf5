/* HuBERT (Hsu et al. 2021, arXiv:2106.07447) and wav2vec 2.0 (Baevski et al. 2020, arXiv:2006.11477) in parts: the
 * settings, the convolutions over the waveform, the positional convolution. speech.c puts them together. Names follow
 * modeling_hubert.py and modeling_wav2vec2.py of transformers. Local. */
#pragma once

#include "encoder/block.h"
#include "encoder/encoder.h"
#include "encoder/model_config.h"
#include "encoder/parameters.h"

enum { SPEECH_MAX_CONVS = 16 };

typedef struct speech_settings {
    int64_t n_convs, channels[SPEECH_MAX_CONVS], kernel[SPEECH_MAX_CONVS], stride[SPEECH_MAX_CONVS];
    int norm_each; /* feat_extract_norm: a layer norm in each convolution, else a group norm in the first */
    int conv_bias;
    int projection_norm; /* feat_proj_layer_norm */
    enum activation conv_activation;
    int64_t position_kernel, position_groups;
    int position_batch_norm;
    block_shape block;
    int64_t layers;
    int normalize;           /* the waveform: do_normalize */
    int64_t groups, entries; /* of the product quantizer, wav2vec 2.0 */
} speech_settings;

/* From config.json and preprocessor_config.json (may be NULL). ERR_CONFIG. */
int speech_configure(speech_settings *s, int has_quantizer, const model_config *config,
                     const model_config *preprocessor);

/* Rows after convolution `last` (n_convs - 1: frames) of n samples, and the reverse: what n rows are computed from. */
int64_t speech_rows(const speech_settings *s, int64_t last, int64_t n_samples);
int64_t speech_span(const speech_settings *s, int64_t first, int64_t last, int64_t n_rows);

/* The convolutions. The first ones run in pieces whose rows stay in cache, the others over the whole clip. */
typedef struct speech_convs {
    linear conv[SPEECH_MAX_CONVS];
    norm norms[SPEECH_MAX_CONVS]; /* norm_each: all, else the group norm in [0] */
    const float *first;           /* (channels, kernel) of the first convolution, for the group norm */
} speech_convs;
int speech_convs_load(speech_convs *c, parameters *p, const speech_settings *s);
void speech_convs_free(speech_convs *c);

typedef struct speech_convs_room {
    int half;
    float *wave, *piece;       /* piece: a convolution before its norm */
    float *mean, *scale;       /* (channels) of the group norm for the clip */
    double *window, *products; /* moments of the windows of the first convolution */
    rows rows[SPEECH_MAX_CONVS];
} speech_convs_room;
int speech_convs_room_create(speech_convs_room *r, arena *memory, int half, const speech_settings *s,
                             int64_t n_samples);

/* x (n_samples), normalised -> (frames, channels of the last), fp32. `see` as in encoder_probe; its `see` may be NULL.
 */
void speech_convs_run(const speech_convs *c, const speech_settings *s, speech_convs_room *r, const float *x,
                      int64_t n_samples, const encoder_probe *probe, float *out);

/* The positional convolution: x <- x + gelu(conv(x) + bias), kernel centred, zeros outside. */
typedef struct speech_position {
    linear *groups; /* (position_groups) */
    const float *bias;
    const float *mean, *scale, *shift; /* batch norm, (width): (x - mean) * scale + shift; NULL: none */
} speech_position;
int speech_position_load(speech_position *c, parameters *p, const speech_settings *s);
void speech_position_free(speech_position *c, const speech_settings *s);
rows speech_position_room(arena *memory, int half, const speech_settings *s, int64_t t_max);
void speech_position_run(const speech_position *c, const speech_settings *s, rows room, float *x, int64_t t);
