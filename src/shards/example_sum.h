/* The checksum of one example, in /examples/checksum: it tells which examples a changed byte of a shard hits. Local.
 *
 * A chain is FNV-1a of 64 bits over values: h = 0xcbf29ce484222325, then h = (h ^ value) * 0x100000001b3 for each value
 * in turn, modulo 2^64. The values of a list are its numbers, whatever width they are stored in: bytes of texts, ids,
 * durations, and the 16 bits of each fp16 value of the vectors. So a list gives one chain however it was put together.
 *
 * The checksum is a chain too, over these values of 64 bits:
 *   the number of bytes and the chain of these, for each of id, group, role, lang, license, source, text, text_lang,
 * extra (coded texts: the text, not its code); order, row, starts_group; and for each of text, image, audio, sensor
 * that the shard has: the number of ids and their chain; the chain of the durations if there are durations; rows and
 * columns if there is a grid; the number of vectors and their chain if there are vectors; xxh3 if there is one; the 64
 * bits of seconds if there is such a thing. Signed numbers are taken in two's complement. Each step is one-to-one in
 * the chain and in the value, so a change of a single value always changes the checksum. Source:
 * http://www.isthe.com/chongo/tech/comp/fnv/ (there with bytes). */
#pragma once

#include "shards/example.h"

#define EXAMPLE_SUM_START UINT64_C(0xcbf29ce484222325)

/* Go on with a chain. */
uint64_t example_sum_u8(uint64_t chain, const uint8_t *values, size_t n);
uint64_t example_sum_u16(uint64_t chain, const uint16_t *values, size_t n);
uint64_t example_sum_u32(uint64_t chain, const uint32_t *values, size_t n);

/* What a stream says of an example. */
typedef struct stream_sum {
    int reduced, vectors_kept; /* the stream has durations; vectors */
    int64_t n_ids, n_vectors;
    uint64_t ids, durations, vectors; /* chains */
    int32_t grid[2];
    uint64_t xxh3;
    double seconds;
} stream_sum;

/* Go on with the checksum `*sum` (at first EXAMPLE_SUM_START), in this order: every text; the rest of /examples; every
 * stream that the shard has. */
void example_sum_text(uint64_t *sum, int64_t n, uint64_t chain);
void example_sum_row(uint64_t *sum, int64_t order, int64_t row, int starts_group);
void example_sum_stream(uint64_t *sum, stream_kind s, const stream_sum *x);
