#include "shards/example_sum.h"

#include "shards/shard_layout.h"

#include <string.h>

static uint64_t next(uint64_t chain, uint64_t value) { return (chain ^ value) * UINT64_C(0x100000001b3); }

uint64_t example_sum_u8(uint64_t chain, const uint8_t *values, size_t n)
{
    for (size_t i = 0; i < n; i++) chain = next(chain, values[i]);
    return chain;
}

uint64_t example_sum_u16(uint64_t chain, const uint16_t *values, size_t n)
{
    for (size_t i = 0; i < n; i++) chain = next(chain, values[i]);
    return chain;
}

uint64_t example_sum_u32(uint64_t chain, const uint32_t *values, size_t n)
{
    for (size_t i = 0; i < n; i++) chain = next(chain, values[i]);
    return chain;
}

static void add_word(uint64_t *sum, uint64_t word) { *sum = next(*sum, word); }

void example_sum_text(uint64_t *sum, int64_t n, uint64_t chain)
{
    add_word(sum, (uint64_t)n);
    add_word(sum, chain);
}

void example_sum_row(uint64_t *sum, int64_t order, int64_t row, int starts_group)
{
    add_word(sum, (uint64_t)order);
    add_word(sum, (uint64_t)row);
    add_word(sum, (uint64_t)starts_group);
}

void example_sum_stream(uint64_t *sum, stream_kind s, const stream_sum *x)
{
    add_word(sum, (uint64_t)x->n_ids);
    add_word(sum, x->ids);
    if (x->reduced) add_word(sum, x->durations);
    if (shard_stream_has_grid(s)) {
        add_word(sum, (uint64_t)x->grid[0]);
        add_word(sum, (uint64_t)x->grid[1]);
    }
    if (x->vectors_kept) {
        add_word(sum, (uint64_t)x->n_vectors);
        add_word(sum, x->vectors);
    }
    if (shard_stream_has_media(s)) add_word(sum, x->xxh3);
    if (shard_stream_has_seconds(s)) {
        uint64_t bits;
        memcpy(&bits, &x->seconds, sizeof bits);
        add_word(sum, bits);
    }
}
