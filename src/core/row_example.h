/* One row to one example: the tokenization core. The result depends on the row, its bytes, the options and the models
 * alone. One per compute thread. Local. */
#pragma once

#include "codebook/codebook.h"
#include "core/core_options.h"
#include "core/media.h"
#include "core/projection.h"
#include "shards/example.h"
#include "text/tokenizer.h"

typedef struct core_settings {
    const audio_options *audio;
    const image_options *image;
    const text_options *text;
    int keep_partial;                                /* a row with one bad part keeps the others */
    const codebook *audio_codebook, *image_codebook; /* NULL: only vectors are kept */
    const projection *image_map;                     /* NULL: none */
} core_settings;

typedef struct core core;

/* Everything that `settings` points to is borrowed. ERR_MEMORY, ERR_CONFIG (a codebook of another dimension). Caller:
 * core_free. */
int core_create(core **out, const core_settings *settings);
void core_free(core **c);

/* What one vector of each stream has; 0 where the stream is not used. */
int64_t core_audio_width(const core *c);
int64_t core_image_width(const core *c);

/* Make an example of index row `position`. `windows`: 1: with its sound; 0: the sound comes in pieces of its own.
 * `tick` (may be NULL) is called between windows. Item errors end in out->outcome; returned are job errors,
 * ERR_ENVIRONMENT (unless `final`: then a reject too) and ERR_STOPPED. */
int core_row(core *c, const corpus_row *row, int64_t position, int starts_group, media m[N_MEDIA], int windows,
             int final, int (*tick)(void *user), void *user, example *out);

/* The piece of a row's sound: windows first .. last, as an example with the audio stream alone. Errors as core_row. */
int core_piece(core *c, const corpus_row *row, int64_t position, media m[N_MEDIA], int64_t first, int64_t last,
               int final, int (*tick)(void *user), void *user, example *out);
