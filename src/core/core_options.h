/* Options of the tokenization core, with their tables, and what they mean for features, codebooks and the estimate of
 * work. Local. */
#pragma once

#include "config/options.h"
#include "decode/image_decode.h"
#include "feature/audio_feature.h"
#include "feature/image_patches.h"

typedef enum keep_policy { KEEP_TOKENS, KEEP_VECTORS, KEEP_BOTH } keep_policy;

typedef struct codebook_options {
    int64_t size; /* K */
    int64_t seed;
    char *path; /* a frozen codebook; "": train one */
} codebook_options;

typedef struct audio_options {
    int use;
    int feature; /* mfcc | logmel | spectrogram */
    int64_t mels;
    int scale; /* samples x 32768 before the mel filters, as Kaldi does */
    double max_seconds;
    int64_t max_channels;
    double window_s;       /* sound is computed in windows of this length */
    int64_t piece_windows; /* a row of more windows becomes pieces of this many */
    int reduce;            /* run-length reduced ids with durations */
    int keep;              /* keep_policy */
    codebook_options codebook;
} audio_options;

typedef struct image_options {
    int use;
    int64_t patch, width, height;
    int grey, fit, filter, alpha, normalize;
    int64_t max_pixels;
    char *projection; /* "", FILE.npy, or pca:D */
    int keep;
    codebook_options codebook;
} image_options;

typedef struct train_options {
    int64_t seed;
    double hours;             /* of sound in the sample */
    int64_t images;           /* pictures in the sample */
    int64_t vectors_per_code; /* frames or patches kept per code */
    int64_t iterations;
    double tolerance, held_out;
    int64_t seed_vectors;
    int64_t seedings;
    int64_t memory; /* bytes of a rank for what only makes it faster; 0: no limit */
    int recompute;  /* features of the sample are not stored but computed again in each pass */
    /* of a training from a matrix */
    char *data;  /* "": from the corpus */
    char *name;  /* of the codebook */
    char *start; /* first centroids; "": seeds are chosen */
    int64_t size;
    int metric; /* kmeans_metric */
} train_options;

extern const option_table audio_options_table, image_options_table, train_options_table;

/* Rate of all sound after resampling, and of its frames. */
enum { CORE_RATE_HZ = 16000, CORE_FRAME_HZ = 100 };

/* Text that fixes the features of a codebook ("mfcc rate=16000 ..."): two codebooks with the same text see the same
 * vectors. `projection` is the hash of the projection matrix or "". Caller: mem_free. ERR_MEMORY. */
int audio_feature_text(const audio_options *o, char **text);
int image_feature_text(const image_options *o, const char *projection, char **text);

/* Short name of the source of vectors: "mfcc", "logmel", "spectrogram", "patches". */
const char *audio_encoder_name(const audio_options *o);

/* The options of the feature modules. */
void audio_feature_options_from(const audio_options *o, audio_feature_options *out);
void image_patch_options_from(const image_options *o, image_patch_options *out);

/* Frames per window; windows of a row of this many seconds. */
int64_t audio_window_frames(const audio_options *o);
int64_t audio_windows(const audio_options *o, double seconds);

/* Components wanted by image.projection "pca:D"; 0: none. ERR_CONFIG when the number is not one. */
int image_pca_components(const image_options *o, int64_t *n);
