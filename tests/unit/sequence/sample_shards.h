/* Small real shards with known ids, and what a document of them should look like. */
#pragma once

#include "sequence/pack.h"

/* One row: number of ids per stream, -1: the row lacks the stream. An image has rows x columns ids. */
typedef struct sample_row {
    int starts; /* a group */
    int text, image_rows, image_columns, audio;
} sample_row;

/* What a row says of itself; NULL: "". */
typedef struct sample_says {
    const char *role, *lang, *source;
} sample_says;

typedef struct sample_shards {
    char folder[64];
    const sample_row *rows;
    const sample_says *says;  /* NULL: nothing */
    const char *const *texts; /* as they are stored beside the ids, which are others; NULL: "" */
    int hold;                 /* each id of sound stands there so many times in a row */
    int64_t n_rows;
    int64_t first[17]; /* first row of each shard, and the end */
    size_t n_shards;
    char *paths[16];
    vocabulary vocabulary; /* 256 bytes, 100 images, 70 audio codes */
} sample_shards;

/* Pictures and sound have a vector of two values for each id as well. */

/* Local id number k of a stream of a row. */
uint32_t sample_id(stream_kind s, int64_t row, int64_t k);

/* Gather rows into shards; shard i ends before row ends[i]; the last of several is compressed. Fails the running test
 * on any error. */
void sample_make(sample_shards *s, const sample_row *rows, const int64_t *ends, size_t n_shards);
void sample_make_said(sample_shards *s, const sample_row *rows, const sample_says *says, const int64_t *ends,
                      size_t n_shards);
void sample_make_stored(sample_shards *s, const sample_row *rows, const char *const *texts, const int64_t *ends,
                        size_t n_shards);
void sample_make_held(sample_shards *s, const sample_row *row, int hold); /* one row */
void sample_remove(sample_shards *s);

/* Joint ids of the document that starts at `row`, into `ids`; written down here once more, without the code under test.
 * *next: the row after it. Returns the number of tokens; 0 when the document is empty. */
int64_t sample_document(const sample_shards *s, const char *const *layout, size_t n_layout, int newline, int64_t row,
                        int64_t *next, uint32_t *ids, int64_t capacity);

/* Default options with this length, but for streams that the shards lack. */
sequence_options sample_options(int64_t length);

/* The shards with these options; no weights, no tokenizer. */
sequence_set sample_set(const sample_shards *s, const sequence_options *o);
