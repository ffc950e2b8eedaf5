/* What sound.c shares with the two kinds of vectors. Local. */
#pragma once

#include "core/core_feature.h"
#include "core/sound.h"
#include "core/sound_reader.h"

struct sound {
    const audio_options *o;
    const core_model *model; /* NULL: features */
    sound_reader reader;
    int64_t width, hop, window, context; /* context and window in frames */
    audio_feature *feature;
    float *vectors; /* of one window of features */
    size_t vectors_capacity;
    encode_batch *batch;
    sound_measure measure;
    int measures; /* filters want it */
};

typedef struct sound_call {
    const corpus_row *row;
    const byte_source *source;
    int64_t first, last; /* windows */
    const vector_sink *sink;
} sound_call;

/* The windows of a call; *frames in all. The reader is left where it is. */
int sound_run_features(sound *s, const sound_call *c, int64_t *frames);
int sound_run_encoder(sound *s, const sound_call *c, int64_t *frames);

/* Frames of n samples. */
int64_t sound_frames(const sound *s, int64_t n_samples);
