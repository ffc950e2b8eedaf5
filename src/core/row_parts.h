/* A row that is being made: what row_example.c and row_streams.c share. Local. */
#pragma once

#include "core/picture.h"
#include "core/row_example.h"
#include "core/row_filter.h"
#include "core/sensor.h"
#include "core/sound.h"

typedef struct row_item row_item;

/* A stream of a row while vectors come; the user of its sink. */
typedef struct row_stream {
    row_item *item;
    media_kind medium; /* of streams that have vectors */
    int64_t to_come;   /* vectors */
    int code;          /* why it fails */
    char message[512];
} row_stream;

struct row_item {
    core *core;
    core_caller caller;
    example example;
    row_stream stream[N_STREAMS];
    int in_pieces; /* its sound, or all but this piece of it, is elsewhere */
    row_item *next;
};

struct core {
    core_settings settings;
    row_filter filter;
    const core_model *audio_model, *image_model; /* NULL: none */
    sound *sound;
    picture *picture;
    sensor *sensor;
    assigner *assigner[N_MEDIA];
    media_hashed hashed[N_MEDIA]; /* by the row before */
    row_item *first, **end;       /* waiting, in order */
    row_item *spare;              /* kept for their buffers */
};

/* Start the streams of a row. Item errors, and ERR_ENVIRONMENT, are returned as they are. */
int row_text(row_item *i, const corpus_row *row);
int row_sound(row_item *i, const corpus_row *row, const media *m, int64_t first, int64_t last);
int row_picture(row_item *i, const media *m);
int row_sensor(row_item *i, const corpus_row *row, const media *m);

/* All vectors of the row are there: the last touch of its streams. ERR_MEMORY. */
int row_streams_end(row_item *i);
