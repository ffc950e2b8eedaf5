/* Manifests: every kind of corpus gives rows one after the other through one small table of functions. A further kind
 * is one more table, listed in manifest.c and in the names of corpus.format. Local. */
#pragma once

#include "base/hash.h"
#include "base/source.h"
#include "corpus/index.h"

typedef struct manifest_input {
    const corpus_options *options;
    const char *path, *root; /* of the manifest; where its media paths start */
    byte_source source;      /* content of the manifest; empty for a folder and for tars */
} manifest_input;

enum { MANIFEST_HEAD = 16384 }; /* first bytes of a manifest that a kind is recognised by */
typedef enum manifest_place { IN_FILE, IN_FOLDER, IN_EITHER } manifest_place;

typedef struct manifest_kind {
    const char *label; /* as in corpus.format */

    /* Whether this looks like such a manifest; `head` are its first bytes. Compressed with gzip or not: the path is
     * without ".gz" then, and the bytes are those inside. */
    int (*detect)(const char *path, int is_folder, const char *head, size_t n);

    /* Start before the first row. *state is NULL on error; `in` outlives it. ERR_CONFIG when it is no such manifest. */
    int (*open)(const manifest_input *in, void **state);

    /* Fill the next row, which was cleared and has its number; the texts live until the next call. *got = 0 at the end.
     * A row that is wrong gets status and FIELD_MESSAGE; only errors of the job are returned. */
    int (*next)(void *state, corpus_row *row, uint32_t *flags, int *got);
    void (*close)(void **state);

    /* What the manifest says, for the finished-run check. */
    int (*hash)(const manifest_input *in, hash_stream *h);
    manifest_place place; /* what corpus.path may name */
} manifest_kind;

extern const manifest_kind folder_manifest, jsonl_manifest, tsv_manifest, fairseq_manifest, kaldi_manifest,
    list_manifest, webdataset_manifest;

/* The kind of the manifest at o->path, whose bytes are `source`; NULL when none fits. ERR_CONFIG: damaged gzip. */
int manifest_choose(const corpus_options *o, int is_folder, const byte_source *source, const manifest_kind **kind);

/* The bytes of the source: the hash of all manifests that are one file. */
int manifest_hash_bytes(const manifest_input *in, hash_stream *h);

/* The manifest that the options name. Caller: manifest_close. ERR_CONFIG: missing, unreadable, of no known kind. */
typedef struct manifest manifest;
int manifest_open(manifest **out, const corpus_options *o);
void manifest_close(manifest **m);
const manifest_kind *manifest_kind_of(const manifest *m);

/* The next row, complete: with number, id, group and order. `flags` as in row_codec.h. *got = 0 at the end or limit. */
int manifest_next(manifest *m, corpus_row *row, uint32_t *flags, int *got);
