/* Shards: HDF5 files of examples, gathered from parts, and their readers. The README, "Output", describes the layout;
 * shards/example_sum.h defines /examples/checksum (uint64), the checksum over all that a shard says of an example.
 * Local. */
#pragma once

#include "shards/example.h"
#include "store/h5.h"

typedef struct shard_counts {
    int64_t rows, examples, rejects, filtered;
    int64_t ids[N_STREAMS];     /* tokens per stream */
    int64_t streams[N_STREAMS]; /* examples with ids or vectors of the stream */
    double seconds;             /* of sound */
    int64_t bytes;              /* of the file */
    char sha256[65];            /* of the file */
} shard_counts;

typedef struct shard_stream_options {
    int used;
    int64_t vocab_size; /* codes of the stream */
    int reduced;        /* run lengths reduced: durations are there */
    int vectors;        /* vectors kept (fp16) */
    int64_t width;      /* of a vector */
    double rate_hz;     /* frames per second; 0 where there is no such thing */
    int64_t layer;      /* -1: none */
    char encoder[64], codebook_sha256[65], weights_sha256[65];
    char precision[16]; /* of the encoder's matrix products; "": there is no encoder */
} shard_stream_options;

typedef struct shard_options {
    int deflate; /* of ids; 0: none */
    char config_sha256[65];
    uint64_t tokens_hash;
    shard_stream_options stream[N_STREAMS];
} shard_options;

/* Who decides about rows that have come this far as examples: with the sound of all pieces in e->sound, and `pieces` 1
 * where there are any. May make the example a filtered one, always in the same way. Status. */
typedef struct shard_judge {
    int (*row)(void *user, example *e, int pieces); /* NULL: all stay */
    void *user;
} shard_judge;

/* The parts of a shard: paths and unit numbers in order; piece parts follow the part that holds their row. */
typedef struct shard_parts {
    char *const *paths;
    const int64_t *units;
    size_t n;
} shard_parts;

/* Gather parts into one shard file, and the rejected and the filtered rows as JSON lines into two others, which are
 * committed first. Sizes are summed in a first pass over the parts, so memory is bounded by one part of rows, one
 * piece, and the distinct texts of lang, license and source. The ids of a piece are appended to those of its row in
 * window order (runs that meet at a seam are joined where reduced); a row one of whose pieces is a reject, or whose
 * pieces saw different media bytes, is a reject; a group whose first row is left out starts at its next example. Fault
 * points "shard.*", "rejects.*", "filtered.*", and "shard.mid-gather" half-way. ERR_MISSING (a part), ERR_CORRUPT,
 * ERR_SPACE, ERR_IO, ERR_INTERNAL (rows that do not fit the options), or what the judge gives. */
typedef struct shard_files {
    const char *shard, *rejects, *filtered;
} shard_files;
int shard_gather(const shard_files *files, const shard_parts *parts, const shard_options *o, const shard_judge *judge,
                 shard_counts *counts);

/* Visit the rows that would be examples, without writing: `take` gets each, with its ids (but for those of its pieces)
 * and the sound of all pieces in e->sound. Errors as shard_gather, or what `take` gives. */
int shard_visit(const shard_parts *parts, const shard_options *o, const shard_judge *judge,
                int (*take)(void *user, const example *e), void *user);

/* Read a shard. Offsets and small arrays are loaded or mapped at open and checked (ascending, in range: ERR_CORRUPT).
 */
typedef struct shard_reader shard_reader;
int shard_reader_open(shard_reader **out, const char *path);

/* The same for one who visits few examples: reads only the pages that are used, without texts (so no shard_reader_text
 * and _find), and does not look at every offset, so the caller checks those that it uses. */
int shard_reader_open_unchecked(shard_reader **out, const char *path);
void shard_reader_close(shard_reader **r);
int64_t shard_reader_examples(const shard_reader *r);
int shard_reader_has(const shard_reader *r, stream_kind s);
int64_t shard_reader_ids(const shard_reader *r, stream_kind s);                     /* total */
int64_t shard_reader_offset(const shard_reader *r, stream_kind s, int64_t example); /* example = n gives the total */
int shard_reader_has_vectors(const shard_reader *r, stream_kind s);
int64_t shard_reader_vectors(const shard_reader *r, stream_kind s);                        /* total */
int64_t shard_reader_vector_offset(const shard_reader *r, stream_kind s, int64_t example); /* 0 without vectors */
/* The example whose own this id (or vector) of the stream is. */
int64_t shard_reader_holder(const shard_reader *r, stream_kind s, int64_t id, int vectors);
int shard_reader_starts_group(const shard_reader *r, int64_t example);
int shard_reader_read_ids(shard_reader *r, stream_kind s, int64_t first, int64_t n, uint32_t *out);
int shard_reader_grid(const shard_reader *r, int64_t example, int32_t *rows, int32_t *columns);
int shard_reader_text(shard_reader *r, example_text t, int64_t example,
                      char **text);                               /* caller: mem_free; coded texts are decoded */
int64_t shard_reader_row(const shard_reader *r, int64_t example); /* manifest row */
int shard_reader_find(shard_reader *r, const char *id, int64_t *example); /* -1: not here */
h5_file *shard_reader_file(shard_reader *r);

/* Everything that can be checked in one shard: attributes, offsets, ids below vocab_size, durations, grids, texts, and
 * the checksum of each example ("its content was changed"). Fills counts (rejects and filtered 0). The first 100 faults
 * go to `fault`, one per example and kind, as "example 17 (id abc): /audio/ids: 900 at 5, the codebook has 500", then
 * how many more there are. A missing or truncated file is a fault. Texts of `expected` that are "" are not compared,
 * nor anything when it is NULL. ERR_VERIFY if there was any. */
int shard_check(const char *path, const shard_options *expected, void (*fault)(void *user, const char *text),
                void *user, shard_counts *counts);

/* "train-00003-of-00012.h5" in new memory. */
int shard_name(char **out, const char *split, int64_t i, int64_t n);
