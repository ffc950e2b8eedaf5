/* Streams whose runs of equal ids are one token each ({audio:reduced}): counting the runs of an example, and where they
 * are cut when they do not fit into a sequence. As a picture or a sound that is longer than a sequence always begins a
 * piece of its document, its cuts are known before anything is packed. Local. */
#pragma once

#include "sequence/document_row.h"

/* Append the words of ids start .. start + n - 1: number of runs, number of cuts, and token and id of each cut, the
 * last run that begins a window of sound where there is one, else the last that fits. ERR_CORRUPT, ERR_IO, ERR_MEMORY.
 */
int document_runs_scan(word_list *words, shard_reader *r, const sequence_template *t, const template_op *op,
                       int64_t start, int64_t n, int64_t *runs);
