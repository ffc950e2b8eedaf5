/* dataset.json as a JSON object: read, asked, written. Local. */
#pragma once

#include "shards/shard.h"

#include <jansson.h>

/* Read DATASET/name (dataset.json). ERR_MISSING, ERR_CORRUPT. Caller: json_decref. */
int dataset_read(const char *dataset, const char *name, json_t **out);

/* The facts it was made from, as the lines of jobs/settings.h. Caller: mem_free. */
int dataset_facts(const char *dataset, const char *name, char **facts);

/* Paths of the shards of a split, in order, and the number of examples in them. Caller: dataset_paths_free.
 * ERR_CORRUPT. */
int dataset_shards(const json_t *d, const char *dataset, const char *split, char ***paths, size_t *n,
                   int64_t *examples);
void dataset_paths_free(char ***paths, size_t n);

/* Texts and numbers by "a.b.c"; "" and 0 where there is none. */
const char *dataset_text(const json_t *d, const char *path);
int64_t dataset_int(const json_t *d, const char *path);

/* {"file", "bytes", "sha256"} of a file below the dataset. ERR_IO, ERR_MISSING. */
int dataset_describe(const char *dataset, const char *name, json_t **out);

/* Counts of a shard as JSON members, added to `to`. */
int dataset_add_counts(json_t *to, const shard_counts *c);
void dataset_get_counts(const json_t *from, shard_counts *c);
