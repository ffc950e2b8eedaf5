/* Each point x of a stream has a random number h(x). An interval [a, b) adds h(b) - h(a), taken modulo 2^64. But for a
 * chance of 2^-64 two sums are equal only where each point is, with multiplicity, as often an end less a start in the
 * one list of intervals as in the other. How often an id is covered is the sum of these differences over the points
 * behind it, so then the two lists cover each id equally often. */
#include "sequence/coverage.h"

#include "base/memory.h"
#include "base/rng.h"
#include "base/status.h"

#include <string.h>

static size_t cell(size_t shard, stream_kind s) { return shard * N_STREAMS + s; }

static uint64_t interval(size_t at, int64_t start, int64_t length)
{
    const uint64_t key = 0x636f766572616765u;
    return rng_bits(key, at, (uint64_t)(start + length)) - rng_bits(key, at, (uint64_t)start);
}

int coverage_make(coverage *c, size_t n_shards)
{
    int rc = OK;
    size_t n;
    memset(c, 0, sizeof *c);
    TRY(size_mul(n_shards, N_STREAMS, &n));
    TRY(MEM_ALLOC(c->n_ids, n));
    TRY(MEM_ALLOC(c->sums, n));
    TRY(MEM_ALLOC(c->wanted, n));
    c->n_shards = n_shards;
done:
    if (rc != OK) coverage_free(c);
    return rc;
}

void coverage_free(coverage *c)
{
    mem_free(&c->n_ids);
    mem_free(&c->sums);
    mem_free(&c->wanted);
    c->n_shards = 0;
}

void coverage_expect(coverage *c, size_t shard, stream_kind s, int64_t n)
{
    c->n_ids[cell(shard, s)] = n;
    c->sums[cell(shard, s)] = c->wanted[cell(shard, s)] = 0;
}

static int add(coverage *c, uint64_t *sums, size_t at, int64_t start, int64_t length)
{
    if (start < 0 || length < 1 || start > c->n_ids[at] || length > c->n_ids[at] - start) return 0;
    sums[at] += interval(at, start, length);
    return 1;
}

int coverage_add(coverage *c, size_t shard, stream_kind s, int64_t start, int64_t length)
{
    return add(c, c->sums, cell(shard, s), start, length);
}

int coverage_want(coverage *c, size_t shard, stream_kind s, int64_t start, int64_t length)
{
    return add(c, c->wanted, cell(shard, s), start, length);
}

int coverage_is_whole(const coverage *c, size_t shard, stream_kind s)
{
    return c->sums[cell(shard, s)] == c->wanted[cell(shard, s)];
}
