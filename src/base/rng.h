/* Random numbers without state: a number is a function of its key, so it does not depend on ranks, order or restarts.
 * Mixing: the finaliser of SplitMix64 (Steele, Lea, Flood, OOPSLA 2014). */
#pragma once

#include <stdint.h>

/* 64 random bits for (seed, a, b). Local. */
uint64_t rng_bits(uint64_t seed, uint64_t a, uint64_t b);

/* Uniform in [0, 1), 53 bits, for (seed, a, b). Local. */
double rng_uniform(uint64_t seed, uint64_t a, uint64_t b);

/* Position of i, 0 <= i < n, in a keyed permutation of 0..n-1: a Feistel network with cycle walking, so no table is
 * needed. rng_unpermute is the inverse. Local. */
uint64_t rng_permute(uint64_t seed, uint64_t i, uint64_t n);
uint64_t rng_unpermute(uint64_t seed, uint64_t i, uint64_t n);
