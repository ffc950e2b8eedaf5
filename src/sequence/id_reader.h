/* Ids of many scattered spans, read shard by shard in ascending order, so that a shard is opened once for all of them.
 * Local. */
#pragma once

#include "sequence/span_file.h"
#include "sequence/split_shards.h"

/* A span of ids and where they go. */
typedef struct id_request {
    span span;
    int64_t to; /* index into the output */
} id_request;

/* Fill `out`, an array of joint ids of `capacity` elements, for all requests; sorts them. Datasets of ids are mapped
 * where they are contiguous. ERR_CORRUPT (a span outside its stream, an id outside the codebook), ERR_MISSING, ERR_IO,
 * ERR_MEMORY. */
int id_reader_fill(split_shards *shards, const vocabulary *v, id_request *requests, size_t n, uint32_t *out,
                   size_t capacity);
