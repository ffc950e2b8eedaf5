/* The training sample: rows, then vectors in them, chosen by hash; their features as committed fp16 parts that k-means
 * maps, or parts that only say what the features were, so that they can be computed again. The choice depends on the
 * seed, the id of the row and the number of the vector: never on ranks, memory or order. Local. */
#pragma once

#include "base/file.h"
#include "core/core_model.h"
#include "corpus/index.h"

typedef struct sample_plan {
    uint64_t seed;
    double rows[N_MEDIA];    /* share of rows taken */
    double vectors[N_MEDIA]; /* share of vectors taken in these rows */
} sample_plan;

/* What is sampled, and by which options; `models` may be NULL. */
typedef struct sample_streams {
    int wanted[N_MEDIA];
    const audio_options *audio;
    const image_options *image;
    const sensor_options *sensor;
    const core_models *models;
} sample_streams;

/* Shares from the totals of the index. A stream that is not wanted gets 0. Only rows of the first split are taken. */
void sample_plan_make(sample_plan *p, const train_options *t, const sample_streams *s, const corpus_totals *totals);

/* Whether a row is in the sample of a stream. */
int sample_takes(const sample_plan *p, media_kind kind, const corpus_row *row);

/* What the choice of a row, and of vectors in it, hangs on. */
uint64_t sample_row_key(const corpus_row *row);

/* A row in a part: its vectors, or that it could not be read. */
typedef struct sample_row {
    int64_t position;  /* in the index */
    int64_t first, n;  /* its vectors in the part; n = -1: left out, for reasons outside its bytes */
    uint64_t checksum; /* of its values */
} sample_row;

/* Chosen vectors of one unit, collected. */
typedef struct sample_part {
    uint16_t *values; /* (n - dropped, d) fp16 */
    size_t n, capacity;
    size_t dropped; /* vectors whose values are gone */
    int drops;      /* values of a row go as soon as it is noted */
    int64_t d;
    sample_row *rows; /* (n_rows) ascending; rows without a vector do not stand here */
    size_t n_rows, rows_capacity;
} sample_part;
void sample_part_free(sample_part *p);

/* Take note of a row: the vectors from `first` to the end of the part are its; or it is left out. ERR_MEMORY. */
int sample_part_note(sample_part *p, int64_t position, size_t first);
int sample_part_leave_out(sample_part *p, int64_t position);

/* Forget the values so far: for a part that is saved without them. With `drops` noting does it. */
void sample_part_drop(sample_part *p);

/* A part on disk: header, rows, values (all of them) unless `stored` is 0. `hash` ties it to the settings. Fault points
 * "feature.*". */
int sample_part_save(const sample_part *p, const char *path, uint64_t hash, int stored);

/* A mapped part. A zeroed struct is safe to close. */
typedef struct sample_view {
    file_mapping map;
    int64_t n, d, n_rows;
    const sample_row *rows; /* (n_rows) */
    int stored;
    const uint16_t *values; /* (n, d); NULL: not stored */
} sample_view;

/* ERR_MISSING (none, or of other settings), ERR_CORRUPT. Caller: sample_view_close. */
int sample_view_open(sample_view *v, const char *path, uint64_t hash);
void sample_view_close(sample_view *v);

/* The row at this position of the index, or the one that has vector i; NULL: none. */
const sample_row *sample_view_row(const sample_view *v, int64_t position);
const sample_row *sample_view_row_of(const sample_view *v, int64_t i);

/* Position of the first row in which a part is not what a view says; -1: none. */
int64_t sample_view_differs(const sample_view *v, const sample_part *p);

/* Number and width of a part's vectors, and whether it has their values, from the header alone. ERR_MISSING,
 * ERR_CORRUPT. */
int sample_part_count(const char *path, uint64_t hash, int64_t *n, int64_t *d, int *stored);
