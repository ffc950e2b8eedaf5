/* The bytes of a part file, in the byte order of the machine:
 *
 *   part_head
 *   uint64 offsets[n_rows]     of the rows, from the start of the file
 *   rows                       each at a multiple of 8
 *   uint64 checksum[2]         XXH3-128 (low, high) of all before
 *
 * A row is a part_row, its texts one after the other, then per stream of the mask a part_stream, its ids, durations and
 * vectors. Each of these is padded with zero bytes to a multiple of 8. Local. */
#pragma once

#include "shards/part.h"

typedef struct part_head {
    char magic[8];
    uint64_t byte_order;
    part_header header;
    uint64_t n_rows, size; /* of the whole file */
} part_head;

#define PART_MAGIC "TSRPART3"
#define PART_BYTE_ORDER 0x0807060504030201u

/* The texts of an example, then these. */
enum { PART_STAGE = N_EXAMPLE_TEXTS, PART_RULE, PART_MESSAGE, N_PART_TEXTS };

typedef struct part_row {
    int64_t row, position, order;
    int32_t starts_group, outcome, status;
    uint32_t streams; /* bit s: stream s follows */
    uint64_t text_n[N_PART_TEXTS];
    sound_content sound;
    picture_content picture;
    sensor_content sensor;
} part_row;

typedef struct part_stream {
    uint64_t n_ids, n_durations, n_vectors;
    int64_t width;
    uint64_t xxh3;
    double seconds;
    int32_t rows, columns;
} part_stream;

_Static_assert(sizeof(sound_content) == 64 && sizeof(picture_content) == 40 && sizeof(sensor_content) == 32 &&
                   sizeof(part_head) == 8 * 9 && sizeof(part_row) == 8 * 5 + 8 * N_PART_TEXTS + 136 &&
                   sizeof(part_stream) == 56,
               "no padding inside the structs: all bytes of a part are defined");
