/* The check of one shard, which goes on after a fault. Local. */
#pragma once

#include "shards/shard_array.h"
#include "shards/shard_layout.h"

typedef struct shard_checker {
    h5_file *file;
    file_mapping map;
    const shard_options *expected; /* NULL: compare nothing */
    void (*fault)(void *user, const char *text);
    void *user;
    int64_t n_faults;
    int64_t n;                                       /* examples, as the root says */
    shard_array id_offsets, ids, text_offsets, text; /* of /examples; values NULL where damaged */
    shard_counts *counts;
} shard_checker;

/* Tell a fault; example -1: of no one example. */
void shard_checker_fault(shard_checker *c, int64_t example, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* What a call on the file gave: a damaged or missing part of it becomes a fault and OK, other errors stay. *ok: whether
 * the call succeeded. */
int shard_checker_settle(shard_checker *c, int code, int *ok);

/* Open a list of n + 1 offsets into `total` things; values NULL after a fault. */
int shard_checker_offsets(shard_checker *c, const char *path, int64_t total, shard_array *out);

/* /examples; the groups of the streams. Return job errors only. */
int shard_check_examples(shard_checker *c);
int shard_check_stream(shard_checker *c, stream_kind s);

/* Last, the checksum of each example. Says nothing where damage that was told before keeps them from being made. */
int shard_check_sums(shard_checker *c);
