/* Rows to examples: the tokenization core. The result depends on the row, its bytes, the options and the models alone.
 * One per compute thread. Local. */
#pragma once

#include "codebook/codebook.h"
#include "core/core_model.h"
#include "core/filter_options.h"
#include "core/media.h"
#include "core/projection.h"
#include "core/sensor.h"
#include "shards/example.h"
#include "text/tokenizer.h"

typedef struct core_settings {
    const audio_options *audio;
    const image_options *image;
    const sensor_options *sensor; /* NULL: the corpus has no recordings of sensors */
    text_tokenizer *text;
    int keep_partial;                  /* a row with one bad part keeps the others */
    const filter_options *filter;      /* NULL: nothing is filtered */
    const core_models *models;         /* NULL: no encoders */
    const codebook *codebook[N_MEDIA]; /* NULL: only vectors are kept, or ids are the encoder's own */
    const projection *image_map;       /* NULL: none */
} core_settings;

typedef struct core core;

/* Everything that `settings` points to is borrowed. ERR_MEMORY, ERR_CONFIG (a codebook of another dimension). Caller:
 * core_free. */
int core_create(core **out, const core_settings *settings);
void core_free(core **c);

/* What one vector of a stream has; 0 where the stream is not used. */
int64_t core_width(const core *c, media_kind kind);

/* Who asks for rows. */
typedef struct core_caller {
    int final; /* ERR_ENVIRONMENT is a reject too */
    /* Called between windows; not OK stops (may be NULL). */
    int (*tick)(void *user);
    /* Gets the examples in the order of the calls, each when it is ready, at the latest in core_finish; the example is
     * lent. Status. */
    int (*take)(void *user, const example *e);
    void *user;
} core_caller;

/* Make an example of index row `position`, whose texts must last until it is taken; the media may go after the call.
 * `windows`: 1: with its sound; 0: the sound comes in pieces of its own, and filters that look at what was decoded are
 * for whom joins them (core/row_filter.h). Item errors end in the example's outcome;
 * returned are job errors, ERR_ENVIRONMENT (unless final), ERR_STOPPED and what `take` returns: then core_forget is
 * due. */
int core_row(core *c, const core_caller *caller, const corpus_row *row, int64_t position, int starts_group,
             media m[N_MEDIA], int windows);

/* The piece of a row's sound: windows first .. last, as an example with the audio stream alone. Errors as core_row. */
int core_piece(core *c, const core_caller *caller, const corpus_row *row, int64_t position, media m[N_MEDIA],
               int64_t first, int64_t last);

/* Rows that an encoder's batch left waiting are computed and taken. Errors as core_row. core_forget: they are dropped.
 */
int core_finish(core *c);
void core_forget(core *c);
