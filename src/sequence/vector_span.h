/* Vectors of one example that a sequence holds, or attends to. In an index file, in the order of the sequences:
 *
 *   /vectors/kind u8, cross u8, shard u32, start i64, length u32, at u32, end u32   (n)
 *   /vectors/offsets i64 (n_sequences + 1)
 *
 * Rows start .. start + length - 1 of /STREAM/vectors of the shard. cross 0: they take the places of the <vector>
 * tokens at .. end - 1, end = at + length. cross 1: the marker is token `at`, and tokens at .. end - 1 attend to them
 * (sequence/cross_ranges.h). Local. */
#pragma once

#include <stdint.h>

typedef struct vector_span {
    int64_t start;
    uint32_t shard, length, at, end;
    uint8_t kind, cross;
} vector_span;
