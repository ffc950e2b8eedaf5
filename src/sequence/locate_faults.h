/* The examples behind a stream that the sequences do not cover exactly once. Local. */
#pragma once

#include "sequence/check_report.h"
#include "sequence/coverage.h"
#include "sequence/pack.h"
#include "sequence/split_shards.h"

/* For the first streams that are not whole in `covered`: read the index files once more, mark each id (two bits an id
 * of one stream of one shard), and report each example with ids that are in no sequence, or in more than one. Index
 * files that cannot be read are passed over. ERR_MEMORY, ERR_IO, ERR_CORRUPT. */
int locate_faults(const sequence_options *o, split_shards *shards, const coverage *covered, char *const *index_paths,
                  size_t n_index, check_report *report);
