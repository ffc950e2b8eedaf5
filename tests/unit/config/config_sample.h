/* Two modules' options with every type, for the tests of the configuration. */
#pragma once

#include "config/config.h"

typedef struct sample_audio {
    int64_t rate, seed, size;
    int kind, reduce;
    double overlap, gain;
    char *path;
    option_list langs;
} sample_audio;

typedef struct sample_run {
    int64_t prefetch, any_bytes;
    double limit;
    char *cache;
    option_list splits;
} sample_run;

typedef struct sample {
    sample_audio audio;
    sample_run run;
    config *config;
} sample;

void sample_create(sample *s);
void sample_free(sample *s);

/* config_load of a text with the name f.yaml. */
int sample_load(sample *s, const char *text);

/* Whether two samples hold equal values. */
int sample_equal(const sample *a, const sample *b);
