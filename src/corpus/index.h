/* The index of a corpus: manifest rows, probed, sorted by (split, group, order, row), in memory-mapped files with
 * 64-bit offsets.
 *
 * Built in three steps, so that every rank can help and a killed build goes on where it was:
 *   scan     one rank reads the manifest into numbered segments of raw rows
 *   segment  any rank probes the rows of one segment and writes it as a sorted run
 *   merge    one rank merges the runs (external sort; nothing is held per row in memory)
 * All functions are Local. */
#pragma once

#include "config/options.h"
#include "corpus/row.h"

typedef enum corpus_format {
    CORPUS_AUTO,
    CORPUS_FOLDER,
    CORPUS_JSONL,
    CORPUS_TSV,
    CORPUS_FAIRSEQ,
    CORPUS_KALDI,
    CORPUS_LIST,
    CORPUS_WEBDATASET
} corpus_format;
typedef enum probe_mode { PROBE_AUTO, PROBE_ALWAYS, PROBE_NEVER } probe_mode;
typedef enum partial_rows { PARTIAL_REJECT, PARTIAL_KEEP } partial_rows;

typedef enum invalid_utf8 { INVALID_REJECT, INVALID_REPLACE } invalid_utf8;

typedef struct corpus_options {
    char *path;         /* folder, manifest file or tar pattern */
    int format;         /* corpus_format */
    char *root;         /* paths in a manifest are relative to this; "": the folder of the manifest */
    int allow_outside;  /* paths may leave the root */
    int partial;        /* partial_rows: for the stages that decode */
    int invalid_utf8;   /* invalid_utf8 */
    int probe;          /* probe_mode; files that are not opened are still looked up for size and time */
    int64_t limit;      /* first N rows only; 0: all */
    option_list splits; /* "train: 0.98" ... as NAME: SHARE or NAME=SHARE texts; shares sum to 1 */
    int64_t split_seed;
    int64_t segment_rows; /* rows of a segment (fewer where they are long) */
    int64_t merge_width;  /* runs merged at once */
} corpus_options;
extern const option_table corpus_options_table;

/* Where the paths of the rows start: the folder (of tars too), else corpus.root, else the folder of the manifest; see
 * own_root.h for what fairseq TSV and Kaldi want. Caller: mem_free. ERR_CONFIG. */
int corpus_root(const corpus_options *o, char **root);

/* A hash (hex) of what the manifest says (for a folder and for tars: the relative paths and sizes): the finished-run
 * check. ERR_CONFIG. */
int corpus_manifest_hash(const corpus_options *o, char hex[33]);

/* Step 1. `manifest` is corpus_manifest_hash of before, which costs a pass through the manifest (of a folder: a look at
 * every file); NULL: it is found here. Segments go to `folder`; each is committed, and scan.json last. Does nothing
 * when the scan.json of these content options is there: whether the manifest has changed since is for the caller to see
 * (corpus_manifest_hash). ERR_CONFIG: path missing or unreadable, not a known manifest; a broken line is a row that is
 * rejected, not an error.
 */
int corpus_scan(const corpus_options *o, const char *manifest, const char *folder, int64_t *n_rows,
                int64_t *n_segments);

/* Fill rate, frames, width ... of the row from the files; all media are there, their size and mtime known. Returns an
 * item status for the row (with its message; paths below the root are shortened in it), or a job error. */
typedef int (*corpus_probe)(void *user, const char *root, corpus_row *row);

/* Step 2, for one segment. Does nothing when its run or the index is there. `tick` (may be NULL) is called between
 * rows; not OK stops. `probe` may be NULL. A file that cannot be looked at for other reasons than that it is missing,
 * and such a result of `probe`, is returned (ERR_ENVIRONMENT). */
int corpus_segment_build(const corpus_options *o, const char *folder, int64_t segment, corpus_probe probe,
                         int (*tick)(void *user), void *user);
int corpus_segment_is_built(const char *folder, int64_t segment);

/* Step 3. Also finds duplicate ids: the first row of the manifest wins. Removes segments and runs when the index is
 * committed. ERR_CONFIG when there is no row at all. */
int corpus_index_merge(const corpus_options *o, const char *folder, int (*tick)(void *user), void *user);

/* An open index is only read: any number of threads may use it, but for close and set_root. */
typedef struct corpus_index corpus_index;
int corpus_index_open(corpus_index **out, const char *folder); /* ERR_MISSING when not built; ERR_CORRUPT */
void corpus_index_close(corpus_index **x);

typedef struct corpus_totals {
    int64_t rows, rejected;                    /* rejected: by the index */
    int64_t audio_rows, image_rows, text_rows; /* of those not rejected */
    double audio_seconds;
    int64_t pixels, text_bytes, media_bytes;
    int64_t sensor_rows, sensor_bytes; /* bytes: of the recordings of which no segment is wanted */
    double sensor_seconds;             /* of the segments of others */
} corpus_totals;

int64_t corpus_index_rows(const corpus_index *x);
const char *corpus_index_root(const corpus_index *x); /* of relative media paths; see corpus_index_set_root */
const corpus_totals *corpus_index_totals(const corpus_index *x);
const char *
corpus_index_hash(const corpus_index *x); /* hex; of all content of the index (no mtime, no absolute path) */

/* corpus_manifest_hash of the manifest that was indexed. */
const char *corpus_index_manifest(const corpus_index *x);

/* Take the root from these options: the corpus may have moved since it was indexed. ERR_CONFIG, ERR_MEMORY. */
int corpus_index_set_root(corpus_index *x, const corpus_options *o);

/* First row of a split; split = number of splits gives the number of rows. */
int64_t corpus_index_split_start(const corpus_index *x, int split);

/* Row i of the sorted index; the views point into the mapping and live as long as it. ERR_CORRUPT. */
int corpus_index_row(const corpus_index *x, int64_t i, corpus_row *out);

/* Rows first..end-1 are not needed soon: their pages leave this process. Views stay valid. */
void corpus_index_release(const corpus_index *x, int64_t first, int64_t end);

/* For a walk through all rows: called before each, it releases those that lie well behind. */
static inline void corpus_index_passed(const corpus_index *x, int64_t i)
{
    enum { STEP = 1 << 14 };
    if (i && i % STEP == 0) corpus_index_release(x, i - STEP, i);
}

/* Index position of the row with this id; -1 if there is none (binary search by hash). */
int corpus_index_find(const corpus_index *x, text_view id, int64_t *position);

/* Names of the splits, in order. */
int corpus_split_count(const corpus_options *o);
int corpus_split_name(const corpus_options *o, int split, char **name); /* caller: mem_free */
