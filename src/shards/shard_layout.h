/* Names in a shard, shared by its writer, reader and check. Local. */
#pragma once

#include "shards/shard.h"

enum { SHARD_FORMAT_VERSION = 1 };
extern const char shard_format_name[]; /* attribute `format` of the root */

/* How a text of the examples lies in /examples. */
typedef enum text_layout {
    TEXT_ABSENT, /* not in a shard */
    TEXT_FLAT,   /* NAME: all bytes; NAME_offsets */
    TEXT_CODED   /* NAME: codes into NAME_table (all bytes), NAME_table_offsets */
} text_layout;

text_layout shard_text_layout(example_text t);
const char *shard_text_name(example_text t);

/* "/examples/NAME" or "/examples/NAME" with what follows it ("_offsets"); "/STREAM/NAME". */
enum { SHARD_PATH = 64 };
void shard_text_path(example_text t, const char *suffix, char path[SHARD_PATH]);
void shard_stream_path(stream_kind s, const char *name, char path[SHARD_PATH]);

/* Ids of a codebook of this size, or durations or codes up to this number - 1: uint16 where they fit. */
h5_type shard_id_type(int64_t size);

/* What a stream has besides `ids` and `offsets`. */
int shard_stream_has_grid(stream_kind s);    /* pictures: `grid` */
int shard_stream_has_media(stream_kind s);   /* all but text: `xxh3` */
int shard_stream_has_seconds(stream_kind s); /* sound: `seconds` */
