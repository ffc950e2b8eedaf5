/* What encoder.c shares with the models. Local. */
#pragma once

#include "encoder/arena.h"
#include "encoder/encoder.h"
#include "encoder/model_config.h"
#include "encoder/parameters.h"

/* A kind of model; `model` and `room` are structs of its own, zeroed before use. */
typedef struct encoder_kind {
    const char *name; /* model_type of config.json */
    encoder_input takes;
    size_t model_bytes, room_bytes;
    const char *const *prefixes; /* that may stand before all its names, ends with NULL */
    const char *const *ignored;  /* tensors that it has no use for (fnmatch), ends with NULL */
    int (*configure)(encoder *e, const model_config *config, const model_config *preprocessor);
    /* Run twice: see parameters.h. */
    int (*load)(encoder *e, parameters *p);
    void (*free_model)(void *model);
    int64_t (*width)(const encoder *e, int64_t output); /* 0: the model has no such output */
    double (*operations)(const encoder *e, int64_t n);
    /* Run twice, as the arena wants. */
    int (*make_room)(const encoder *e, encoder_room *r, arena *memory);
    void (*free_room)(void *room);
} encoder_kind;

extern const encoder_kind hubert_kind, wav2vec2_kind, vit_kind;

struct encoder {
    const encoder_kind *kind;
    encoder_options o; /* outputs are its own */
    int64_t n_layers;  /* of the model */
    int64_t deepest;   /* layers that are run; -1: none, and nothing before them but what the codes need */
    size_t bytes;
    void *model;
    struct weights *weights; /* until packed */
    char sha256[65];
    encoder_picture picture;
};

struct encoder_room {
    const encoder *e;
    int64_t n_items, n_units; /* at most */
    void *room;
    char *memory;
    encoder_probe probe;
};

/* Whether an output is wanted. */
int encoder_wants(const encoder *e, int64_t output);

/* x (n, width) to the outputs of this number, and to the probe. */
void encoder_give(const encoder *e, const encoder_room *r, int64_t output, const float *x, int64_t n, int64_t width,
                  float *const *out);
void encoder_see(const encoder_room *r, const char *stage, int64_t index, const float *x, int64_t n, int64_t width);

/* What the two speech models are run by. */
int speech_run(const encoder *e, encoder_room *r, const float *const *samples, const int64_t *lengths, int64_t n_clips,
               float *const *out);
int64_t speech_frames(const void *model, int64_t n_samples);
int64_t speech_samples(const void *model, int64_t n_frames);
int64_t speech_hop(const void *model);
int64_t speech_codes(const void *model);
int vit_run(const encoder *e, encoder_room *r, const float *const *patches, int64_t n, int64_t rows, int64_t columns,
            float *const *out);
