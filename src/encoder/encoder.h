/* Encoders of published models: sound or pictures to vectors, from the folder of a model hub (config.json, weights,
 * preprocessor_config.json).
 *
 * The numbers depend on the weights and the clip or picture alone: not on what else is computed with it, nor on the
 * processor. Nothing is padded. All Local. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct encoder encoder; /* a model: read-only once it is packed, so threads may share it */

typedef enum encoder_input { ENCODER_SPEECH, ENCODER_PICTURES } encoder_input;
typedef enum encoder_precision { ENCODER_FP32, ENCODER_BF16 } encoder_precision;
extern const char *const encoder_precision_names[]; /* ends with NULL */

/* How a waveform is normalised: as preprocessor_config.json says (HuggingFace), not at all, or by mean and variance of
 * the clip with this epsilon. */
typedef enum wave_norm {
    WAVE_NORM_AUTO,
    WAVE_NORM_NONE,
    WAVE_NORM_HF /* 1e-7 */,
    WAVE_NORM_FAIRSEQ /* 1e-5 */
} wave_norm;
extern const char *const wave_norm_names[]; /* ends with NULL */

/* Which vectors: the hidden state entering the first layer (0), leaving layer k, or one of these. Layers above the
 * highest that is wanted are neither loaded nor run. */
enum {
    ENCODER_LAST = -1,   /* last_hidden_state: leaving the last layer, after the final norm where the model has one */
    ENCODER_POOLED = -2, /* ViT: one vector a picture, tanh(W last[0] + b) */
    ENCODER_CODES = -3   /* wav2vec 2.0's own product quantizer: G numbers a frame, group g's as g V + code */
};

typedef struct encoder_options {
    const char *folder; /* or its config.json */
    encoder_precision precision;
    wave_norm norm;         /* of ENCODER_SPEECH */
    const int64_t *outputs; /* (n_outputs) what is wanted, each once; at least one */
    int64_t n_outputs;
} encoder_options;

/* Read config.json and check names and shapes of all weights. Nothing can be computed before the packing. ERR_CONFIG
 * names file and tensor or key; ERR_MEMORY. Caller: encoder_close. */
int encoder_open(encoder **out, const encoder_options *o);
void encoder_close(encoder **e);

/* Bytes of the packed model, and filling them: part `part` of `n_parts` (all parts must be filled before use, by
 * whoever shares the memory). memory: 64-byte aligned, encoder_bytes of it, the caller's, outlives the encoder.
 * ERR_CONFIG: a weight that is not finite. After its own part is filled, `encoder` lets go of the weight files. */
size_t encoder_bytes(const encoder *e);
int encoder_pack(encoder *e, void *memory, int part, int n_parts);

/* What the model is. */
encoder_input encoder_takes(const encoder *e);
const char *encoder_name(const encoder *e);              /* "hubert", "wav2vec2", "vit" */
const char *encoder_sha256(const encoder *e);            /* of the weights (weights.h) */
int64_t encoder_layers(const encoder *e);                /* of the model, loaded or not */
int64_t encoder_width(const encoder *e, int64_t output); /* of this output's vectors; of codes: G */
int64_t encoder_codes(const encoder *e);                 /* G V of the product quantizer; 0: it has none */

/* Sound: frames of n samples (16 kHz; 0: too short); the samples that n frames are computed from; and samples from one
 * frame to the next. */
int64_t encoder_frames(const encoder *e, int64_t n_samples);
int64_t encoder_samples(const encoder *e, int64_t n_frames);
int64_t encoder_hop(const encoder *e);

/* Floating-point operations of the matrix products for one clip of n samples, or one picture of n patches: two for each
 * multiply-add. */
double encoder_operations(const encoder *e, int64_t n);

/* Pictures: what preprocessor_config.json and config.json say. */
typedef struct encoder_picture {
    int64_t width, height; /* pixels, after resizing and cropping */
    int64_t resize;        /* shorter side before cropping; 0: straight to width x height */
    int64_t patch;
    int resample; /* Pillow's number: 0 nearest, 1 Lanczos, 2 bilinear, 3 bicubic */
    double rescale, mean[3], std[3];
    int64_t extra_tokens; /* vectors of a picture before those of its patches (class token) */
} encoder_picture;
const encoder_picture *encoder_picture_of(const encoder *e);

/* Workspace of a thread, for batches of up to n_items clips or pictures and n_units samples (of all clips together) or
 * patches. ERR_MEMORY. Caller: encoder_room_free. */
typedef struct encoder_room encoder_room;
size_t encoder_room_bytes(const encoder *e, int64_t n_items, int64_t n_units);
int encoder_room_create(encoder_room **out, const encoder *e, int64_t n_items, int64_t n_units);
void encoder_room_free(encoder_room **r);

/* Clips, each alone as far as its numbers go: samples[i] (lengths[i]), 16 kHz, in [-1, 1]. out[j], for output j of the
 * options: the vectors of all clips one behind the other, (frames, width); codes are whole numbers. ERR_EMPTY: a clip
 * has no frame; ERR_LIMIT: more than the room is for. */
int encoder_run_speech(const encoder *e, encoder_room *r, const float *const *samples, const int64_t *lengths,
                       int64_t n_clips, float *const *out);

/* Pictures of rows x columns patches: patches[i] (rows * columns, C P P), channel first, scaled. out[j]: (n, 1 + rows *
 * columns, width), pooled (n, width). */
int encoder_run_pictures(const encoder *e, encoder_room *r, const float *const *patches, int64_t n, int64_t rows,
                         int64_t columns, float *const *out);

/* For tests: `see` gets what goes between the stages ("conv" i, "features", "hidden" i), rows as they come. */
typedef struct encoder_probe {
    void (*see)(void *user, const char *stage, int64_t index, const float *x, int64_t rows, int64_t width);
    void *user;
} encoder_probe;
void encoder_room_probe(encoder_room *r, const encoder_probe *probe);
