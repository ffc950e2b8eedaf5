/* Options of the tokenization core, with their tables. What they mean: core/core_feature.h. */
#pragma once

#include "config/options.h"

typedef enum keep_policy { KEEP_TOKENS, KEEP_VECTORS, KEEP_BOTH } keep_policy;

typedef enum length_policy { LENGTH_REJECT, LENGTH_KEEP } length_policy;

typedef struct codebook_options {
    int64_t size; /* K */
    int64_t seed;
    char *path; /* a frozen codebook; "": train one */
} codebook_options;

/* A published model in place of a feature. */
typedef struct encoder_keys {
    char *path;       /* folder of the model; "": none */
    char *layer;      /* a number, "last", and "codes" of sound, "pooled" of pictures */
    int precision;    /* encoder_precision */
    int norm;         /* wave_norm, of sound */
    double context_s; /* of sound: computed on each side of a window and thrown away */
    int class_token;  /* of pictures: kept, before the patches */
} encoder_keys;

enum { AUDIO_FEATURE_ENCODER = 3, IMAGE_FEATURE_ENCODER = 1 };

/* Sound files without a header. */
typedef struct audio_raw_keys {
    int format; /* audio_raw_format */
    int64_t rate_hz, channels;
    option_list endings;
} audio_raw_keys;

typedef struct audio_options {
    int use;
    audio_raw_keys raw;
    char *channels; /* mean | left | right | number of a channel */
    double length_tolerance;
    int length_policy; /* length_policy */
    int feature;       /* mfcc | logmel | spectrogram | encoder */
    encoder_keys encoder;
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
    int feature; /* patches | encoder */
    encoder_keys encoder;
    int64_t patch, width, height;
    int grey, fit, filter, alpha, normalize;
    int64_t max_pixels;
    int scale_on_decode;
    char *projection; /* "", FILE.npy, or pca:D */
    int keep;
    codebook_options codebook;
} image_options;

typedef enum sensor_normalize {
    SENSOR_NORMALIZE_NONE,
    SENSOR_NORMALIZE_ROW,   /* mean 0 and deviation 1 of each channel of a row */
    SENSOR_NORMALIZE_SAMPLE /* the mean and deviation of each channel of the training sample */
} sensor_normalize;

typedef struct sensor_options {
    int use;
    int64_t channels;   /* 0: not set */
    double rate_hz;     /* 0: recordings are taken as they are */
    int64_t frame, hop; /* samples; hop 0: as frame (sensor_hop) */
    int normalize;      /* sensor_normalize */
    double max_seconds;
    int64_t max_values;
    char *dataset;                 /* of an HDF5 file */
    int csv_separator, csv_header; /* of decode/sensor_read.h */
    int64_t csv_skip_columns;
    int reduce, keep;
    codebook_options codebook;
} sensor_options;

typedef struct train_options {
    int64_t seed;
    double hours;             /* of sound in the sample */
    int64_t images;           /* pictures in the sample */
    int64_t sensors;          /* sensor recordings in the sample */
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

extern const option_table audio_options_table, image_options_table, sensor_options_table, train_options_table;
