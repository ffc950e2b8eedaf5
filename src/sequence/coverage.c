/* Each point x of a stream has a random number h(x). An interval [a, b) adds h(b) - h(a), taken modulo 2^64. If the
 * intervals cover [0, n) exactly once they form one path from 0 to n, and the sum is h(n) - h(0). The other way round:
 * if the sum is that, then but for a chance of 2^-64 the ends and 0 are, with multiplicity, the same points as the
 * starts and n. So the intervals make one path from 0 to n and else closed paths, and as every interval goes upwards
 * there is no closed path: exactly once. */
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
    c->n_shards = n_shards;
done:
    if (rc != OK) coverage_free(c);
    return rc;
}

void coverage_free(coverage *c)
{
    mem_free(&c->n_ids);
    mem_free(&c->sums);
    c->n_shards = 0;
}

void coverage_expect(coverage *c, size_t shard, stream_kind s, int64_t n)
{
    c->n_ids[cell(shard, s)] = n;
    c->sums[cell(shard, s)] = 0;
}

int coverage_add(coverage *c, size_t shard, stream_kind s, int64_t start, int64_t length)
{
    size_t at = cell(shard, s);
    if (start < 0 || length < 1 || start > c->n_ids[at] || length > c->n_ids[at] - start) return 0;
    c->sums[at] += interval(at, start, length);
    return 1;
}

int coverage_is_whole(const coverage *c, size_t shard, stream_kind s)
{
    size_t at = cell(shard, s);
    return c->sums[at] == interval(at, 0, c->n_ids[at]);
}
