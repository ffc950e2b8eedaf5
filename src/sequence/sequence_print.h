/* A sequence for people to read. Local. */
#pragma once

#include "sequence/pack.h"

#include <stdio.h>

/* Print sequence number `sequence` of an index file: a line per span with its place, loss, names of its ids (long runs
 * of media cut short) and the example that it comes from. ERR_USAGE (no such sequence), ERR_MISSING, ERR_CORRUPT,
 * ERR_MISMATCH, ERR_MEMORY. */
int sequence_print(FILE *out, const vocabulary *v, char *const *shard_paths, size_t n_shards, const char *index_path,
                   int64_t sequence);
