#include "base/rng.h"

enum { ROUNDS = 6 };

static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

uint64_t rng_bits(uint64_t seed, uint64_t a, uint64_t b) { return mix(mix(mix(seed) ^ a) ^ b); }

double rng_uniform(uint64_t seed, uint64_t a, uint64_t b) { return (double)(rng_bits(seed, a, b) >> 11) * 0x1p-53; }

/* Half the bits of the smallest even-width domain 2^(2h) that holds n values: at most 4 n, so few steps of walking. */
static int half_bits(uint64_t n)
{
    int h = 1;
    while (h < 32 && (1ull << (2 * h)) < n) h++;
    return h;
}

static uint64_t feistel(uint64_t seed, uint64_t x, int h, int inverse)
{
    uint64_t mask = (1ull << h) - 1, left = x >> h, right = x & mask;
    for (int r = 0; r < ROUNDS; r++) {
        uint64_t round = (uint64_t)(inverse ? ROUNDS - 1 - r : r);
        if (inverse) {
            uint64_t t = right ^ (rng_bits(seed, round, left) & mask);
            right = left;
            left = t;
        } else {
            uint64_t t = left ^ (rng_bits(seed, round, right) & mask);
            left = right;
            right = t;
        }
    }
    return left << h | right;
}

static uint64_t walk(uint64_t seed, uint64_t i, uint64_t n, int inverse)
{
    int h = half_bits(n);
    do i = feistel(seed, i, h, inverse);
    while (i >= n);
    return i;
}

uint64_t rng_permute(uint64_t seed, uint64_t i, uint64_t n) { return walk(seed, i, n, 0); }

uint64_t rng_unpermute(uint64_t seed, uint64_t i, uint64_t n) { return walk(seed, i, n, 1); }
