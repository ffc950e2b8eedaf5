/* The shards of one split as one list of examples, of which one shard is open at a time. Local. */
#pragma once

#include "shards/shard.h"

typedef struct split_shards {
    char *const *paths; /* borrowed, (n) in order */
    size_t n;
    int64_t *first; /* (n + 1) number of each shard's first example within the split, and the total */
    shard_reader *reader;
    size_t open;   /* number of the shard that `reader` reads */
    int unchecked; /* set after make: open shards with shard_reader_open_unchecked */
} split_shards;

/* Count the examples of every shard. On success the caller owns *s (split_shards_free, safe on a zeroed struct).
 * ERR_MISSING, ERR_CORRUPT, ERR_LIMIT (2^32 shards), ERR_MEMORY. */
int split_shards_make(split_shards *s, char *const *paths, size_t n);
void split_shards_free(split_shards *s);

/* Open shard i in place of the one that is open; the reader stays ours. */
int split_shards_open(split_shards *s, size_t i, shard_reader **r);
