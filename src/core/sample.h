/* The training sample: rows, then vectors in them, chosen by hash; their features as committed fp16 parts that k-means
 * maps. The choice depends on the seed, the id of the row and the number of the vector: never on ranks, memory or
 * order. Local. */
#pragma once

#include "base/file.h"
#include "core/picture.h"
#include "core/sound.h"
#include "corpus/index.h"

typedef struct sample_plan {
    uint64_t seed;
    double audio_rows, image_rows;       /* share of rows taken */
    double audio_vectors, image_vectors; /* share of vectors taken in these rows */
} sample_plan;

/* Shares from the totals of the index. A stream that is not trained gets 0. Only rows of the first split are taken. */
void sample_plan_make(sample_plan *p, const train_options *t, const audio_options *a, const image_options *i, int audio,
                      int image, const corpus_totals *totals);

/* Whether a row is in the sample, per stream. */
int sample_takes_audio(const sample_plan *p, const corpus_row *row);
int sample_takes_image(const sample_plan *p, const corpus_row *row);

/* Chosen vectors of one unit, collected. */
typedef struct sample_part {
    uint16_t *values; /* (n, d) fp16 */
    size_t n, capacity;
    int64_t d;
} sample_part;
void sample_part_free(sample_part *p);

/* Add the chosen vectors of a row. Item errors are returned (the row gives nothing: what was added is taken back).
 * ERR_INVALID when a value does not fit fp16. */
int sample_audio(const sample_plan *p, sound *s, const corpus_row *row, const media *m, int (*tick)(void *user),
                 void *user, sample_part *part);
int sample_image(const sample_plan *p, picture *s, const corpus_row *row, const media *m, sample_part *part);

/* A part on disk: header, values, checksum. `hash` ties it to the settings. Fault points "feature.*". */
int sample_part_save(const sample_part *p, const char *path, uint64_t hash);

/* Map one: values (n, d). ERR_MISSING (none, or of other settings), ERR_CORRUPT. Caller: file_unmap(map). */
int sample_part_map(const char *path, uint64_t hash, file_mapping *map, const uint16_t **values, int64_t *n,
                    int64_t *d);

/* Number and width of its vectors, from the header alone. ERR_MISSING, ERR_CORRUPT. */
int sample_part_count(const char *path, uint64_t hash, int64_t *n, int64_t *d);
