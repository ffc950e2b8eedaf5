/* What the tokenization core makes of one row: an example, or the reason why there is none. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef enum stream_kind { STREAM_TEXT, STREAM_IMAGE, STREAM_AUDIO, STREAM_SENSOR, N_STREAMS } stream_kind;

/* "text", "image", "audio", "sensor". */
const char *stream_name(stream_kind s);

/* Texts of a row that go into /examples. */
typedef enum example_text {
    EXAMPLE_ID,
    EXAMPLE_GROUP,
    EXAMPLE_ROLE,
    EXAMPLE_LANG,
    EXAMPLE_LICENSE,
    EXAMPLE_SOURCE,
    EXAMPLE_TEXT,
    EXAMPLE_TEXT_LANG,
    EXAMPLE_EXTRA,
    EXAMPLE_PATH, /* of the medium, for the reject ledger */
    N_EXAMPLE_TEXTS
} example_text;

typedef enum example_outcome { OUTCOME_EXAMPLE, OUTCOME_REJECT, OUTCOME_FILTERED } example_outcome;

typedef struct example_stream {
    uint32_t *ids; /* (n_ids) codes local to the stream's codebook or tokenizer */
    size_t n_ids, ids_capacity;
    uint32_t *durations; /* (n_ids) frames per id where runs are reduced; else NULL and n_durations = 0 */
    size_t n_durations, durations_capacity;
    uint16_t *vectors;                  /* (n_vectors, width) fp16 where vectors are kept */
    size_t n_vectors, vectors_capacity; /* capacity in values */
    int64_t width;
    int32_t rows, columns; /* grid of an image; 0 else */
    uint64_t xxh3;         /* of the media bytes read; 0 for text */
    double seconds;        /* of sound that the ids cover; 0 else */
    int used;              /* the example has this stream (it may still be empty) */
} example_stream;

/* What was measured of decoded media, for filters (core/measure.h). Sums of pieces are those of the whole. */
typedef struct sound_content {
    int64_t rate_hz;     /* of the file; 0: no sound */
    int64_t samples;     /* of the row, mono, at that rate */
    int64_t clipped;     /* of these at full scale */
    uint64_t squares[2]; /* sum of their squares, low and high half, in units of 2^-46 */
    double peak;         /* largest magnitude */
    uint64_t hash[2];    /* of all samples */
} sound_content;

typedef struct picture_content {
    int64_t width, height; /* 0: no picture */
    double deviation;      /* standard deviation of the values of the channel in which it is largest */
    uint64_t hash[2];      /* of all pixels */
} picture_content;

typedef struct sensor_content {
    int64_t samples, channels; /* of the row, at one rate; 0: no recording */
    uint64_t hash[2];          /* of all values, before they are normalised */
} sensor_content;

/* Add a piece of the same sound. Local. */
void sound_content_add(sound_content *to, const sound_content *piece);

typedef struct example {
    int64_t row;      /* in the manifest */
    int64_t position; /* in the index */
    int64_t order;
    int starts_group; /* first row of its group */
    example_outcome outcome;
    int status;        /* why rejected */
    char stage[16];    /* where: "manifest", "index", "decode", "feature", "text" ... */
    char rule[32];     /* filter rule */
    char message[512]; /* why, for people */
    struct {
        const char *bytes;
        size_t n;
    } text[N_EXAMPLE_TEXTS]; /* borrowed views */
    example_stream stream[N_STREAMS];
    sound_content sound; /* without its pieces, as the stream */
    picture_content picture;
    sensor_content sensor;
} example;

/* Forget the content, keep the buffers; free the buffers. Local. */
void example_reset(example *e);
void example_free(example *e);
