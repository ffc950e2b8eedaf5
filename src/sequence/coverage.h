/* Whether intervals of ids cover the streams of many shards as often as others do, in 24 bytes per stream of a shard.
 * Local. */
#pragma once

#include "shards/shard.h"

typedef struct coverage {
    size_t n_shards;
    int64_t *n_ids;          /* (n_shards, N_STREAMS) */
    uint64_t *sums, *wanted; /* (n_shards, N_STREAMS) */
} coverage;

int coverage_make(coverage *c, size_t n_shards); /* all streams empty; caller: coverage_free; ERR_MEMORY */
void coverage_free(coverage *c);

/* Before any interval of the stream: it has ids 0 .. n - 1. */
void coverage_expect(coverage *c, size_t shard, stream_kind s, int64_t n);

/* Count start .. start + length - 1 as found, or as wanted (once more for each call); 0 (and not counted) when that is
 * empty or not within the stream. */
int coverage_add(coverage *c, size_t shard, stream_kind s, int64_t start, int64_t length);
int coverage_want(coverage *c, size_t shard, stream_kind s, int64_t start, int64_t length);

/* Whether each id of the stream was found as often as it is wanted; wrong with a chance of about 2^-64. */
int coverage_is_whole(const coverage *c, size_t shard, stream_kind s);
