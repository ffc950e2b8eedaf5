/* Ids of many scattered spans, read shard by shard in ascending order, so that a shard is opened once for all of them;
 * of a shard only the pages with these ids are read. Local. */
#pragma once

#include "sequence/span_file.h"

/* A span of ids and where they go. */
typedef struct id_request {
    span span;
    int64_t to; /* index into the output */
} id_request;

/* Fill `out`, an array of joint ids of `capacity` elements, for all requests; sorts them. `paths` are the shards of the
 * split in order. ERR_CORRUPT (a span outside its stream, an id outside the codebook), ERR_MISSING, ERR_IO. */
int id_reader_fill(char *const *paths, size_t n_paths, const vocabulary *v, id_request *requests, size_t n,
                   uint32_t *out, size_t capacity);
