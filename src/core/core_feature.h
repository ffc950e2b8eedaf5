/* What the options of the core mean: names and texts of features, frames and windows of sound, the grid of pictures.
 * Where a stream has an encoder its model decides. Local. */
#pragma once

#include "core/core_model.h"
#include "corpus/index.h"
#include "feature/audio_feature.h"
#include "feature/image_patches.h"
#include "shards/example.h"

/* The rate of all sound after resampling. */
enum { CORE_RATE_HZ = 16000 };

/* Values of the keys; each ends with NULL. */
extern const char *const audio_feature_names[], *const image_feature_names[];
extern const char *const sensor_normalize_names[];
extern const char *const image_fit_names[], *const image_filter_names[], *const image_normalize_names[];

/* The stream that a medium becomes. */
stream_kind core_stream(media_kind kind);

/* Text that fixes the features of a codebook ("mfcc rate=16000 ..."): two codebooks with the same text see the same
 * vectors. `projection` is the hash of the projection matrix or "". Caller: mem_free. ERR_MEMORY. */
int audio_feature_text(const audio_options *o, const core_model *m, char **text);
int image_feature_text(const image_options *o, const core_model *m, const char *projection, char **text);

int sensor_feature_text(const sensor_options *o, char **text);

/* Short name of the source of vectors: "mfcc", "logmel", "spectrogram", "patches", "hubert", "vit" ... */
const char *audio_encoder_name(const audio_options *o, const core_model *m);
const char *image_encoder_name(const core_model *m);

/* Name of the precision of an encoder; "" without one. */
const char *encoder_keys_precision(const encoder_keys *k, const core_model *m);

/* The options of the feature modules. */
void audio_feature_options_from(const audio_options *o, audio_feature_options *out);
void image_patch_options_from(const image_options *o, const core_model *m, image_patch_options *out);

/* Samples between frames, frames per second, frames per window. */
int64_t audio_hop(const core_model *m);
double audio_frame_hz(const core_model *m);
int64_t audio_window_frames(const audio_options *o, const core_model *m);

/* Windows of a row of this many seconds, at most: the last one may turn out to be part of the one before. */
int64_t audio_windows(const audio_options *o, const core_model *m, double seconds);

/* Values of a vector as the options have it, for estimates: before a projection. */
int64_t audio_vector_width(const audio_options *o, const core_model *m);
int64_t image_vector_width(const image_options *o, const core_model *m);

/* Rows and columns of a picture's vectors. */
void image_grid(const image_options *o, const core_model *m, int64_t *rows, int64_t *columns);

/* Samples from one frame to the next; frames a second, 0 where rates are not known. */
int64_t sensor_hop(const sensor_options *o);
double sensor_frame_hz(const sensor_options *o);

/* Vectors that the recordings of a corpus have, as far as the index knows: for estimates. */
double sensor_vectors_of(const sensor_options *o, const corpus_totals *t);

/* Rules between the keys. ERR_CONFIG. */
int sensor_options_check(const sensor_options *o);

/* Components wanted by image.projection "pca:D"; 0: none. ERR_CONFIG when the number is not one. */
int image_pca_components(const image_options *o, int64_t *n);
