/* The examples behind a stream that the sequences do not cover as they should. Local. */
#pragma once

#include "sequence/check_sequence.h"

/* For the first streams that are not whole in `covered`: read the index files once more, mark each id or vector (two
 * bits each, of one stream of one shard, and two for what is wanted), and report each example that has too few or too
 * many of them in the sequences. With weights only the stream is named. Index files that cannot be read are passed
 * over. ERR_MEMORY, ERR_IO, ERR_CORRUPT. */
int locate_faults(sequence_check *c, char *const *index_paths, size_t n_index);
